//! How fast counters and gauges change: `rate`, `increase`, `delta`, `irate`, `idelta`, `resets`, `changes`.
//!
//! `rate`, `increase` and `delta` extrapolate from the samples to the bounds of the window as Prometheus does: to the
//! bound where it is nearer than 1.1 of the mean distance between samples, else by half of that distance; a counter never
//! below zero (Prometheus documentation, "rate()"; the behaviour is pinned by its test scripts).

use ballast_types::{Sample, WindowSummary};

use super::extended;
use super::window::{Bounds, Needs, Window, WindowKernel};

pub(super) const KERNELS: [WindowKernel; 7] = [
    WindowKernel {
        anchored: Some(extended::anchored_rate),
        smoothed: Some(extended::smoothed_rate),
        for_counters: true,
        ..WindowKernel::new("rate", |w| per_second(increase(w), w.bounds))
            .summarized(Needs::Resets, |s, bounds| per_second(increase_of(s, bounds), bounds))
    },
    WindowKernel {
        anchored: Some(extended::anchored_increase),
        smoothed: Some(extended::smoothed_increase),
        for_counters: true,
        ..WindowKernel::new("increase", increase).summarized(Needs::Resets, increase_of)
    },
    WindowKernel {
        anchored: Some(extended::anchored_delta),
        smoothed: Some(extended::smoothed_delta),
        ..WindowKernel::new("delta", delta).summarized(Needs::Ends, delta_of)
    },
    WindowKernel::new("irate", |w| instant(w.samples, true)),
    WindowKernel::new("idelta", |w| instant(w.samples, false)),
    WindowKernel {
        anchored: Some(extended::anchored_resets),
        ..WindowKernel::new("resets", |w| Some(resets(w.samples)))
            .summarized(Needs::Resets, |s, _| Some(s.resets as f64))
    },
    WindowKernel {
        anchored: Some(extended::anchored_changes),
        ..WindowKernel::new("changes", |w| Some(changes(w.samples)))
            .summarized(Needs::Changes, |s, _| Some(s.changes as f64))
    },
];

fn increase(window: &Window<'_>) -> Option<f64> {
    Span { lost: lost_to_resets(window.samples), is_counter: true, ..Span::of(window)? }
        .extrapolated(window.bounds)
}

fn increase_of(summary: &WindowSummary, bounds: Bounds) -> Option<f64> {
    Span { lost: summary.correction, is_counter: true, ..Span::summarized(summary) }.extrapolated(bounds)
}

fn delta(window: &Window<'_>) -> Option<f64> {
    Span::of(window)?.extrapolated(window.bounds)
}

fn delta_of(summary: &WindowSummary, bounds: Bounds) -> Option<f64> {
    Span::summarized(summary).extrapolated(bounds)
}

fn per_second(increase: Option<f64>, bounds: Bounds) -> Option<f64> {
    increase.map(|increase| increase / bounds.seconds())
}

/// What an extrapolation needs to know of a window.
struct Span {
    first: Sample,
    last: Sample,
    count: f64,
    is_counter: bool,
    /// What the counter had each time before it began anew.
    lost: f64,
}

impl Span {
    fn of(window: &Window<'_>) -> Option<Self> {
        let (first, last) = (*window.samples.first()?, *window.samples.last()?);
        Some(Span { first, last, count: window.samples.len() as f64, is_counter: false, lost: 0.0 })
    }

    fn summarized(summary: &WindowSummary) -> Self {
        let count = summary.count as f64;
        Span { first: summary.first, last: summary.last, count, is_counter: false, lost: 0.0 }
    }

    /// The change over the whole window, from at least two samples.
    fn extrapolated(&self, bounds: Bounds) -> Option<f64> {
        if self.count < 2.0 {
            return None;
        }
        let seconds = |from_ms: i64, to_ms: i64| (to_ms - from_ms) as f64 / 1000.0;
        let (first_ms, last_ms) = (self.first.at.as_millis(), self.last.at.as_millis());
        let change = self.last.value - self.first.value + self.lost;
        let sampled = seconds(first_ms, last_ms);
        let gap = sampled / (self.count - 1.0);
        let reach = |distance: f64| if distance >= gap * 1.1 { gap / 2.0 } else { distance };
        let mut before = reach(seconds(bounds.start_ms, first_ms));
        let after = reach(seconds(last_ms, bounds.end_ms));
        if self.is_counter && change > 0.0 && self.first.value >= 0.0 {
            // The counter was zero that long ago, and not lower before.
            before = before.min(sampled * (self.first.value / change));
        }
        Some(change * ((sampled + before + after) / sampled))
    }
}

fn lost_to_resets(samples: &[Sample]) -> f64 {
    pairs(samples).filter(|(before, after)| after < before).map(|(before, _)| before).sum()
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
    pairs(samples).filter(|(before, after)| after < before).count() as f64
}

/// How often a value differs from the one before; two NaN do not.
pub(super) fn changes(samples: &[Sample]) -> f64 {
    let differ = |before: f64, after: f64| before != after && !(before.is_nan() && after.is_nan());
    pairs(samples).filter(|(before, after)| differ(*before, *after)).count() as f64
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
