//! The scalar parameters of aggregations over all instants of a query: which are refused, in Prometheus's words, and what
//! the others come to.

use crate::numeric::go_general;

/// The k of `topk`, `bottomk` and `limitk` at each instant: below 1 is 0, a fraction is cut off. NaN and what no 64-bit
/// integer holds are refused, unless no instant asks for an element at all.
pub(crate) fn counts(values: &[f64]) -> Result<Vec<usize>, String> {
    refuse_nan(values, "Parameter")?;
    if values.iter().any(|value| *value >= 1.0) {
        // As floats the bounds are powers of two, the upper one beyond what fits.
        let beyond = |value: &&f64| **value >= i64::MAX as f64;
        let below = |value: &&f64| **value <= i64::MIN as f64;
        if let Some(value) = values.iter().find(below) {
            return Err(format!("Scalar value {} underflows int64", go_general(*value)));
        }
        if let Some(value) = values.iter().find(beyond) {
            return Err(format!("Scalar value {} overflows int64", go_general(*value)));
        }
    }
    Ok(values.iter().map(|value| value.max(0.0) as usize).collect())
}

/// Refuses a ratio of `limit_ratio` that is NaN; one outside -1..=1 is capped with
/// [`crate::notes::wording::ratio_capped`].
pub(crate) fn refuse_nan_ratio(values: &[f64]) -> Result<(), String> {
    refuse_nan(values, "Ratio")
}

fn refuse_nan(values: &[f64], what: &str) -> Result<(), String> {
    match values.iter().any(|value| value.is_nan()) {
        true => Err(format!("{what} value is NaN")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[2.9, 0.5, -3.0], Ok(&[2_usize, 0, 0][..]))]
    #[case(&[-1e30], Ok(&[0_usize][..]))]
    #[case(&[1.0, -1e30], Err("Scalar value -1e+30 underflows int64"))]
    #[case(&[1e30], Err("Scalar value 1e+30 overflows int64"))]
    #[case(&[f64::NAN], Err("Parameter value is NaN"))]
    #[case(&[], Ok(&[][..]))]
    fn counts_are_whole_or_refused(#[case] values: &[f64], #[case] expected: Result<&[usize], &str>) {
        assert_eq!(counts(values), expected.map(<[usize]>::to_vec).map_err(str::to_owned));
    }

    #[test]
    fn a_ratio_is_a_number() {
        assert_eq!(refuse_nan_ratio(&[0.5, f64::NAN]).unwrap_err(), "Ratio value is NaN");
        assert!(refuse_nan_ratio(&[7.0]).is_ok());
    }
}
