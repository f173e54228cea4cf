//! `histogram_quantile` over classic buckets: series with cumulative counts by their upper bound in `le`.
//!
//! Within a bucket observations are taken to be spread evenly. Buckets that shrink (scraped at different moments) are
//! raised to the one before. What lies in the last, unbounded bucket counts as its lower bound (Prometheus documentation,
//! "histogram_quantile()").

use std::collections::HashMap;

use ballast_types::Labels;

use super::Function;
use crate::EvalError;
use crate::ast::Expr;
use crate::step::{Element, Partial, Step};

const BUCKET_LABEL: &str = "le";
/// Differences below this, relative to the sum, are rounding and not counts.
const TOLERANCE: f64 = 1e-12;

pub(super) fn find(name: &str) -> Option<Function> {
    (name == "histogram_quantile").then_some(Function::Special(histogram_quantile))
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    upper: f64,
    count: f64,
}

fn histogram_quantile(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let [phi, tree] = arguments else { return Ok(Partial::Vector(Vec::new())) };
    let phi = step.scalar(phi)?;
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut histograms: Vec<(Labels, Vec<Bucket>)> = Vec::new();
    for element in step.vector(tree)? {
        // A series without a readable bound is no bucket.
        let Some(upper) = element.labels.get(BUCKET_LABEL).and_then(|le| le.parse().ok()) else { continue };
        let labels = element.labels.filtered(|name| name != BUCKET_LABEL);
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            histograms.push((labels, Vec::new()));
            histograms.len() - 1
        });
        if let Some((_, buckets)) = histograms.get_mut(place) {
            buckets.push(Bucket { upper, count: element.value });
        }
    }
    let element = |(labels, buckets)| Element { labels, value: quantile(phi, buckets), drop_name: true };
    Ok(Partial::Vector(histograms.into_iter().map(element).collect()))
}

/// NaN where there is no unbounded bucket, only one bucket, or nothing observed; ±Inf for a φ outside 0..=1.
fn quantile(phi: f64, mut buckets: Vec<Bucket>) -> f64 {
    if phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    let buckets = monotonic(merge_equal_bounds(buckets));
    let [.., below, last] = buckets.as_slice() else { return f64::NAN };
    if last.upper != f64::INFINITY || last.count == 0.0 || last.count.is_nan() {
        return f64::NAN;
    }
    let rank = phi * last.count;
    let bounded = buckets.get(..buckets.len() - 1).unwrap_or_default();
    let Some(index) = bounded.iter().position(|bucket| bucket.count >= rank) else { return below.upper };
    interpolate(bounded, index, rank)
}

fn interpolate(buckets: &[Bucket], index: usize, rank: f64) -> f64 {
    let Some(bucket) = buckets.get(index) else { return f64::NAN };
    let before = index.checked_sub(1).and_then(|before| buckets.get(before));
    match before {
        None if bucket.upper <= 0.0 => bucket.upper,
        None => bucket.upper * (rank / bucket.count),
        Some(before) => {
            let part = (rank - before.count) / (bucket.count - before.count);
            before.upper + (bucket.upper - before.upper) * part
        }
    }
}

fn merge_equal_bounds(sorted: Vec<Bucket>) -> Vec<Bucket> {
    let mut merged: Vec<Bucket> = Vec::with_capacity(sorted.len());
    for bucket in sorted {
        match merged.last_mut() {
            Some(last) if last.upper == bucket.upper => last.count += bucket.count,
            _ => merged.push(bucket),
        }
    }
    merged
}

/// Raises counts that fall, and levels those that differ by rounding only.
fn monotonic(mut buckets: Vec<Bucket>) -> Vec<Bucket> {
    let mut floor: Option<f64> = None;
    for bucket in &mut buckets {
        match floor {
            Some(floor) if bucket.count < floor || nearly_equal(bucket.count, floor) => bucket.count = floor,
            _ => floor = Some(bucket.count),
        }
    }
    buckets
}

fn nearly_equal(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() / (a.abs() + b.abs()).min(f64::MAX) < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn buckets(counts: &[f64]) -> Vec<Bucket> {
        let bounds = [0.1, 0.2, 0.5, f64::INFINITY];
        counts.iter().zip(bounds).map(|(&count, upper)| Bucket { upper, count }).collect()
    }

    #[rstest]
    #[case(0.5, &[10.0, 20.0, 30.0, 40.0], 0.2)]
    #[case(0.25, &[10.0, 20.0, 30.0, 40.0], 0.1)]
    #[case(0.99, &[10.0, 20.0, 30.0, 40.0], 0.5)]
    #[case(0.5, &[10.0, 5.0, 30.0, 30.0], 0.275)]
    #[case(-1.0, &[10.0, 20.0, 30.0, 40.0], f64::NEG_INFINITY)]
    #[case(2.0, &[10.0, 20.0, 30.0, 40.0], f64::INFINITY)]
    fn quantiles(#[case] phi: f64, #[case] counts: &[f64], #[case] expected: f64) {
        let found = quantile(phi, buckets(counts));
        assert!(found == expected || (found - expected).abs() < 1e-12, "{found}");
    }

    #[test]
    fn nothing_observed_or_no_unbounded_bucket_is_nan() {
        assert!(quantile(0.5, buckets(&[0.0, 0.0, 0.0, 0.0])).is_nan());
        assert!(quantile(0.5, buckets(&[1.0, 2.0, 3.0])).is_nan());
        assert!(quantile(0.5, Vec::new()).is_nan());
    }
}
