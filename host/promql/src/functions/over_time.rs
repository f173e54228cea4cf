//! Aggregates of a window's samples over time: `avg_over_time` and its like.

use ballast_types::Sample;

use super::halves::{Largest, Smallest, Sum, each_fold};
use super::sliding::each_ends;
use super::window::{Needs, Window, WindowKernel};
use crate::numeric::{KahanSum, Mean, Variance, larger, quantile, smaller};

pub(super) const KERNELS: [WindowKernel; 16] = [
    WindowKernel::new("avg_over_time", |w| Some(mean(w.samples))).summarized(
        Needs::Sum,
        |s, _| Some(s.sum / s.count as f64 + s.compensation / s.count as f64),
        |track, values| {
            each_fold::<Sum>(track, values, |sum, samples, _| match samples.len() as f64 {
                count if sum.is_finite() => sum.sum / count + sum.lost / count,
                _ => mean(samples),
            });
        },
    ),
    WindowKernel::new("sum_over_time", |w| Some(sum(w.samples))).summarized(
        Needs::Sum,
        |s, _| Some(s.total()),
        |track, values| {
            each_fold::<Sum>(track, values, |all, samples, _| match all.is_finite() {
                true => all.sum + all.lost,
                false => sum(samples),
            });
        },
    ),
    WindowKernel::new("min_over_time", |w| values(w).reduce(smaller)).summarized(
        Needs::Extremes,
        |s, _| Some(s.min),
        |track, values| each_fold::<Smallest>(track, values, |found, _, _| found.0),
    ),
    WindowKernel::new("max_over_time", |w| values(w).reduce(larger)).summarized(
        Needs::Extremes,
        |s, _| Some(s.max),
        |track, values| each_fold::<Largest>(track, values, |found, _, _| found.0),
    ),
    WindowKernel::new("count_over_time", |w| Some(w.samples.len() as f64)).summarized(
        Needs::Ends,
        |s, _| Some(s.count as f64),
        |track, values| each_ends(track, values, |ends, _| Some(ends.count)),
    ),
    WindowKernel {
        keeps_name: true,
        ..WindowKernel::new("last_over_time", |w| values(w).last()).summarized(
            Needs::Ends,
            |s, _| Some(s.last.value),
            |track, values| each_ends(track, values, |ends, _| Some(ends.last.value)),
        )
    },
    WindowKernel {
        keeps_name: true,
        ..WindowKernel::new("first_over_time", |w| values(w).next()).summarized(
            Needs::Ends,
            |s, _| Some(s.first.value),
            |track, values| each_ends(track, values, |ends, _| Some(ends.first.value)),
        )
    },
    WindowKernel::new("present_over_time", |_| Some(1.0)).summarized(
        Needs::Ends,
        |_, _| Some(1.0),
        |track, values| each_ends(track, values, |_, _| Some(1.0)),
    ),
    WindowKernel {
        takes_quantile: true,
        ..WindowKernel::new("quantile_over_time", |w| {
            Some(quantile(*w.scalars.first()?, values(w).collect()))
        })
    },
    WindowKernel::new("stdvar_over_time", |w| Some(variance(w))),
    WindowKernel::new("stddev_over_time", |w| Some(variance(w).sqrt())),
    WindowKernel::new("mad_over_time", |w| Some(deviation_from_median(w))),
    WindowKernel::new("ts_of_min_over_time", |w| last_where(w, |value, best| value <= best)),
    WindowKernel::new("ts_of_max_over_time", |w| last_where(w, |value, best| value >= best)),
    WindowKernel::new("ts_of_first_over_time", |w| Some(w.samples.first()?.at.as_secs_f64())).summarized(
        Needs::Ends,
        |s, _| Some(s.first.at.as_secs_f64()),
        |track, values| each_ends(track, values, |ends, _| Some(ends.first.at.as_secs_f64())),
    ),
    WindowKernel::new("ts_of_last_over_time", |w| Some(w.samples.last()?.at.as_secs_f64())).summarized(
        Needs::Ends,
        |s, _| Some(s.last.at.as_secs_f64()),
        |track, values| each_ends(track, values, |ends, _| Some(ends.last.at.as_secs_f64())),
    ),
];

