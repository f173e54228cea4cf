//! A function over many overlapping windows of one series, at a cost a window that does not grow with its length.
//!
//! What a function needs of its windows says how: where the counter began anew is found once for the whole series; sums and
//! extremes are kept in two halves, summaries of all that is left of the earlier half and one of the later half, so that
//! each sample is taken up twice at most. Nothing is subtracted, so that nothing is lost: what comes out is what
//! [`WindowKernel::reduce`] yields of each window, to rounding.

use ballast_types::{Sample, WindowSummary};

use super::window::{Bounds, Needs, Window, WindowKernel};

/// From how many samples on a window is long: taking a sample up twice and merging twice a window costs about as much.
const LONG_SAMPLES: f64 = 12.0;

/// Gives the value of each window that has one, by the window's place; false where that gains nothing, and then nothing is
/// given. The windows neither begin nor end before the one before them; the samples are free of staleness markers.
pub(crate) fn slide(
    kernel: &WindowKernel,
    samples: &[Sample],
    windows: &[Bounds],
    mut put: impl FnMut(usize, f64),
) -> bool {
    let Some(answer) = kernel.summary else { return false };
    let rising = |pair: &[Bounds]| match pair {
        [a, b] => a.start_ms <= b.start_ms && a.end_ms <= b.end_ms,
        _ => true,
    };
    if windows.len() < 2 || !windows.windows(2).all(rising) || !gains(kernel.needs, samples, windows) {
        return false;
    }
    let mut part = Part { samples, from: 0, to: 0 };
    let mut state = State::new(kernel.needs, samples);
    for (place, bounds) in windows.iter().enumerate() {
        part.advance(*bounds);
        let Some(summary) = state.summary(&part) else { continue };
        let value = match kernel.tells_all(&summary) {
            true => answer(&summary, *bounds),
            false => {
                let window =
                    Window { samples: part.within(), bounds: *bounds, at_ms: bounds.end_ms, scalars: &[] };
                (kernel.reduce)(&window)
            }
        };
        if let Some(value) = value {
            put(place, value);
        }
    }
    true
}

/// Whether keeping halves costs less than looking at each window's samples; all else is kept for next to nothing.
fn gains(needs: Needs, samples: &[Sample], windows: &[Bounds]) -> bool {
    let kept_in_halves = matches!(needs, Needs::Sum | Needs::Extremes);
    let (Some(first), Some(last), Some(window)) = (samples.first(), samples.last(), windows.first()) else {
        return !kept_in_halves;
    };
    let seconds = (last.at.as_millis() - first.at.as_millis()) as f64 / 1000.0;
    !kept_in_halves || samples.len() as f64 * window.seconds() >= LONG_SAMPLES * seconds
}

/// The samples of the present window, as a part of all.
struct Part<'s> {
    samples: &'s [Sample],
    from: usize,
    to: usize,
}

impl<'s> Part<'s> {
    fn advance(&mut self, bounds: Bounds) {
        let before = |place: usize, limit_ms: i64| {
            self.samples.get(place).is_some_and(|sample| sample.at.as_millis() <= limit_ms)
        };
        let (mut from, mut to) = (self.from, self.to);
        while before(to, bounds.end_ms) {
            to += 1;
        }
        while from < to && before(from, bounds.start_ms) {
            from += 1;
        }
        (self.from, self.to) = (from, to);
    }

    fn within(&self) -> &'s [Sample] {
        self.samples.get(self.from..self.to).unwrap_or_default()
    }

    /// A summary that knows only the ends and the count.
    fn ends(&self) -> Option<WindowSummary> {
        let within = self.within();
        let (first, last) = (within.first()?, within.last()?);
        Some(WindowSummary { count: within.len() as u64, last: *last, ..WindowSummary::one(*first) })
    }
}

/// What is known of the series, or kept from one window to the next.
enum State {
    Ends,
    Resets(Steps),
    Changes(Steps),
    Halves(Halves),
}

impl State {
    fn new(needs: Needs, samples: &[Sample]) -> Self {
        let differ = |a: f64, b: f64| a != b && !(a.is_nan() && b.is_nan());
        match needs {
            Needs::Ends => State::Ends,
            Needs::Resets => State::Resets(Steps::of(samples, |before, after| after < before)),
            Needs::Changes => State::Changes(Steps::of(samples, differ)),
            Needs::Sum | Needs::Extremes => State::Halves(Halves::default()),
        }
    }

