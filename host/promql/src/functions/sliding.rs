//! A function over many overlapping windows of one series, at a cost a window that does not grow with its length.
//!
//! Each function says which loop it takes: over the ends of its windows, over what happens between their samples, found
//! once for the whole series, or over sums and extremes kept in two [`halves`](super::halves). The loops are made for each
//! function, so that a window costs no call. Nothing is subtracted, so that nothing is lost: what comes out is what
//! [`WindowKernel::reduce`] yields of each window, to rounding.

use ballast_types::Sample;
use ballast_types::series::stale_nan;

use super::window::{Bounds, Needs, WindowKernel};

/// From how many samples on a window is long: taking a sample up twice and merging twice a window costs about as much.
const LONG_SAMPLES: f64 = 12.0;

/// Fills in the value of each window; the staleness marker where it has none.
pub(crate) type Slide = fn(Track<'_>, &mut [f64]);

/// Windows of which none begins or ends before the one before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rising<'w>(&'w [Bounds]);

impl<'w> Rising<'w> {
    /// Several such windows; `None` for others.
    pub(crate) fn new(windows: &'w [Bounds]) -> Option<Self> {
        let rising = |a: &Bounds, b: &Bounds| a.start_ms <= b.start_ms && a.end_ms <= b.end_ms;
        (windows.len() > 1 && windows.is_sorted_by(rising)).then_some(Rising(windows))
    }
}

/// What a loop goes over: a series, free of staleness markers, and its windows.
#[derive(Clone, Copy)]
pub(crate) struct Track<'s> {
    samples: &'s [Sample],
    windows: &'s [Bounds],
}

/// Fills in the value of each window, the staleness marker where it has none; false where that gains nothing, and then
/// nothing is filled in. The samples are free of staleness markers.
pub(crate) fn slide(
    kernel: &WindowKernel,
    samples: &[Sample],
    windows: Rising<'_>,
    values: &mut [f64],
) -> bool {
    let Some(slide) = kernel.slide.filter(|_| gains(kernel.needs, samples, windows)) else { return false };
    slide(Track { samples, windows: windows.0 }, values);
    true
}

/// Whether keeping halves costs less than looking at each window's samples; all else is kept for next to nothing.
fn gains(needs: Needs, samples: &[Sample], windows: Rising<'_>) -> bool {
    let kept_in_halves = matches!(needs, Needs::Sum | Needs::Extremes);
    let (Some(first), Some(last), Some(window)) = (samples.first(), samples.last(), windows.0.first()) else {
        return !kept_in_halves;
    };
    let seconds = (last.at.as_millis() - first.at.as_millis()) as f64 / 1000.0;
    !kept_in_halves || samples.len() as f64 * window.seconds() >= LONG_SAMPLES * seconds
}

/// The samples of one window, as a part of all.
#[derive(Clone, Copy)]
pub(super) struct Part<'s> {
    pub(super) all: &'s [Sample],
    pub(super) from: usize,
    /// Excluded; more than `from`.
    pub(super) to: usize,
}

impl<'s> Part<'s> {
    pub(super) fn samples(&self) -> &'s [Sample] {
        self.all.get(self.from..self.to).unwrap_or_default()
    }
}

/// What is known of a window's samples from the first and the last of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) first: Sample,
    pub(super) last: Sample,
    pub(super) count: f64,
}

impl Ends {
    /// `None` without a sample.
    #[inline]
    pub(super) fn of(samples: &[Sample]) -> Option<Self> {
        let (first, last) = (*samples.first()?, *samples.last()?);
        Some(Ends { first, last, count: samples.len() as f64 })
    }
}