fn values<'w>(window: &'w Window<'_>) -> impl Iterator<Item = f64> + 'w {
    window.samples.iter().map(|sample| sample.value)
}

fn mean(samples: &[Sample]) -> f64 {
    samples.iter().map(|sample| sample.value).fold(Mean::default(), Mean::plus).result()
}

fn sum(samples: &[Sample]) -> f64 {
    samples.iter().map(|sample| sample.value).fold(KahanSum::default(), KahanSum::plus).total()
}

fn variance(window: &Window<'_>) -> f64 {
    values(window).fold(Variance::default(), Variance::plus).result()
}

/// The median of the distances from the median.
fn deviation_from_median(window: &Window<'_>) -> f64 {
    let median = quantile(0.5, values(window).collect());
    quantile(0.5, values(window).map(|value| (value - median).abs()).collect())
}

/// When the extreme value was last there, in seconds; NaN gives way to anything.
fn last_where(window: &Window<'_>, as_good: fn(f64, f64) -> bool) -> Option<f64> {
    let mut best = *window.samples.first()?;
    for sample in window.samples {
        if as_good(sample.value, best.value) || best.value.is_nan() {
            best = *sample;
        }
    }
    Some(best.at.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{at, run};
    use rstest::rstest;

    const NAN: f64 = f64::NAN;

    #[rstest]
    #[case("avg_over_time", &[], &[1.0, 2.0, 6.0], 3.0)]
    #[case("avg_over_time", &[], &[f64::MAX, f64::MAX], f64::MAX)]
    #[case("sum_over_time", &[], &[1.0, 1e100, 1.0, -1e100], 2.0)]
    #[case("min_over_time", &[], &[NAN, 3.0, 2.0, NAN], 2.0)]
    #[case("max_over_time", &[], &[NAN, 3.0, 2.0, NAN], 3.0)]
    #[case("max_over_time", &[], &[NAN], NAN)]
    #[case("count_over_time", &[], &[NAN, 3.0], 2.0)]
    #[case("last_over_time", &[], &[1.0, 3.0], 3.0)]
    #[case("first_over_time", &[], &[1.0, 3.0], 1.0)]
    #[case("present_over_time", &[], &[NAN], 1.0)]
    #[case("quantile_over_time", &[0.25], &[4.0, 0.0, 8.0], 2.0)]
    #[case("quantile_over_time", &[-1.0], &[4.0], f64::NEG_INFINITY)]
    #[case("stdvar_over_time", &[], &[2.0, 4.0, 6.0, 8.0], 5.0)]
    #[case("stddev_over_time", &[], &[1.0, 3.0], 1.0)]
    #[case("mad_over_time", &[], &[4.0, 6.0, 2.0, 1.0, 999.0, 1.0, 2.0], 1.0)]
    #[case("ts_of_min_over_time", &[], &[NAN, 1.0, 2.0, 1.0], 40.0)]
    #[case("ts_of_max_over_time", &[], &[2.0, 1.0, 2.0, 1.0], 30.0)]
    #[case("ts_of_first_over_time", &[], &[1.0, 1.0], 10.0)]
    #[case("ts_of_last_over_time", &[], &[1.0, 1.0], 20.0)]
    fn reduces_as_computed_by_hand(
        #[case] name: &str,
        #[case] scalars: &[f64],
        #[case] values: &[f64],
        #[case] expected: f64,
    ) {
        let found = run(name, &at(10, values), scalars).unwrap();
        let same = found == expected || (found.is_nan() && expected.is_nan());
        assert!(same || (found / expected - 1.0).abs() < 1e-12, "{found}");
    }
}
