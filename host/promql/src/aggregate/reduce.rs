//! Folds the values of one group to one number.

use crate::ast::Aggregation;
use crate::numeric::{KahanSum, Mean, Variance, larger, quantile, smaller};

/// The aggregate of at least one value; `phi` counts only for `quantile`.
pub(super) fn reduce(aggregation: Aggregation, phi: f64, values: impl Iterator<Item = f64>) -> f64 {
    match aggregation {
        Aggregation::Sum => values.fold(KahanSum::default(), KahanSum::plus).total(),
        Aggregation::Avg => values.fold(Mean::default(), Mean::plus).result(),
        Aggregation::Min => values.fold(f64::NAN, smaller),
        Aggregation::Max => values.fold(f64::NAN, larger),
        Aggregation::Count => values.count() as f64,
        Aggregation::Group => 1.0,
        Aggregation::Stddev => values.fold(Variance::default(), Variance::plus_plain).result().sqrt(),
        Aggregation::Stdvar => values.fold(Variance::default(), Variance::plus_plain).result(),
        Aggregation::Quantile => quantile(phi, values.collect()),
        // These choose among their elements or count them; they never come here.
        Aggregation::Topk
        | Aggregation::Bottomk
        | Aggregation::Limitk
        | Aggregation::LimitRatio
        | Aggregation::CountValues => f64::NAN,
    }
}
