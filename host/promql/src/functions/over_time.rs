//! Aggregates of a window's samples over time: `avg_over_time` and its like.

use super::{Function, Window, window};
use crate::numeric::{KahanSum, Mean, quantile};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "avg_over_time" => window(|w| Some(values(w).fold(Mean::default(), Mean::plus).result())),
        "sum_over_time" => window(|w| Some(values(w).fold(KahanSum::default(), KahanSum::plus).total())),
        "min_over_time" => {
            window(|w| values(w).reduce(|best, v| if v < best || best.is_nan() { v } else { best }))
        }
        "max_over_time" => {
            window(|w| values(w).reduce(|best, v| if v > best || best.is_nan() { v } else { best }))
        }
        "count_over_time" => window(|w| Some(w.samples.len() as f64)),
        "last_over_time" => Function::Window { reduce: |w| values(w).last(), keeps_name: true },
        "first_over_time" => Function::Window { reduce: |w| values(w).next(), keeps_name: true },
        "present_over_time" => window(|_| Some(1.0)),
        "quantile_over_time" => window(|w| Some(quantile(*w.scalars.first()?, values(w).collect()))),
        "stdvar_over_time" => window(|w| Some(variance(w))),
        "stddev_over_time" => window(|w| Some(variance(w).sqrt())),
        "mad_over_time" => window(|w| Some(deviation_from_median(w))),
        _ => return None,
    })
}

fn values<'w>(window: &'w Window<'_>) -> impl Iterator<Item = f64> + 'w {
    window.samples.iter().map(|sample| sample.value)
}

/// The population variance, by Welford's method on compensated sums.
fn variance(window: &Window<'_>) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, KahanSum::default(), KahanSum::default());
    for value in values(window) {
        count += 1.0;
        let delta = value - mean.total();
        mean = mean.plus(delta / count);
        squares = squares.plus(delta * (value - mean.total()));
    }
    squares.total() / count
}

/// The median of the distances from the median.
fn deviation_from_median(window: &Window<'_>) -> f64 {
    let median = quantile(0.5, values(window).collect());
    quantile(0.5, values(window).map(|value| (value - median).abs()).collect())
}
