//! Sums, means, variances and quantiles that lose as little as Prometheus's own: Kahan's summation in Neumaier's form, and
//! a mean that goes over to an incremental one when the sum would overflow. Each is a fold: `Default`, `plus`, a result.

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

    /// Both parts, infinite or not.
    fn sum_and_lost(self) -> f64 {
        self.sum + self.lost
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

/// The population variance by Welford's method. Compensated over windows, plain in aggregations, as in Prometheus.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variance {
    count: f64,
    mean: KahanSum,
    squares: KahanSum,
}

impl Variance {
    /// With one more value, compensating what rounding takes.
    #[must_use]
    pub(crate) fn plus(self, value: f64) -> Self {
        let count = self.count + 1.0;
        let delta = value - self.mean.sum_and_lost();
        let mean = self.mean.plus(delta / count);
        let squares = self.squares.plus(delta * (value - mean.sum_and_lost()));
        Variance { count, mean, squares }
    }

    /// With one more value, without compensation.
    #[must_use]
    pub(crate) fn plus_plain(self, value: f64) -> Self {
        let count = self.count + 1.0;
        let delta = value - self.mean.sum;
        let mean = self.mean.sum + delta / count;
        let squares = self.squares.sum + delta * (value - mean);
        Variance { count, mean: KahanSum::starting_at(mean), squares: KahanSum::starting_at(squares) }
    }

    /// The variance of all values so far; its root is the standard deviation.
    pub(crate) fn result(self) -> f64 {
        self.squares.sum_and_lost() / self.count
    }
}

/// The larger of two in an aggregate, where NaN gives way to anything.
pub(crate) fn larger(best: f64, value: f64) -> f64 {
    if value > best || best.is_nan() { value } else { best }
}

/// The smaller of two in an aggregate, where NaN gives way to anything.
pub(crate) fn smaller(best: f64, value: f64) -> f64 {
    if value < best || best.is_nan() { value } else { best }
}

/// A value as `count_values` makes a label of it: the shortest decimal that reads back, never with an exponent.
pub(crate) fn decimal(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

/// A value as OpenMetrics writes the bound of a bucket or a quantile: always with a point or an exponent.
pub(crate) fn open_metrics(value: f64) -> String {
    let text = go_general(value);
    if value.is_finite() && !text.contains(['.', 'e']) { format!("{text}.0") } else { text }
}

/// A number in the general notation of Prometheus's messages (`%g`): shortest digits, an exponent below 1e-4 and from
/// 1e6 on.
pub(crate) fn go_general(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return decimal(value);
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return decimal(value);
    }
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
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
    let last = values.len() - 1;
    let rank = phi * last as f64;
    let lower = (rank.floor().max(0.0) as usize).min(last);
    let weight = rank - rank.floor();
    let (_, below, above) = values.select_nth_unstable_by(lower, nan_first);
    let above = above.iter().copied().min_by(nan_first).unwrap_or(*below);
    *below * (1.0 - weight) + above * weight
}

/// Orders numbers with NaN before all others.
pub(crate) fn nan_first(a: &f64, b: &f64) -> std::cmp::Ordering {
    b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
}

/// The larger; NaN where either is (unlike [`f64::max`]), but for infinity, above which nothing lies.
pub(crate) fn max_or_nan(a: f64, b: f64) -> f64 {
    let beyond = a == f64::INFINITY || b == f64::INFINITY;
    if !beyond && (a.is_nan() || b.is_nan()) { f64::NAN } else { a.max(b) }
}

/// The smaller; NaN where either is (unlike [`f64::min`]), but for negative infinity, below which nothing lies.
pub(crate) fn min_or_nan(a: f64, b: f64) -> f64 {
    let beyond = a == f64::NEG_INFINITY || b == f64::NEG_INFINITY;
    if !beyond && (a.is_nan() || b.is_nan()) { f64::NAN } else { a.min(b) }
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
    fn infinities_behave_as_in_prometheus() {
        let sum = |values: &[f64]| values.iter().copied().fold(KahanSum::default(), KahanSum::plus).total();
        let mean = |values: &[f64]| values.iter().copied().fold(Mean::default(), Mean::plus).result();
        let inf = f64::INFINITY;
        assert_eq!((sum(&[1.0, inf]), sum(&[-inf, 1.0]), sum(&[f64::MAX, f64::MAX])), (inf, -inf, inf));
        assert!(sum(&[inf, -inf]).is_nan() && mean(&[inf, -inf]).is_nan() && mean(&[f64::NAN]).is_nan());
        assert_eq!((mean(&[inf, 1.0, inf]), mean(&[5.0, -inf])), (inf, -inf));
        assert!(mean(&[f64::MAX, f64::MAX, -f64::MAX, -f64::MAX]).abs() < f64::MAX * 1e-12);
    }

    #[test]
    fn variances_are_of_the_population() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(values.into_iter().fold(Variance::default(), Variance::plus).result(), 4.0);
        assert_eq!(values.into_iter().fold(Variance::default(), Variance::plus_plain).result(), 4.0);
        assert!(Variance::default().plus_plain(f64::INFINITY).result().is_nan());
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        let general = [1.1, -0.1, 1e6, 123_456.0, 0.0001, 0.000_01, f64::NAN, f64::INFINITY].map(go_general);
        assert_eq!(general, ["1.1", "-0.1", "1e+06", "123456", "0.0001", "1e-05", "NaN", "+Inf"]);
        assert_eq!(
            [1e6, -0.5, 1e21, f64::NEG_INFINITY].map(decimal)[..3],
            ["1000000", "-0.5", "1000000000000000000000"]
        );
    }

    #[test]
    fn bounds_always_have_a_point_or_an_exponent() {
        let written = [1.0, 0.25, 1e6, f64::INFINITY, f64::NAN].map(open_metrics);
        assert_eq!(written, ["1.0", "0.25", "1e+06", "+Inf", "NaN"]);
    }

    #[test]
    fn nan_wins_but_over_infinity() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        assert!(max_or_nan(nan, 1.0).is_nan() && min_or_nan(nan, inf).is_nan());
        assert_eq!((max_or_nan(nan, inf), min_or_nan(-inf, nan), max_or_nan(2.0, 1.0)), (inf, -inf, 2.0));
    }

    proptest::proptest! {
        #[test]
        fn a_selected_quantile_is_the_sorted_one(values in proptest::collection::vec(-9..9_i32, 1..30), phi in 0.0..=1.0_f64) {
            let mut sorted: Vec<f64> = values.into_iter().map(f64::from).collect();
            let found = quantile(phi, sorted.clone());
            sorted.sort_by(f64::total_cmp);
            let rank = phi * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
            proptest::prop_assert!((found - (below + (above - below) * rank.fract())).abs() < 1e-12);
        }
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(0.5, vec![3.0, 1.0]), 2.0);
        assert_eq!(quantile(1.0, vec![3.0, 1.0]), 3.0);
        assert!(quantile(0.0, vec![3.0, f64::NAN, 1.0]).is_nan());
        assert_eq!(quantile(2.0, vec![3.0]), f64::INFINITY);
    }
}
