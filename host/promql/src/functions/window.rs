//! Functions over the window of a series, as plain data: which there are, how each reduces the samples to one value, and
//! which of them a summary of the window answers.
//!
//! Nothing here knows how a query is evaluated. Invariant: for a window whose summary is [`WindowKernel::tells_all`], the
//! summary's answer is that of the samples, to rounding.

use ballast_types::{Sample, WindowSummary};

use super::sliding::Slide;
use super::{extended, over_time, rates, regression};

/// The bounds of a window: what functions over it extrapolate to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Excluded.
    pub(crate) start_ms: i64,
    /// Included.
    pub(crate) end_ms: i64,
}

impl Bounds {
    /// How long the window is.
    pub(crate) fn seconds(self) -> f64 {
        (self.end_ms - self.start_ms) as f64 / 1000.0
    }
}

/// What a function over a window sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'w> {
    /// At least one sample, none a staleness marker. `anchored` and `smoothed` functions see those within the look-back
    /// before the bounds as well, and `smoothed` ones those within as much after them.
    pub(crate) samples: &'w [Sample],
    pub(crate) bounds: Bounds,
    /// The instant of the evaluation, wherever the window lies.
    pub(crate) at_ms: i64,
    /// The scalar arguments in their order.
    pub(crate) scalars: &'w [f64],
}

/// Reduces a window to one value, or none.
pub(crate) type Reduce = fn(&Window<'_>) -> Option<f64>;

/// What a function takes from a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The first, the last, how many.
    Ends,
    /// The ends, and where a counter began anew.
    Resets,
    /// The ends, and how often the value changed.
    Changes,
    /// The sum of the values, and how many.
    Sum,
    /// The smallest and the largest.
    Extremes,
}

/// A function over windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowKernel {
    pub(crate) name: &'static str,
    /// From the samples.
    pub(crate) reduce: Reduce,
    /// From their summary; `None` inside is the value, "no result" as with `reduce`.
    pub(crate) summary: Option<fn(&WindowSummary, Bounds) -> Option<f64>>,
    /// From the samples of many windows at once; there where `summary` is.
    pub(crate) slide: Option<Slide>,
    /// Under `anchored`, where that is allowed.
    pub(crate) anchored: Option<Reduce>,
    /// Under `smoothed`, where that is allowed.
    pub(crate) smoothed: Option<Reduce>,
    /// What the summary must know.
    pub(crate) needs: Needs,
    /// The result keeps the metric name.
    pub(crate) keeps_name: bool,
    /// It is meant for counters: where it yields a value, [`crate::notes::wording::possibly_no_counter`] is to be asked.
    pub(crate) for_counters: bool,
    /// Its first scalar is a quantile: [`crate::notes::wording::quantile_out_of_range`] is to be asked.
    pub(crate) takes_quantile: bool,
    /// What it refuses of its scalars; to be asked once an instant at which there is a window.
    pub(crate) refuses: fn(&[f64]) -> Result<(), String>,
}

impl WindowKernel {
    /// A function that only the samples answer and that drops the name.
    pub(super) const fn new(name: &'static str, reduce: Reduce) -> Self {
        WindowKernel {
            name,
            reduce,
            summary: None,
            slide: None,
            anchored: None,
            smoothed: None,
            needs: Needs::Ends,
            keeps_name: false,
            for_counters: false,
            takes_quantile: false,
            refuses: |_| Ok(()),
        }
    }

    /// Which a summary answers as well that knows so much, and which has a loop over many windows.
    pub(super) const fn summarized(
        self,
        needs: Needs,
        summary: fn(&WindowSummary, Bounds) -> Option<f64>,
        slide: Slide,
    ) -> Self {
        WindowKernel { needs, summary: Some(summary), slide: Some(slide), ..self }
    }

    /// Whether the summary can stand for its samples: not where a sum that is asked for is infinite or NaN, because only
    /// the samples know whether it overflowed.
    pub(crate) fn tells_all(&self, summary: &WindowSummary) -> bool {
        self.needs != Needs::Sum || (summary.sum.is_finite() && summary.compensation.is_finite())
    }
}

