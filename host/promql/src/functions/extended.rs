//! `rate`, `increase`, `delta`, `resets` and `changes` under the experimental modifiers `anchored` and `smoothed`, which
//! take in samples outside the window instead of extrapolating.
//!
//! Anchored, the last sample at or before the start stands at the start. Smoothed, the values at both bounds are
//! interpolated between their neighbours; a counter that began anew between two samples began at zero at the earlier one.
//! The window's samples reach out of its bounds by the look-back. (Prometheus proposal PROM-52.)

use ballast_types::Sample;

use super::rates;
use super::window::Window;

/// The functions that take `anchored`, as Prometheus lists them.
pub(super) const ANCHORED: &str = "changes, delta, increase, rate, resets";
/// The functions that take `smoothed`, as Prometheus lists them.
pub(super) const SMOOTHED: &str = "delta, increase, rate";

pub(super) fn anchored_rate(window: &Window<'_>) -> Option<f64> {
    anchored_increase(window).map(|increase| increase / window.bounds.seconds())
}

pub(super) fn anchored_increase(window: &Window<'_>) -> Option<f64> {
    Reach::new(window, false)?.change(true)
}

pub(super) fn anchored_delta(window: &Window<'_>) -> Option<f64> {
    Reach::new(window, false)?.change(false)
}

pub(super) fn smoothed_rate(window: &Window<'_>) -> Option<f64> {
    smoothed_increase(window).map(|increase| increase / window.bounds.seconds())
}

pub(super) fn smoothed_increase(window: &Window<'_>) -> Option<f64> {
    Reach::new(window, true)?.change(true)
}

pub(super) fn smoothed_delta(window: &Window<'_>) -> Option<f64> {
    Reach::new(window, true)?.change(false)
}

pub(super) fn anchored_resets(window: &Window<'_>) -> Option<f64> {
    Reach::new(window, false).map(|reach| rates::resets(reach.samples))
}

pub(super) fn anchored_changes(window: &Window<'_>) -> Option<f64> {
    Reach::new(window, false).map(|reach| rates::changes(reach.samples))
}

/// The value of a gauge at an instant between two samples, as `selector smoothed` has it; after the last sample its own.
pub(crate) fn smoothed_value(before: Sample, after: Option<Sample>, at_ms: i64) -> f64 {
    after.map_or(before.value, |after| interpolate(before, after, at_ms, false))
}

/// The samples that count, from the anchor at the start on.
struct Reach<'w> {
    samples: &'w [Sample],
    start_ms: i64,
    end_ms: i64,
    smoothed: bool,
}

impl<'w> Reach<'w> {
    /// `None` where no sample lies after the start.
    fn new(window: &Window<'w>, smoothed: bool) -> Option<Self> {
        let (start_ms, end_ms) = (window.bounds.start_ms, window.bounds.end_ms);
        let mut samples = window.samples;
        if smoothed {
            // Up to the first sample at or after the end.
            let within = samples.partition_point(|sample| sample.at.as_millis() < end_ms);
            samples = samples.get(..=within).unwrap_or(samples);
        }
        samples.last().filter(|last| last.at.as_millis() > start_ms)?;
        let after_start = samples.partition_point(|sample| sample.at.as_millis() <= start_ms);
        let samples = samples.get(after_start.saturating_sub(1)..)?;
        Some(Reach { samples, start_ms, end_ms, smoothed })
    }

    fn change(&self, is_counter: bool) -> Option<f64> {
        let left = self.left(is_counter)?;
        let right = self.right(is_counter)?;
        if !is_counter {
            return Some(right - left);
        }
        let inside = |sample: &&Sample| {
            let at_ms = sample.at.as_millis();
            self.start_ms < at_ms && at_ms < self.end_ms
        };
        let values = self.samples.iter().filter(inside).map(|sample| sample.value);
        let (mut before, mut lost) = (left, 0.0);
        for value in values.chain([right]) {
            if value < before {
                lost += before;
            }
            before = value;
        }
        Some(right - left + lost)
    }

