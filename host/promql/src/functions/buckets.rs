//! Classic histograms as plain data: quantiles and fractions over cumulative counts by upper bound.
//!
//! Within a bucket observations are taken to be spread evenly; the lowest begins at zero where its bound is positive.
//! Buckets that shrink (scraped at different moments) are raised to the one before. What lies in the last, unbounded
//! bucket counts as its lower bound (Prometheus documentation, "histogram_quantile()").

/// The label that holds a bucket's upper bound.
pub(crate) const BUCKET_LABEL: &str = "le";
/// Differences below this, relative to the sum, are rounding and not counts.
const TOLERANCE: f64 = 1e-12;

/// One bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    /// Included.
    pub(crate) upper: f64,
    /// Observations up to the bound.
    pub(crate) count: f64,
}

/// A quantile, and whether counts had to be raised for it ([`crate::notes::wording::forced_monotonic`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BucketQuantile {
    /// The value.
    pub(crate) value: f64,
    /// Some count was lower than that of the bucket before it, beyond rounding.
    pub(crate) forced_monotonic: bool,
}

/// The bound that a label says; `None` where it says none.
pub(crate) fn bound(le: Option<&str>) -> Option<f64> {
    le?.parse().ok()
}

/// NaN where there is no unbounded bucket, only one bucket, or nothing observed; ±Inf for a φ outside 0..=1.
/// The buckets are put in order and cleaned in place.
pub(crate) fn bucket_quantile(phi: f64, buckets: &mut Vec<Bucket>) -> BucketQuantile {
    let certain = |value: f64| BucketQuantile { value, forced_monotonic: false };
    if phi.is_nan() {
        return certain(f64::NAN);
    }
    if !(0.0..=1.0).contains(&phi) {
        return certain(if phi < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !is_unbounded(buckets) {
        return certain(f64::NAN);
    }
    let forced_monotonic = make_monotonic(buckets);
    let [.., below, last] = buckets.as_slice() else { return certain(f64::NAN) };
    if last.count == 0.0 {
        return certain(f64::NAN);
    }
    let rank = phi * last.count;
    let bounded = buckets.get(..buckets.len() - 1).unwrap_or_default();
    let value = match bounded.iter().position(|bucket| bucket.count >= rank) {
        Some(index) => interpolate(bounded, index, rank),
        None => below.upper,
    };
    BucketQuantile { value, forced_monotonic }
}

/// The part of the observations that lie between two values. NaN where there is no unbounded bucket, nothing observed, or
/// a bound is NaN; 0 where the lower bound is not below the upper.
/// The buckets are put in order in place.
pub(crate) fn bucket_fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !is_unbounded(buckets) {
        return f64::NAN;
    }
    let total = buckets.last().map_or(0.0, |bucket| bucket.count);
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets, total) - rank_of(lower, buckets, total)) / total
}

/// How many observations lie below a value. Of a bucket without a lower bound nobody knows; then all of it does.
fn rank_of(value: f64, buckets: &[Bucket], total: f64) -> f64 {
    let begins_at_zero = buckets.first().is_some_and(|first| first.upper > 0.0);
    let mut before = Bucket { upper: if begins_at_zero { 0.0 } else { f64::NEG_INFINITY }, count: 0.0 };
    for bucket in buckets {
        if before.upper >= value {
            return before.count.min(total);
        }
        if bucket.upper > value {
            let part = match before.upper {
                f64::NEG_INFINITY => 1.0,
                lower => (value - lower) / (bucket.upper - lower),
            };
            return (before.count + (bucket.count - before.count) * part).min(total);
        }
        before = *bucket;
    }
    total
}

/// Sorts the buckets and leaves one a bound; whether the last is unbounded.
fn is_unbounded(buckets: &mut Vec<Bucket>) -> bool {
    if !buckets.is_sorted_by(|a, b| a.upper < b.upper) {
        buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
        buckets.dedup_by(|later, kept| {
            let same = later.upper == kept.upper;
            kept.count += if same { later.count } else { 0.0 };
            same
        });
    }
    buckets.last().is_some_and(|last| last.upper == f64::INFINITY)
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

/// Raises counts that fall, which it tells, and levels those that differ by rounding only, which it does not.
fn make_monotonic(buckets: &mut [Bucket]) -> bool {
    let mut buckets = buckets.iter_mut();
    let Some(mut floor) = buckets.next().map(|first| first.count) else { return false };
    let mut forced = false;
    for bucket in buckets {
        let count = bucket.count;
        // Asked first because most often it is so; an infinite sum answers no.
        if count - floor > (count.abs() + floor.abs()) * TOLERANCE {
            floor = count;
        } else if nearly_equal(count, floor) {
            bucket.count = floor;
        } else if count < floor {
            bucket.count = floor;
            forced = true;
        } else {
            floor = count;
        }
    }
    forced
}

fn nearly_equal(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() < (a.abs() + b.abs()).min(f64::MAX) * TOLERANCE
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
        let found = bucket_quantile(phi, &mut buckets(counts)).value;
        assert!(found == expected || (found - expected).abs() < 1e-12, "{found}");
    }

    #[test]
    fn nothing_observed_or_no_unbounded_bucket_is_nan() {
        assert!(bucket_quantile(0.5, &mut buckets(&[0.0, 0.0, 0.0, 0.0])).value.is_nan());
        assert!(bucket_quantile(0.5, &mut buckets(&[1.0, 2.0, 3.0])).value.is_nan());
        assert!(bucket_quantile(0.5, &mut Vec::new()).value.is_nan());
    }

    #[rstest]
    #[case(&[10.0, 5.0, 30.0, 30.0], true)]
    #[case(&[10.0, 20.0, 30.0, 30.0], false)]
    #[case(&[10.0, 10.0 - 1e-12, 30.0, 30.0], false)]
    fn raised_counts_are_told(#[case] counts: &[f64], #[case] forced: bool) {
        assert_eq!(bucket_quantile(0.5, &mut buckets(counts)).forced_monotonic, forced);
    }

    #[rstest]
    #[case(f64::NEG_INFINITY, f64::INFINITY, 1.0)]
    #[case(0.0, 0.1, 0.25)]
    #[case(0.0, 0.05, 0.125)]
    #[case(0.05, 0.35, 0.5)]
    #[case(-1.0, 0.05, 0.125)]
    #[case(0.2, 7.0, 0.25)]
    #[case(0.5, 7.0, 0.0)]
    #[case(0.2, 0.1, 0.0)]
    #[case(f64::NAN, 0.1, f64::NAN)]
    fn fractions(#[case] lower: f64, #[case] upper: f64, #[case] expected: f64) {
        let found = bucket_fraction(lower, upper, &mut buckets(&[10.0, 20.0, 30.0, 40.0]));
        assert!((found - expected).abs() < 1e-12 || (found.is_nan() && expected.is_nan()), "{found}");
    }
}