/// The function over windows of a name. `absent_over_time` is none: it answers for what is not there.
pub(crate) fn window_kernel(name: &str) -> Option<&'static WindowKernel> {
    let tables = [&rates::KERNELS[..], &over_time::KERNELS[..], &regression::KERNELS[..]];
    tables.into_iter().flatten().find(|kernel| kernel.name == name)
}

/// The function to use under `anchored` or `smoothed`; Prometheus's words where it is not allowed.
pub(crate) fn extended_reduce(kernel: &WindowKernel, smoothed: bool) -> Result<Reduce, String> {
    let (modifier, allowed, found) = match smoothed {
        true => ("smoothed", extended::SMOOTHED, kernel.smoothed),
        false => ("anchored", extended::ANCHORED, kernel.anchored),
    };
    let refusal =
        || format!("{modifier} modifier can only be used with: {allowed} - not with {}", kernel.name);
    found.ok_or_else(refusal)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ballast_types::Timestamp;
    use proptest::prelude::*;

    /// Samples `step_secs` apart, the first one step after the epoch.
    pub(crate) fn at(step_secs: i64, values: &[f64]) -> Vec<Sample> {
        let sample = |(index, value): (i64, &f64)| Sample {
            at: Timestamp::from_secs(index * step_secs),
            value: *value,
        };
        (1..).zip(values).map(sample).collect()
    }

    /// A function over a window of 60 s that ends with the last sample.
    pub(crate) fn run(name: &str, samples: &[Sample], scalars: &[f64]) -> Option<f64> {
        let end_ms = samples.last().unwrap().at.as_millis();
        let bounds = Bounds { start_ms: end_ms - 60_000, end_ms };
        (window_kernel(name).unwrap().reduce)(&Window { samples, bounds, at_ms: end_ms, scalars })
    }

    pub(crate) fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => -1e6..1e6_f64,
            4 => (0..20_i32).prop_map(f64::from),
            1 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
            1 => Just(f64::MAX),
        ]
    }

    proptest! {
        #[test]
        fn a_summary_answers_as_its_samples(
            values in proptest::collection::vec(value(), 1..40),
            cut in 0_usize..40,
            before_ms in 0_i64..100_000,
            after_ms in 0_i64..100_000,
        ) {
            let samples = at(15, &values);
            // Merged from two parts, as a store does it.
            let (left, right) = samples.split_at(cut.min(samples.len()));
            let parts = [WindowSummary::of(left), WindowSummary::of(right)];
            let summary = parts.into_iter().flatten().reduce(|mut a, b| { a.merge(&b); a }).unwrap();
            let bounds = Bounds {
                start_ms: samples.first().unwrap().at.as_millis() - 1 - before_ms,
                end_ms: samples.last().unwrap().at.as_millis() + after_ms,
            };
            let window = Window { samples: &samples, bounds, at_ms: bounds.end_ms, scalars: &[] };
            let scale = values.iter().filter(|v| v.is_finite()).fold(1.0, |a: f64, v| a.max(v.abs()));
            for table in [&rates::KERNELS[..], &over_time::KERNELS[..]] {
                for kernel in table.iter().filter(|kernel| kernel.tells_all(&summary)) {
                    let Some(answer) = kernel.summary else { continue };
                    match ((kernel.reduce)(&window), answer(&summary, bounds)) {
                        (Some(a), Some(b)) if a.is_nan() => prop_assert!(b.is_nan(), "{}", kernel.name),
                        (Some(a), Some(b)) => prop_assert!(
                            a == b || (a - b).abs() <= 1e-12 * scale.max(a.abs()) * values.len() as f64,
                            "{}: {a} {b}", kernel.name
                        ),
                        (a, b) => prop_assert_eq!(a, b, "{}", kernel.name),
                    }
                }
            }
        }
    }
}