    /// The value at the start.
    fn left(&self, is_counter: bool) -> Option<f64> {
        let first = self.samples.first()?;
        let second = self.samples.get(1).filter(|_| self.smoothed && first.at.as_millis() < self.start_ms);
        Some(second.map_or(first.value, |second| interpolate(*first, *second, self.start_ms, is_counter)))
    }

    /// The value at the end.
    fn right(&self, is_counter: bool) -> Option<f64> {
        let last = self.samples.last()?;
        match self.samples {
            [.., before, last] if self.smoothed && last.at.as_millis() > self.end_ms => {
                Some(interpolate(*before, *last, self.end_ms, is_counter))
            }
            _ => Some(last.value),
        }
    }
}

fn interpolate(before: Sample, after: Sample, at_ms: i64, is_counter: bool) -> f64 {
    let from = if is_counter && after.value < before.value { 0.0 } else { before.value };
    let (before_ms, after_ms) = (before.at.as_millis(), after.at.as_millis());
    from + (after.value - from) * (at_ms - before_ms) as f64 / (after_ms - before_ms) as f64
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::at;
    use super::super::window::{Bounds, extended_reduce, window_kernel};
    use super::*;
    use rstest::rstest;

    fn run(name: &str, smoothed: bool, samples: &[Sample], end_secs: i64, range_secs: i64) -> Option<f64> {
        let bounds = Bounds { start_ms: (end_secs - range_secs) * 1000, end_ms: end_secs * 1000 };
        let window = Window { samples, bounds, at_ms: bounds.end_ms, scalars: &[] };
        extended_reduce(window_kernel(name).unwrap(), smoothed).unwrap()(&window)
    }

    /// Samples every 60 s from 60 s on; a window of 60 s.
    #[rstest]
    #[case("increase", false, &[1.0, 2.0, 4.0], 150, Some(1.0))]
    #[case("rate", false, &[1.0, 2.0, 4.0], 150, Some(1.0 / 60.0))]
    #[case("delta", false, &[1.0, 2.0, 0.0], 210, Some(-2.0))]
    #[case("increase", false, &[5.0, 2.0], 150, Some(2.0))]
    #[case("increase", false, &[5.0, 2.0], 180, None)]
    // Halfway between 1 and 2 to halfway between 2 and 4.
    #[case("increase", true, &[1.0, 2.0, 4.0], 150, Some(1.5))]
    // From half of 2 after a reset (0 to 2) to 3.
    #[case("increase", true, &[5.0, 2.0, 4.0], 150, Some(2.0))]
    #[case("delta", true, &[5.0, 2.0, 4.0], 150, Some(-0.5))]
    #[case("delta", true, &[5.0], 90, Some(0.0))]
    #[case("resets", false, &[5.0, 2.0, 4.0], 150, Some(1.0))]
    #[case("changes", false, &[5.0, 5.0, 4.0], 150, Some(0.0))]
    fn changes_with_neighbours(
        #[case] name: &str,
        #[case] smoothed: bool,
        #[case] values: &[f64],
        #[case] end_secs: i64,
        #[case] expected: Option<f64>,
    ) {
        // An anchored window sees nothing after its end.
        let mut samples = at(60, values);
        samples.retain(|sample| smoothed || sample.at.as_millis() <= end_secs * 1000);
        let found = run(name, smoothed, &samples, end_secs, 60);
        assert!(
            found.zip(expected).is_some_and(|(a, b)| (a - b).abs() < 1e-12) || found == expected,
            "{found:?}"
        );
    }

    #[test]
    fn other_functions_refuse_the_modifiers() {
        let refused = |name, smoothed| extended_reduce(window_kernel(name).unwrap(), smoothed).unwrap_err();
        let expected = "smoothed modifier can only be used with: delta, increase, rate - not with changes";
        assert_eq!(refused("changes", true), expected);
        assert!(
            refused("deriv", false).starts_with("anchored modifier can only be used with: changes, delta,")
        );
    }
}
