//! Folds the values of one group to one number.

use crate::ast::Aggregation;
use crate::numeric::{KahanSum, Mean, quantile};

/// The aggregate of at least one value; `phi` counts only for `quantile`.
pub(super) fn reduce(aggregation: Aggregation, phi: f64, values: impl Iterator<Item = f64>) -> f64 {
    match aggregation {
        Aggregation::Sum => values.fold(KahanSum::default(), KahanSum::plus).total(),
        Aggregation::Avg => values.fold(Mean::default(), Mean::plus).result(),
        Aggregation::Min => extreme(values, |new, old| new < old),
        Aggregation::Max => extreme(values, |new, old| new > old),
        Aggregation::Count => values.count() as f64,
        Aggregation::Group => 1.0,
        Aggregation::Stddev => variance(values).sqrt(),
        Aggregation::Stdvar => variance(values),
        Aggregation::Quantile => quantile(phi, values.collect()),
        // These choose among their elements or count them; they never come here.
        Aggregation::Topk | Aggregation::Bottomk | Aggregation::Limitk | Aggregation::CountValues => f64::NAN,
    }
}

/// The extreme value; NaN only where there is nothing else.
pub(crate) fn extreme(values: impl Iterator<Item = f64>, beats: fn(f64, f64) -> bool) -> f64 {
    values.fold(f64::NAN, |best, value| if best.is_nan() || beats(value, best) { value } else { best })
}

/// The population variance by Welford's method.
fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let delta: f64 = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
    }
    squares / count
}
