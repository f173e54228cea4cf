//! Straight lines through the samples of a window: `deriv` and `predict_linear`, by simple least squares.

use ballast_types::Sample;

use super::{Function, Window, window};
use crate::numeric::KahanSum;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "deriv" => window(deriv),
        "predict_linear" => window(predict),
        _ => return None,
    })
}

fn deriv(window: &Window<'_>) -> Option<f64> {
    // The first sample is the origin, so that large timestamps do not eat the digits.
    let origin_ms = window.samples.first()?.at.as_millis();
    line(window.samples, origin_ms).map(|line| line.slope)
}

fn predict(window: &Window<'_>) -> Option<f64> {
    let ahead_secs = window.scalars.first()?;
    line(window.samples, window.at_ms).map(|line| line.slope * ahead_secs + line.intercept)
}

struct Line {
    /// Per second.
    slope: f64,
    /// At the origin.
    intercept: f64,
}

/// The line through at least two samples.
fn line(samples: &[Sample], origin_ms: i64) -> Option<Line> {
    let [first, _, ..] = samples else { return None };
    if samples.iter().all(|sample| sample.value == first.value) {
        let flat = Line { slope: 0.0, intercept: first.value };
        let nowhere = Line { slope: f64::NAN, intercept: f64::NAN };
        return Some(if first.value.is_infinite() { nowhere } else { flat });
    }
    let (mut x, mut y, mut xy, mut xx) = <(KahanSum, KahanSum, KahanSum, KahanSum)>::default();
    for sample in samples {
        let secs = (sample.at.as_millis() - origin_ms) as f64 / 1000.0;
        x = x.plus(secs);
        y = y.plus(sample.value);
        xy = xy.plus(secs * sample.value);
        xx = xx.plus(secs * secs);
    }
    let n = samples.len() as f64;
    let (x, y) = (x.total(), y.total());
    let slope = (xy.total() - x * y / n) / (xx.total() - x * x / n);
    Some(Line { slope, intercept: y / n - slope * x / n })
}
