//! Sums and quantiles that lose as little as Prometheus's own: Kahan's summation in Neumaier's form, and its mean that
//! goes over to an incremental one when the sum would overflow.

/// A sum with what rounding took from it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KahanSum {
    sum: f64,
    lost: f64,
}

impl KahanSum {
    /// A sum that begins with a value.
    pub(crate) fn starting_at(value: f64) -> Self {
        KahanSum { sum: value, lost: 0.0 }
    }

    /// The sum with one more value.
    #[must_use]
    pub(crate) fn plus(self, value: f64) -> Self {
        let sum = self.sum + value;
        let lost = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.lost + ((self.sum - sum) + value)
        } else {
            self.lost + ((value - sum) + self.sum)
        };
        KahanSum { sum, lost }
    }

    /// Both parts scaled.
    #[must_use]
    fn times(self, factor: f64) -> Self {
        KahanSum { sum: self.sum * factor, lost: self.lost * factor }
    }

    /// The sum as one number.
    pub(crate) fn total(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.sum + self.lost }
    }
}

/// A mean that does not overflow where its values do not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    count: f64,
    incremental: bool,
    state: KahanSum,
}

impl Mean {
    /// The mean with one more value.
    #[must_use]
    pub(crate) fn plus(mut self, value: f64) -> Self {
        self.count += 1.0;
        if self.count == 1.0 {
            self.state = KahanSum::starting_at(value);
            return self;
        }
        if !self.incremental {
            let sum = self.state.plus(value);
            if !sum.sum.is_infinite() {
                self.state = sum;
                return self;
            }
            self.incremental = true;
            let before = self.count - 1.0;
            self.state = KahanSum { sum: self.state.sum / before, lost: self.state.lost / before };
        }
        self.state = self.state.times((self.count - 1.0) / self.count).plus(value / self.count);
        self
    }

    /// The mean of all values so far.
    pub(crate) fn result(self) -> f64 {
        if self.incremental {
            return self.state.sum + self.state.lost;
        }
        self.state.sum / self.count + self.state.lost / self.count
    }
}

/// The φ-quantile with linear interpolation between ranks; NaN sorts first. NaN without values or φ, ±Inf outside 0..=1.
pub(crate) fn quantile(phi: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(nan_first);
    let last = values.len() - 1;
    let rank = phi * last as f64;
    let lower = rank.floor().max(0.0);
    let weight = rank - rank.floor();
    let at = |index: f64| values.get((index as usize).min(last)).copied().unwrap_or(f64::NAN);
    at(lower) * (1.0 - weight) + at(lower + 1.0) * weight
}

/// Orders numbers with NaN before all others.
pub(crate) fn nan_first(a: &f64, b: &f64) -> std::cmp::Ordering {
    b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
}

/// The larger; NaN where either is (unlike [`f64::max`]).
pub(crate) fn max_or_nan(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// The smaller; NaN where either is (unlike [`f64::min`]).
pub(crate) fn min_or_nan(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_survive_large_ones() {
        let sum = [1.0, 1e100, 1.0, -1e100].into_iter().fold(KahanSum::default(), KahanSum::plus);
        assert_eq!(sum.total(), 2.0);
    }

    #[test]
    fn the_mean_of_large_values_is_finite() {
        let mean = [f64::MAX, f64::MAX, f64::MAX].into_iter().fold(Mean::default(), Mean::plus);
        assert!((mean.result() / f64::MAX - 1.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(0.5, vec![3.0, 1.0]), 2.0);
        assert_eq!(quantile(1.0, vec![3.0, 1.0]), 3.0);
        assert!(quantile(0.0, vec![3.0, f64::NAN, 1.0]).is_nan());
        assert_eq!(quantile(2.0, vec![3.0]), f64::INFINITY);
    }
}
