//! Floats as Go writes them (`%e`, `%f`, `%g`): rules were written and read with that form in mind, and people compare.

/// The shortest text that reads back as the same number: Go's `%v`.
pub(super) fn shortest(value: f64) -> String {
    special(value).unwrap_or_else(|| general(value, None))
}

/// `%.Ng`: `digits` significant digits, trailing zeros dropped, an exponent where it is shorter.
pub(super) fn significant(value: f64, digits: usize) -> String {
    special(value).unwrap_or_else(|| general(value, Some(digits.max(1))))
}

/// `%.Nf`.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    special(value).unwrap_or_else(|| format!("{value:.decimals$}"))
}

/// `%.Ne`, with an exponent of at least two digits.
pub(super) fn exponential(value: f64, decimals: usize) -> String {
    special(value).unwrap_or_else(|| {
        let (digits, exponent) = scientific(value, Some(decimals + 1));
        written_exponential(value, &digits, exponent)
    })
}

fn special(value: f64) -> Option<String> {
    match value {
        v if v.is_nan() => Some("NaN".to_owned()),
        f64::INFINITY => Some("+Inf".to_owned()),
        f64::NEG_INFINITY => Some("-Inf".to_owned()),
        _ => None,
    }
}

/// Decimal digits without a point, and the exponent of the first.
fn scientific(value: f64, digits: Option<usize>) -> (String, i32) {
    let text = match digits {
        Some(digits) => format!("{:.*e}", digits.saturating_sub(1), value.abs()),
        None => format!("{:e}", value.abs()),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// Go's `%g`: an exponent below 1e-4 and from the precision on, which is 6 for the shortest form.
fn general(value: f64, precision: Option<usize>) -> String {
    let (digits, exponent) = scientific(value, precision);
    let trimmed = digits.trim_end_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let most = match precision.and_then(|n| i32::try_from(n).ok()) {
        Some(precision) if precision > count && count > exponent => count,
        Some(precision) => precision,
        None => 6,
    };
    if exponent < -4 || exponent >= most {
        return written_exponential(value, digits, exponent);
    }
    let decimals = usize::try_from(count - 1 - exponent).unwrap_or(0);
    match precision {
        Some(_) => format!("{value:.decimals$}"),
        None => format!("{value}"),
    }
}

fn written_exponential(value: f64, digits: &str, exponent: i32) -> String {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.05, "0.05")]
    #[case(100.0, "100")]
    #[case(1_234_567.0, "1.234567e+06")]
    #[case(123_456.0, "123456")]
    #[case(1e21, "1e+21")]
    #[case(123_456_789.0, "1.23456789e+08")]
    #[case(0.00001, "1e-05")]
    #[case(-2.5, "-2.5")]
    #[case(0.0, "0")]
    #[case(f64::INFINITY, "+Inf")]
    #[case(f64::NAN, "NaN")]
    fn shortest_as_go(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(shortest(value), expected);
    }

    #[rstest]
    #[case(1234.5678, "1235")]
    #[case(12345.678, "1.235e+04")]
    #[case(0.1, "0.1")]
    #[case(1.0, "1")]
    #[case(99.999, "100")]
    #[case(0.000012345, "1.234e-05")]
    #[case(0.0, "0")]
    #[case(-1.5, "-1.5")]
    fn four_significant_digits_as_go(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(significant(value, 4), expected);
    }

    #[test]
    fn with_an_exponent_as_go() {
        assert_eq!(
            [exponential(1500.0, 2), exponential(0.0, 1), exponential(-1e-7, 0)],
            ["1.50e+03", "0.0e+00", "-1e-07"]
        );
        assert_eq!(fixed(2.005, 1), "2.0");
    }
}
