//! Numbers as Prometheus writes them, straight to bytes: values with the fewest digits that read back as the same value,
//! instants as seconds with three decimals or none.

use ballast_types::Timestamp;

/// Below it, but for zero, a value is written with an exponent.
const FIXED_MIN: f64 = 1e-6;
/// From it on a value is written with an exponent.
const FIXED_MAX: f64 = 1e21;
/// Whole numbers below it are exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Appends a value: a decimal from 1e-6 up to 1e21, else with an exponent of at least two digits; `NaN`, `+Inf`, `-Inf`.
pub(crate) fn push_value(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        let text: &[u8] = match () {
            () if value.is_nan() => b"NaN",
            () if value > 0.0 => b"+Inf",
            () => b"-Inf",
        };
        return out.extend_from_slice(text);
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let size = value.abs();
    if size < WHOLE_MAX && size.trunc() == size {
        return push_whole(out, size as u64);
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(size);
    let is_fixed = (FIXED_MIN..FIXED_MAX).contains(&size);
    match text.split_once('e') {
        None => out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes()),
        Some((digits, exponent)) if is_fixed => push_fixed(out, digits, exponent.parse().unwrap_or(0)),
        Some((digits, exponent)) => push_exponent(out, digits, exponent.parse().unwrap_or(0)),
    }
}

/// Appends `digits` (`1.25`, one before the point) times ten to the `exponent`, without an exponent.
fn push_fixed(out: &mut Vec<u8>, digits: &str, exponent: i32) {
    let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let rest = rest.trim_end_matches('0').as_bytes();
    match usize::try_from(exponent) {
        Ok(places) => {
            let (whole, fraction) = rest.split_at(places.min(rest.len()));
            out.extend_from_slice(first.as_bytes());
            out.extend_from_slice(whole);
            out.extend(std::iter::repeat_n(b'0', places - whole.len()));
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction);
            }
        }
        Err(_) => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', exponent.unsigned_abs() as usize - 1));
            out.extend_from_slice(first.as_bytes());
            out.extend_from_slice(rest);
        }
    }
}

/// Appends `digits` times ten to the `exponent`, with an exponent of at least two digits.
fn push_exponent(out: &mut Vec<u8>, digits: &str, exponent: i32) {
    out.extend_from_slice(digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.unsigned_abs() < 10 {
        out.push(b'0');
    }
    push_whole(out, exponent.unsigned_abs().into());
}

/// Appends an instant in seconds: `1738324800`, or `1738324800.250` where it is no whole second.
pub(crate) fn push_seconds(out: &mut Vec<u8>, at: Timestamp) {
    if at.as_millis() < 0 {
        out.push(b'-');
    }
    let millis = at.as_millis().unsigned_abs();
    push_whole(out, millis / 1000);
    if !millis.is_multiple_of(1000) {
        let rest = (millis % 1000) as u16;
        let digit = |of: u16| b'0' + (of % 10) as u8;
        out.extend_from_slice(&[b'.', digit(rest / 100), digit(rest / 10), digit(rest)]);
    }
}

/// Appends a whole number.
pub(crate) fn push_whole(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut count = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        count += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - count..).unwrap_or_default());
}

/// A value with an exponent, as the values of alerts are written.
pub(crate) fn exponent_text(value: f64) -> String {
    if !value.is_finite() {
        return value_text(value);
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.unsigned_abs())
}

/// A value as text.
pub(crate) fn value_text(value: f64) -> String {
    let mut text = Vec::with_capacity(24);
    push_value(&mut text, value);
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(0.0, "0")]
    #[case(-0.0, "-0")]
    #[case(1.0, "1")]
    #[case(-12.5, "-12.5")]
    #[case(0.1, "0.1")]
    #[case(0.000001, "0.000001")]
    #[case(0.0000012345, "0.0000012345")]
    #[case(0.00000099, "9.9e-07")]
    #[case(1e-7, "1e-07")]
    #[case(5e-324, "5e-324")]
    #[case(123456789.125, "123456789.125")]
    #[case(9007199254740993.0, "9007199254740992")]
    #[case(f64::from_bits(4_828_251_409_451_967_370), "612026067270769.2")]
    #[case(1e16, "10000000000000000")]
    #[case(1.5e17, "150000000000000000")]
    #[case(123456789012345680000.0, "123456789012345680000")]
    #[case(1e20, "100000000000000000000")]
    #[case(1e21, "1e+21")]
    #[case(-1.25e21, "-1.25e+21")]
    #[case(f64::MAX, "1.7976931348623157e+308")]
    #[case(f64::NAN, "NaN")]
    #[case(f64::INFINITY, "+Inf")]
    #[case(f64::NEG_INFINITY, "-Inf")]
    fn values_are_spelt_as_prometheus_spells_them(#[case] value: f64, #[case] text: &str) {
        assert_eq!(value_text(value), text);
    }

    #[rstest]
    #[case(0, "0")]
    #[case(1_738_324_800_000, "1738324800")]
    #[case(1_738_324_800_250, "1738324800.250")]
    #[case(1_738_324_800_007, "1738324800.007")]
    #[case(-1_500, "-1.500")]
    #[case(i64::MIN, "-9223372036854775.808")]
    fn instants_are_seconds_with_three_decimals_or_none(#[case] millis: i64, #[case] text: &str) {
        let mut out = Vec::new();
        push_seconds(&mut out, Timestamp::from_millis(millis));
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    /// The rule itself, on the standard library's digits.
    fn plainly(value: f64) -> String {
        let size = value.abs();
        if size == 0.0 || (FIXED_MIN..FIXED_MAX).contains(&size) {
            return format!("{value}");
        }
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
    }

    proptest! {
        #[test]
        fn every_value_is_spelt_by_the_rule_and_reads_back(bits: u64, scaled in -1e25..1e25f64, power in -12i32..24) {
            for value in [f64::from_bits(bits), scaled, scaled.fract() * 10f64.powi(power)] {
                let text = value_text(value);
                if value.is_finite() {
                    // Of two shortest texts that are as near, Go takes the even digit and Rust may take the other.
                    prop_assert_eq!(text.len(), plainly(value).len());
                    prop_assert_eq!(text.contains('e'), plainly(value).contains('e'));
                    prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
                }
            }
        }
    }
}
