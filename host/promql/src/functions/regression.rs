//! Where a window's samples are going: `deriv` and `predict_linear` by simple least squares, and
//! `double_exponential_smoothing` (Holt's linear trend; it was `holt_winters` before Prometheus 3).

use ballast_types::Sample;

use super::window::{Window, WindowKernel};
use crate::numeric::KahanSum;

const SMOOTHING: WindowKernel =
    WindowKernel { refuses: refuse_factors, ..WindowKernel::new("double_exponential_smoothing", smooth) };

pub(super) const KERNELS: [WindowKernel; 4] = [
    WindowKernel::new("deriv", deriv),
    WindowKernel::new("predict_linear", predict),
    SMOOTHING,
    WindowKernel { name: "holt_winters", ..SMOOTHING },
];

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

fn refuse_factors(scalars: &[f64]) -> Result<(), String> {
    for (name, factor) in ["smoothing", "trend"].into_iter().zip(scalars) {
        if *factor <= 0.0 || *factor >= 1.0 {
            let short = if name == "smoothing" { "sf" } else { "tf" };
            return Err(format!("invalid {name} factor. Expected: 0 < {short} < 1, got: {factor:.6}"));
        }
    }
    Ok(())
}

/// The level after the last of at least two samples; the trend begins as their first difference.
fn smooth(window: &Window<'_>) -> Option<f64> {
    let [smoothing, trend_factor, ..] = window.scalars else { return None };
    let [first, second, ..] = window.samples else { return None };
    let (mut level, mut trend) = (first.value, second.value - first.value);
    for sample in window.samples.iter().skip(1) {
        let next = smoothing * sample.value + (1.0 - smoothing) * (level + trend);
        trend = trend_factor * (next - level) + (1.0 - trend_factor) * trend;
        level = next;
    }
    Some(level)
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{at, run};
    use super::super::window::window_kernel;
    use rstest::rstest;

    /// Samples every 10 s; the last stands at the instant of the evaluation.
    #[rstest]
    #[case("deriv", &[], &[1.0, 3.0, 5.0], Some(0.2))]
    #[case("deriv", &[], &[1.0], None)]
    #[case("deriv", &[], &[7.0, 7.0], Some(0.0))]
    #[case("predict_linear", &[60.0], &[1.0, 3.0, 5.0], Some(17.0))]
    #[case("predict_linear", &[60.0], &[7.0, 7.0], Some(7.0))]
    // 10, then 0.5 * 20 + 0.5 * (10 + 10) = 20; trend 0.5 * 10 + 0.5 * 10; 0.5 * 20 + 0.5 * (20 + 10) = 25.
    #[case("double_exponential_smoothing", &[0.5, 0.5], &[10.0, 20.0, 20.0], Some(25.0))]
    #[case("holt_winters", &[0.5, 0.5], &[10.0, 20.0, 20.0], Some(25.0))]
    #[case("double_exponential_smoothing", &[0.5, 0.5], &[10.0], None)]
    fn reduces_as_computed_by_hand(
        #[case] name: &str,
        #[case] scalars: &[f64],
        #[case] values: &[f64],
        #[case] expected: Option<f64>,
    ) {
        let found = run(name, &at(10, values), scalars);
        let near = found.zip(expected).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near || found == expected, "{found:?}");
    }

    #[test]
    fn factors_lie_between_zero_and_one() {
        let refuses = window_kernel("double_exponential_smoothing").unwrap().refuses;
        assert!(refuses(&[0.1, 0.9]).is_ok());
        assert_eq!(
            refuses(&[1.0, 0.9]).unwrap_err(),
            "invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000"
        );
        assert!(refuses(&[0.1, 0.0]).unwrap_err().starts_with("invalid trend factor"));
    }
}
