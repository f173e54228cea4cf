//! What a window of samples comes to: enough for `rate`, `increase`, `delta`, `resets`, `changes` and the plain
//! `*_over_time` functions without looking at the samples again.
//!
//! Staleness markers count for nothing. Invariant: summaries of neighbouring windows, merged in the order of time, are
//! the summary of both together, exact in counts and to rounding in sums.

use crate::Sample;
use crate::series::is_stale;

/// The summary of at least one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowSummary {
    /// How many samples.
    pub count: u64,
    /// The earliest.
    pub first: Sample,
    /// The latest.
    pub last: Sample,
    /// Sum of the values, rounded.
    pub sum: f64,
    /// What rounding took from `sum`, by Neumaier's method: the better sum is `sum + compensation`.
    pub compensation: f64,
    /// The smallest value; NaN only where there is nothing else.
    pub min: f64,
    /// The largest value; NaN only where there is nothing else.
    pub max: f64,
    /// How often a value is smaller than the one before: a counter that began anew.
    pub resets: u64,
    /// Sum of the values that those resets fell from. A counter's increase is `last - first + correction`.
    pub correction: f64,
    /// How often a value differs from the one before; two NaN do not differ.
    pub changes: u64,
}

impl WindowSummary {
    /// The summary of one sample.
    pub fn one(sample: Sample) -> Self {
        let value = sample.value;
        WindowSummary {
            count: 1,
            first: sample,
            last: sample,
            sum: value,
            compensation: 0.0,
            min: value,
            max: value,
            resets: 0,
            correction: 0.0,
            changes: 0,
        }
    }

    /// The summary of samples in rising time; `None` where none counts.
    pub fn of(samples: &[Sample]) -> Option<Self> {
        let mut counted = samples.iter().filter(|sample| !is_stale(sample.value));
        let mut summary = WindowSummary::one(*counted.next()?);
        counted.for_each(|sample| summary.push(*sample));
        Some(summary)
    }

    /// Adds a sample that is later than all there are and no staleness marker.
    pub fn push(&mut self, sample: Sample) {
        self.step_to(sample.value);
        self.count += 1;
        self.last = sample;
        self.add(sample.value);
        self.min = extreme(self.min, sample.value, sample.value < self.min);
        self.max = extreme(self.max, sample.value, sample.value > self.max);
    }

    /// Adds the summary of a later window.
    pub fn merge(&mut self, later: &WindowSummary) {
        self.step_to(later.first.value);
        self.count += later.count;
        self.last = later.last;
        self.add(later.sum);
        self.compensation += later.compensation;
        self.min = extreme(self.min, later.min, later.min < self.min);
        self.max = extreme(self.max, later.max, later.max > self.max);
        self.resets += later.resets;
        self.correction += later.correction;
        self.changes += later.changes;
    }

    /// The sum of the values.
    pub fn total(&self) -> f64 {
        // An infinite sum has no rounding to make good.
        if self.sum.is_finite() { self.sum + self.compensation } else { self.sum }
    }

    /// A counter's increase from the first sample to the last, resets made good.
    pub fn increase(&self) -> f64 {
        self.last.value - self.first.value + self.correction
    }

    fn step_to(&mut self, value: f64) {
        let before = self.last.value;
        if value < before {
            self.resets += 1;
            self.correction += before;
        }
        self.changes += u64::from(value != before && !(value.is_nan() && before.is_nan()));
    }

    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.compensation += match self.sum.abs() >= value.abs() {
            true => (self.sum - sum) + value,
            false => (value - sum) + self.sum,
        };
        self.sum = sum;
    }
}

fn extreme(best: f64, value: f64, beats: bool) -> f64 {
    if beats || best.is_nan() { value } else { best }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::series::stale_nan;
    use proptest::prelude::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        let sample =
            |(at, value): (usize, &f64)| Sample { at: Timestamp::from_secs(at as i64), value: *value };
        values.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn resets_and_changes_are_counted_and_markers_are_not() {
        let found = WindowSummary::of(&samples(&[1.0, 5.0, stale_nan(), 2.0, 2.0, 4.0])).unwrap();
        assert_eq!((found.count, found.resets, found.changes), (5, 1, 3));
        assert_eq!((found.increase(), found.total(), found.min, found.max), (8.0, 14.0, 1.0, 5.0));
        assert_eq!(WindowSummary::of(&samples(&[stale_nan()])), None);
    }

    proptest! {
        #[test]
        fn two_halves_merged_are_the_whole(values in proptest::collection::vec(0_i32..100, 2..50), at in 1_usize..49) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let all = samples(&values);
            let (left, right) = all.split_at(at.min(all.len() - 1));
            let mut merged = WindowSummary::of(left).unwrap();
            merged.merge(&WindowSummary::of(right).unwrap());
            prop_assert_eq!(Some(merged), WindowSummary::of(&all));
        }
    }
}
