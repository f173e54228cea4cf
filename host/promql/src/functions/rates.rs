//! How fast counters and gauges change: `rate`, `increase`, `delta`, `irate`, `idelta`, `resets`, `changes`.
//!
//! `rate`, `increase` and `delta` extrapolate from the samples to the bounds of the window as Prometheus does: to the
//! bound where it is nearer than 1.1 of the mean distance between samples, else by half of that distance; a counter never
//! below zero (Prometheus documentation, "rate()"; the behaviour is pinned by its test scripts).

use ballast_types::{Sample, WindowSummary};

use super::extended;
use super::sliding::{Ends, Track, each_ends, each_happening};
use super::window::{Bounds, Needs, Window, WindowKernel};

pub(super) const KERNELS: [WindowKernel; 7] = [
    WindowKernel {
        anchored: Some(extended::anchored_rate),
        smoothed: Some(extended::smoothed_rate),
        for_counters: true,
        ..WindowKernel::new("rate", |w| increase(w, Per::Second)).summarized(
            Needs::Resets,
            |s, bounds| increase_of(s, bounds, Per::Second),
            |track, values| increases(track, values, Per::Second),
        )
    },
    WindowKernel {
        anchored: Some(extended::anchored_increase),
        smoothed: Some(extended::smoothed_increase),
        for_counters: true,
        ..WindowKernel::new("increase", |w| increase(w, Per::Window)).summarized(
            Needs::Resets,
            |s, bounds| increase_of(s, bounds, Per::Window),
            |track, values| increases(track, values, Per::Window),
        )
    },
    WindowKernel {
        anchored: Some(extended::anchored_delta),
        smoothed: Some(extended::smoothed_delta),
        ..WindowKernel::new("delta", |w| {
            Span::gauge(Ends::of(w.samples)?).extrapolated(w.bounds, Per::Window)
        })
        .summarized(
            Needs::Ends,
            |s, bounds| Span::gauge(ends_of(s)).extrapolated(bounds, Per::Window),
            |track, values| {
                each_ends(track, values, |ends, bounds| Span::gauge(*ends).extrapolated(bounds, Per::Window));
            },
        )
    },
    WindowKernel::new("irate", |w| instant(w.samples, true)),
    WindowKernel::new("idelta", |w| instant(w.samples, false)),
    WindowKernel {
        anchored: Some(extended::anchored_resets),
        ..WindowKernel::new("resets", |w| Some(resets(w.samples))).summarized(
            Needs::Resets,
            |s, _| Some(s.resets as f64),
            |track, values| each_happening(track, values, is_reset, |_, resets, _| Some(resets.len() as f64)),
        )
    },
    WindowKernel {
        anchored: Some(extended::anchored_changes),
        ..WindowKernel::new("changes", |w| Some(changes(w.samples))).summarized(
            Needs::Changes,
            |s, _| Some(s.changes as f64),
            |track, values| {
                each_happening(track, values, is_change, |_, changes, _| Some(changes.len() as f64));
            },
        )
    },
];

fn increase(window: &Window<'_>, per: Per) -> Option<f64> {
    let span = Span::counter(Ends::of(window.samples)?, lost_to_resets(window.samples));
    span.extrapolated(window.bounds, per)
}

fn increase_of(summary: &WindowSummary, bounds: Bounds, per: Per) -> Option<f64> {
    Span::counter(ends_of(summary), summary.correction).extrapolated(bounds, per)
}

#[inline]
fn increases(track: Track<'_>, values: &mut [f64], per: Per) {
    each_happening(track, values, is_reset, |ends, resets, bounds| {
        let lost = resets.iter().map(|(_, before)| before).sum();
        Span::counter(*ends, lost).extrapolated(bounds, per)
    });
}

fn ends_of(summary: &WindowSummary) -> Ends {
    Ends { first: summary.first, last: summary.last, count: summary.count as f64 }
}

/// Of which time a change is told.
#[derive(Clone, Copy)]
enum Per {
    Window,
    Second,
}

/// What an extrapolation needs to know of a window.
struct Span {
    ends: Ends,
    is_counter: bool,
    /// What the counter had each time before it began anew.
    lost: f64,
}

impl Span {
    #[inline]
    fn gauge(ends: Ends) -> Self {
        Span { ends, is_counter: false, lost: 0.0 }
    }

    #[inline]
    fn counter(ends: Ends, lost: f64) -> Self {
        Span { ends, is_counter: true, lost }
    }

