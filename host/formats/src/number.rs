//! Numbers as the text formats write them. Short decimals, which is nearly all of them, take a path that is exact without
//! big arithmetic: a mantissa below 2^53 and a power of ten up to 10^22 are both floats, so one operation rounds once
//! (W. Clinger, "How to read floating point numbers accurately", 1990).

use std::fmt::Write as _;

/// What an ordinary NaN is written as in memory, so that it is never taken for a staleness marker.
pub(crate) const NORMAL_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Digits that a mantissa may have without reaching 2^63.
const DIGITS_MAX: usize = 18;
const MANTISSA_MAX: u64 = 1 << 53;

/// Why a text is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotANumber {
    /// Not written as a number.
    Syntax,
    /// A number beyond what a float holds.
    TooLarge,
}

/// The value of a text: decimal, `NaN`, or `Inf` and `Infinity` with or without a sign, in any case.
pub(crate) fn value(text: &[u8]) -> Result<f64, NotANumber> {
    match short_decimal(text) {
        Some(value) => Ok(value),
        None => any_value(text),
    }
}

/// Milliseconds from a decimal number of seconds, rounded to the nearest; `None` where floats no longer tell them apart.
pub(crate) fn seconds_as_millis(text: &[u8]) -> Option<i64> {
    let millis = (value(text).ok()? * 1000.0).round();
    (millis.abs() <= MANTISSA_MAX as f64).then_some(millis as i64)
}

/// The shortest text that reads as the same float, as Go's `%g` and hence Prometheus writes it: with an exponent of at
/// least two digits below 1e-4 and from 1e6 on.
pub(crate) fn write_value(value: f64, out: &mut String) {
    match value {
        _ if value.is_nan() => out.push_str("NaN"),
        f64::INFINITY => out.push_str("+Inf"),
        f64::NEG_INFINITY => out.push_str("-Inf"),
        _ => write_finite(value, out),
    }
}

fn write_finite(value: f64, out: &mut String) {
    let size = value.abs();
    if size == 0.0 || (1e-4..1e6).contains(&size) {
        _ = write!(out, "{value}");
        return;
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    _ = write!(out, "{digits}e{sign}{exponent:0>2}");
}

/// As [`write_value`], and recognisable as a float: `1` is `1.0`.
pub(crate) fn write_float(value: f64, out: &mut String) {
    let start = out.len();
    write_value(value, out);
    let is_integer = |text: &str| !text.contains(['.', 'e', 'N', 'I']);
    if out.get(start..).is_some_and(is_integer) {
        out.push_str(".0");
    }
}

fn short_decimal(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    let mut mantissa = 0u64;
    let mut count = 0usize;
    let mut point: Option<usize> = None;
    let mut rest = digits.iter();
    let mut exponent = 0i32;
    while let Some(byte) = rest.next() {
        match byte.wrapping_sub(b'0') {
            digit @ 0..=9 => {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                count += 1;
            }
            _ if *byte == b'.' && point.is_none() => point = Some(count),
            _ if matches!(byte, b'e' | b'E') => {
                exponent = short_exponent(rest.as_slice())?;
                break;
            }
            _ => return None,
        }
    }
    if count == 0 || count > DIGITS_MAX || mantissa > MANTISSA_MAX {
        return None;
    }
    exponent -= point.map_or(0, |point| (count - point) as i32);
    let power = *POWERS.get(exponent.unsigned_abs() as usize)?;
    let size = if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    Some(if negative { -size } else { size })
}

fn short_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |all, digit| all * 10 + i32::from(digit - b'0'));
    Some(if negative { -size } else { size })
}

#[cold]
fn any_value(text: &[u8]) -> Result<f64, NotANumber> {
    if text.eq_ignore_ascii_case(b"nan") {
        return Ok(NORMAL_NAN);
    }
    let parsed: Option<f64> = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    match parsed {
        Some(value) if value.is_infinite() && text.iter().any(u8::is_ascii_digit) => {
            Err(NotANumber::TooLarge)
        }
        // What is left of NaN here has a sign, which no writer of these formats gives it.
        Some(value) if !value.is_nan() => Ok(value),
        _ => Err(NotANumber::Syntax),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_special_values() {
        for (text, bits) in [
            ("NaN", NORMAL_NAN.to_bits()),
            ("nan", NORMAL_NAN.to_bits()),
            ("+Inf", f64::INFINITY.to_bits()),
            ("inf", f64::INFINITY.to_bits()),
            ("-infinity", f64::NEG_INFINITY.to_bits()),
            ("-0", (-0.0f64).to_bits()),
            ("+1.5", 1.5f64.to_bits()),
            (".5", 0.5f64.to_bits()),
            ("5.", 5f64.to_bits()),
            ("1.609459823e+09", 1_609_459_823f64.to_bits()),
        ] {
            assert_eq!(value(text.as_bytes()).map(f64::to_bits), Ok(bits), "{text}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", ".", "1e", "e5", "1_000", "0x10", "-nan", "+NaN", "1.2.3", "1x", "--1", "in"] {
            assert_eq!(value(text.as_bytes()), Err(NotANumber::Syntax), "{text}");
        }
        assert_eq!(value(b"-1e999"), Err(NotANumber::TooLarge));
    }

    #[test]
    fn seconds_round_to_milliseconds() {
        assert_eq!(seconds_as_millis(b"1520879607.789"), Some(1_520_879_607_789));
        assert_eq!(seconds_as_millis(b"-0.0004"), Some(0));
        assert_eq!(seconds_as_millis(b"1e300"), None);
        assert_eq!(seconds_as_millis(b"NaN"), None);
    }

    #[test]
    fn floats_are_written_as_prometheus_writes_them() {
        let written = |value| {
            let (mut plain, mut float) = (String::new(), String::new());
            write_value(value, &mut plain);
            write_float(value, &mut float);
            (plain, float)
        };
        for (value, plain, float) in [
            (0.0, "0", "0.0"),
            (-1.0, "-1", "-1.0"),
            (0.25, "0.25", "0.25"),
            (0.00001, "1e-05", "1e-05"),
            (0.0001, "0.0001", "0.0001"),
            (999999.0, "999999", "999999.0"),
            (1_000_000.0, "1e+06", "1e+06"),
            (1_609_459_823.5, "1.6094598235e+09", "1.6094598235e+09"),
            (1.5e22, "1.5e+22", "1.5e+22"),
            (-2e100, "-2e+100", "-2e+100"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf"),
        ] {
            assert_eq!(written(value), (plain.to_owned(), float.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bits: u64) {
            let float = f64::from_bits(bits);
            let mut text = String::new();
            write_value(float, &mut text);
            let read = value(text.as_bytes()).unwrap();
            prop_assert!(read.to_bits() == bits || (read.is_nan() && float.is_nan()), "{text}");
        }

        #[test]
        fn every_float_is_read_as_the_standard_library_reads_it(bits in any::<u64>(), short in -99_999i64..99_999, places in 0usize..25) {
            let float = f64::from_bits(bits);
            prop_assume!(float.is_finite());
            let texts = [
                format!("{float}"), format!("{float:e}"), format!("{:.places$}", short as f64 / 1000.0),
                format!("{short}e{places}"), format!("{short}e-{places}"),
            ];
            for text in texts {
                prop_assert_eq!(value(text.as_bytes()).unwrap().to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