    /// The summary of a window as far as the function needs it.
    fn summary(&mut self, part: &Part<'_>) -> Option<WindowSummary> {
        match self {
            State::Ends => part.ends(),
            State::Resets(steps) => {
                let steps = steps.within(part);
                let correction = steps.iter().map(|(_, before)| before).sum();
                Some(WindowSummary { resets: steps.len() as u64, correction, ..part.ends()? })
            }
            State::Changes(steps) => {
                Some(WindowSummary { changes: steps.within(part).len() as u64, ..part.ends()? })
            }
            State::Halves(halves) => halves.summary(part),
        }
    }
}

/// Where something happens between a sample and the one before it.
struct Steps {
    /// The place of the later sample, and the value of the earlier.
    all: Vec<(usize, f64)>,
    from: usize,
    to: usize,
}

impl Steps {
    fn of(samples: &[Sample], happens: fn(f64, f64) -> bool) -> Self {
        let pairs = samples.iter().zip(samples.iter().skip(1)).zip(1..);
        let all = pairs
            .filter(|((before, after), _)| happens(before.value, after.value))
            .map(|((before, _), place)| (place, before.value))
            .collect();
        Steps { all, from: 0, to: 0 }
    }

    /// Those between two samples of the window.
    fn within(&mut self, part: &Part<'_>) -> &[(usize, f64)] {
        while self.all.get(self.to).is_some_and(|(place, _)| *place < part.to) {
            self.to += 1;
        }
        while self.from < self.to && self.all.get(self.from).is_some_and(|(place, _)| *place <= part.from) {
            self.from += 1;
        }
        self.all.get(self.from..self.to).unwrap_or_default()
    }
}

/// The window cut in two: the later half grows, the earlier half shrinks, and where it is used up the later becomes it.
#[derive(Default)]
struct Halves {
    /// The summary from each sample of the earlier half to the half's end; the earliest is the last.
    earlier: Vec<WindowSummary>,
    later: Option<WindowSummary>,
    /// Where the halves meet.
    middle: usize,
    /// Where the later half ends.
    to: usize,
}

impl Halves {
    fn summary(&mut self, part: &Part<'_>) -> Option<WindowSummary> {
        if part.from >= self.middle {
            self.turn(part);
        } else {
            self.earlier.truncate(self.middle - part.from);
            let new = part.samples.get(self.to..part.to).unwrap_or_default();
            for sample in new {
                match &mut self.later {
                    Some(later) => later.push(*sample),
                    None => self.later = Some(WindowSummary::one(*sample)),
                }
            }
            self.to = part.to;
        }
        match (self.earlier.last(), &self.later) {
            (Some(earlier), Some(later)) => {
                let mut both = *earlier;
                both.merge(later);
                Some(both)
            }
            (one, other) => one.or(other.as_ref()).copied(),
        }
    }

    /// Makes all of the window the earlier half.
    fn turn(&mut self, part: &Part<'_>) {
        self.earlier.clear();
        self.later = None;
        (self.middle, self.to) = (part.to, part.to);
        for sample in part.within().iter().rev() {
            let mut summary = WindowSummary::one(*sample);
            if let Some(later) = self.earlier.last() {
                summary.merge(later);
            }
            self.earlier.push(summary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{at, value};
    use super::super::{over_time, rates};
    use super::*;
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
                let mut found = vec![None; windows.len()];
                if !slide(kernel, &samples, &windows, |place, value| found[place] = Some(value)) {
                    let short = !gains(kernel.needs, &samples, &windows);
                    prop_assert!(kernel.summary.is_none() || short, "{}", kernel.name);
                    continue;
                }
                for (bounds, found) in windows.iter().zip(found) {
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
            slide(kernel, &samples, &windows(secs), |_, _| ())
        };
        assert!(slides("rate", 60) && slides("max_over_time", 600) && !slides("max_over_time", 60));
        assert!(!slides("stddev_over_time", 600));
    }

    #[test]
    fn windows_that_go_back_are_not_slid_over() {
        let windows = [60_000, 30_000].map(|end_ms| Bounds { start_ms: 0, end_ms });
        let kernel = super::super::window::window_kernel("sum_over_time").unwrap();
        assert!(!slide(kernel, &at(15, &[1.0, 2.0]), &windows, |_, _| panic!("nothing is given")));
    }
}