    /// The change over the whole window or in each second of it, from at least two samples.
    #[inline]
    fn extrapolated(&self, bounds: Bounds, per: Per) -> Option<f64> {
        let Ends { first, last, count } = self.ends;
        if count < 2.0 {
            return None;
        }
        let (first_ms, last_ms) = (first.at.as_millis(), last.at.as_millis());
        let change = last.value - first.value + self.lost;
        let sampled = (last_ms - first_ms) as f64;
        let mut before = reach((first_ms - bounds.start_ms) as f64, sampled, count);
        let after = reach((bounds.end_ms - last_ms) as f64, sampled, count);
        if self.is_counter && change > 0.0 && first.value >= 0.0 && first.value <= change * 1.2 {
            // The counter was zero that long ago, and not lower before. Where it had more than it grew by that is longer
            // ago than anything reaches: a division saved.
            before = before.min(sampled * (first.value / change));
        }
        let whole = sampled + before + after;
        // One division for both, with a window's length in milliseconds.
        Some(match per {
            Per::Window => change * (whole / sampled),
            Per::Second => change * (whole * 1000.0 / (sampled * (bounds.end_ms - bounds.start_ms) as f64)),
        })
    }
}

/// How far to extrapolate to a bound at that distance; all in milliseconds.
#[inline]
fn reach(distance: f64, sampled: f64, count: f64) -> f64 {
    let gap = sampled / (count - 1.0);
    let limit = gap * 1.1;
    let far = if (distance - limit).abs() > limit * 1e-12 {
        distance > limit
    } else {
        // As near as rounding: it falls as it does in seconds, in which Prometheus computes.
        distance / 1000.0 >= sampled / 1000.0 / (count - 1.0) * 1.1
    };
    if far { gap / 2.0 } else { distance }
}

fn lost_to_resets(samples: &[Sample]) -> f64 {
    pairs(samples).filter(|(before, after)| is_reset(*before, *after)).map(|(before, _)| before).sum()
}

/// From the last two samples only.
fn instant(samples: &[Sample], is_rate: bool) -> Option<f64> {
    let [.., before, last] = samples else { return None };
    let seconds = (last.at.as_millis() - before.at.as_millis()) as f64 / 1000.0;
    let reset = is_rate && last.value < before.value;
    let change = if reset { last.value } else { last.value - before.value };
    (seconds > 0.0).then_some(if is_rate { change / seconds } else { change })
}

/// How often a value is smaller than the one before.
pub(super) fn resets(samples: &[Sample]) -> f64 {
    pairs(samples).filter(|(before, after)| is_reset(*before, *after)).count() as f64
}

/// How often a value differs from the one before; two NaN do not.
pub(super) fn changes(samples: &[Sample]) -> f64 {
    pairs(samples).filter(|(before, after)| is_change(*before, *after)).count() as f64
}

fn is_reset(before: f64, after: f64) -> bool {
    after < before
}

fn is_change(before: f64, after: f64) -> bool {
    before != after && !(before.is_nan() && after.is_nan())
}

fn pairs(samples: &[Sample]) -> impl Iterator<Item = (f64, f64)> + '_ {
    samples.iter().zip(samples.iter().skip(1)).map(|(before, after)| (before.value, after.value))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{at, run};
    use super::super::window::window_kernel;
    use rstest::rstest;

    /// Samples every 15 s from 0 over a window of 60 s that ends at the last, unless said otherwise.
    #[rstest]
    // From 15 to 60: 3 gaps, both bounds reached: 15 s before the first is 1.0 gaps; but zero lies 45 * (1/3) s back.
    #[case("increase", &[1.0, 2.0, 3.0, 4.0], Some(4.0))]
    #[case("rate", &[1.0, 2.0, 3.0, 4.0], Some(4.0 / 60.0))]
    #[case("increase", &[0.0, 1.0, 2.0, 3.0], Some(3.0))]
    #[case("increase", &[10.0, 12.0, 1.0, 3.0], Some(5.0 * 60.0 / 45.0))]
    #[case("delta", &[10.0, 12.0, 1.0, 3.0], Some(-7.0 * 60.0 / 45.0))]
    #[case("increase", &[1.0], None)]
    #[case("rate", &[f64::NAN, 2.0], Some(f64::NAN))]
    #[case("irate", &[1.0, 2.0, 32.0], Some(2.0))]
    #[case("irate", &[1.0, 45.0, 30.0], Some(2.0))]
    #[case("idelta", &[1.0, 45.0, 30.0], Some(-15.0))]
    #[case("idelta", &[1.0], None)]
    #[case("resets", &[3.0, 2.0, 4.0, 1.0, f64::NAN], Some(2.0))]
    #[case("changes", &[3.0, 3.0, 4.0, f64::NAN, f64::NAN], Some(2.0))]
    fn reduces_as_computed_by_hand(
        #[case] name: &str,
        #[case] values: &[f64],
        #[case] expected: Option<f64>,
    ) {
        let found = run(name, &at(15, values), &[]);
        let same = match (found, expected) {
            (Some(found), Some(wanted)) => {
                (found.is_nan() && wanted.is_nan()) || (found - wanted).abs() < 1e-12
            }
            (found, wanted) => found == wanted,
        };
        assert!(same, "{found:?}");
    }

    #[test]
    fn only_rate_and_increase_are_for_counters_alone() {
        for (name, expected) in [("rate", true), ("increase", true), ("irate", false), ("delta", false)] {
            assert_eq!(window_kernel(name).unwrap().for_counters, expected, "{name}");
        }
    }
}