/// Fills in what `value` makes of each window that has samples.
#[inline]
pub(super) fn each_part(
    track: Track<'_>,
    values: &mut [f64],
    mut value: impl FnMut(&Part<'_>, Bounds) -> Option<f64>,
) {
    let all = track.samples;
    let before = |at: usize, limit_ms: i64| all.get(at).is_some_and(|s| s.at.as_millis() <= limit_ms);
    let (mut from, mut to) = (0, 0);
    for (bounds, slot) in track.windows.iter().zip(values) {
        while before(to, bounds.end_ms) {
            to += 1;
        }
        while from < to && before(from, bounds.start_ms) {
            from += 1;
        }
        let found = if from < to { value(&Part { all, from, to }, *bounds) } else { None };
        *slot = found.unwrap_or_else(stale_nan);
    }
}

/// Fills in what `value` makes of the ends of each window.
#[inline]
pub(super) fn each_ends(track: Track<'_>, values: &mut [f64], value: impl Fn(&Ends, Bounds) -> Option<f64>) {
    each_part(track, values, |part, bounds| value(&Ends::of(part.samples())?, bounds));
}

/// Where something happens between a sample and the one before it: the place of the later, and the value of the earlier.
pub(super) type Happening = (usize, f64);

/// As [`each_ends`], with what happens between samples of the window.
#[inline]
pub(super) fn each_happening(
    track: Track<'_>,
    values: &mut [f64],
    happens: impl Fn(f64, f64) -> bool,
    value: impl Fn(&Ends, &[Happening], Bounds) -> Option<f64>,
) {
    let pairs = || track.samples.iter().zip(track.samples.iter().skip(1));
    // Most often nothing does, and then looking at all of them without asking each time is quickest.
    if !pairs().fold(false, |any, (before, after)| any | happens(before.value, after.value)) {
        return each_ends(track, values, |ends, bounds| value(ends, &[], bounds));
    }
    let happening = pairs().zip(1..).filter(|((before, after), _)| happens(before.value, after.value));
    let all: Vec<Happening> = happening.map(|((before, _), place)| (place, before.value)).collect();
    let (mut from, mut to) = (0, 0);
    each_part(track, values, |part, bounds| {
        while all.get(to).is_some_and(|(place, _)| *place < part.to) {
            to += 1;
        }
        while from < to && all.get(from).is_some_and(|(place, _)| *place <= part.from) {
            from += 1;
        }
        value(&Ends::of(part.samples())?, all.get(from..to).unwrap_or_default(), bounds)
    });
}

#[cfg(test)]
mod tests {
    use super::super::window::Window;
    use super::super::window::tests::{at, value};
    use super::super::{over_time, rates};
    use super::*;
    use ballast_types::series::is_stale;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sliding_yields_what_each_window_yields(
            values in proptest::collection::vec(value(), 1..60),
            start_ms in -100_000_i64..100_000,
            step_ms in 1_i64..90_000,
            range_ms in 1_i64..600_000,
            count in 2_i64..60,
        ) {
            let samples = at(15, &values);
            let window = |step: i64| {
                let end_ms = start_ms + step * step_ms;
                Bounds { start_ms: end_ms - range_ms, end_ms }
            };
            let windows: Vec<Bounds> = (0..count).map(window).collect();
            let scale = values.iter().filter(|v| v.is_finite()).fold(1.0, |a: f64, v| a.max(v.abs()));
            for kernel in rates::KERNELS.iter().chain(&over_time::KERNELS) {
                let mut found = vec![0.0; windows.len()];
                let rising = Rising::new(&windows).unwrap();
                if !slide(kernel, &samples, rising, &mut found) {
                    let short = !gains(kernel.needs, &samples, rising);
                    prop_assert!(kernel.summary.is_none() || short, "{}", kernel.name);
                    continue;
                }
                for (bounds, found) in windows.iter().zip(found) {
                    let found = Some(found).filter(|found| !is_stale(*found));
                    let inside = |s: &&Sample| (bounds.start_ms + 1..=bounds.end_ms).contains(&s.at.as_millis());
                    let samples: Vec<Sample> = samples.iter().filter(inside).copied().collect();
                    let window = Window { samples: &samples, bounds: *bounds, at_ms: bounds.end_ms, scalars: &[] };
                    let wanted = (!samples.is_empty()).then(|| (kernel.reduce)(&window)).flatten();
                    let same = match (found, wanted) {
                        (Some(a), Some(b)) => {
                            a == b || (a.is_nan() && b.is_nan())
                                || (a - b).abs() <= 1e-12 * scale.max(b.abs()) * values.len() as f64
                        }
                        (a, b) => a.is_none() && b.is_none(),
                    };
                    prop_assert!(same, "{}: {found:?} instead of {wanted:?}", kernel.name);
                }
            }
        }
    }

    #[test]
    fn only_long_windows_are_kept_in_halves() {
        let samples = at(15, &[1.0; 100]);
        let windows =
            |secs: i64| [900, 960].map(|end| Bounds { start_ms: (end - secs) * 1000, end_ms: end * 1000 });
        let slides = |name: &str, secs: i64| {
            let kernel = super::super::window::window_kernel(name).unwrap();
            slide(kernel, &samples, Rising::new(&windows(secs)).unwrap(), &mut [0.0; 2])
        };
        assert!(slides("rate", 60) && slides("max_over_time", 600) && !slides("max_over_time", 60));
        assert!(!slides("stddev_over_time", 600));
    }

    #[test]
    fn windows_that_go_back_are_not_slid_over() {
        let windows = |ends: [i64; 2]| ends.map(|end_ms| Bounds { start_ms: 0, end_ms });
        assert!(Rising::new(&windows([60_000, 30_000])).is_none());
        assert!(Rising::new(&windows([30_000, 30_000])).is_some());
    }
}
