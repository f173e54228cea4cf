//! Numbers and durations as they are written: how far they reach, what they are worth, and how a duration is shown.
//!
//! Invariant: `duration_secs(show_duration(x)) == x` for whole milliseconds.

use std::fmt::Write;

use super::quote::quote;
use super::token::Kind;

/// Longest duration in seconds: what 63 bits of nanoseconds hold, some 292 years.
pub(super) const DURATION_SECS_MAX: f64 = 9_223_372_036.854_775;

/// Units and their milliseconds, in the order in which they may stand.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Kind and length of the number or duration that a text begins with; else how much of it was looked at.
pub(super) fn scan_number(text: &str) -> Result<(Kind, usize), usize> {
    let number = number_length(text);
    let behind = text.get(number..).unwrap_or_default();
    if !behind.starts_with(is_word) {
        let is_sound = text.get(..number).is_some_and(is_sound_number);
        return if is_sound { Ok((Kind::Number, number)) } else { Err(number) };
    }
    let units = behind.find(|c| !is_word(c)).unwrap_or(behind.len());
    let is_duration = |word: &str| {
        word.starts_with(|c| "smhdwy".contains(c))
            && word.ends_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_digit() || "smhdwy".contains(c))
    };
    match behind.get(..units) {
        Some(written) if is_duration(written) => Ok((Kind::Duration, number + units)),
        _ => Err(number + 1),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// How many bytes look like a number: digits, a dot, an exponent with its sign, underscores.
fn number_length(text: &str) -> usize {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return 2 + hex.find(|c: char| !c.is_ascii_hexdigit() && c != '_').unwrap_or(hex.len());
    }
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(rest.len())
    };
    let mut end = digits(0);
    if text.get(end..).is_some_and(|rest| rest.starts_with('.')) {
        end = digits(end + 1);
    }
    let exponent = text.get(end..).unwrap_or_default();
    if exponent.starts_with(['e', 'E']) {
        let sign = usize::from(exponent.get(1..).is_some_and(|rest| rest.starts_with(['+', '-'])));
        return digits(end + 1 + sign);
    }
    end
}

/// Whether underscores stand between digits only, and the last digit is not missing. One may stand behind `0x`.
fn is_sound_number(text: &str) -> bool {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let is_digit = |b: u8| if hex.is_some() { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
    let digits = hex.map_or(text, |hex| hex.strip_prefix('_').unwrap_or(hex)).as_bytes();
    let is_separated = |window: &[u8]| match window {
        [before, b'_', after] => is_digit(*before) && is_digit(*after),
        _ => true,
    };
    let is_ended = digits.last().is_some_and(|last| is_digit(*last) || (hex.is_none() && *last == b'.'));
    is_ended && !digits.starts_with(b"_") && digits.windows(3).all(is_separated)
}

/// What a number is worth. Integers may be hexadecimal, or octal behind a zero; `Inf` and `NaN` are numbers.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let bare = text.replace('_', "");
    let refused = || format!("error parsing number: {} is out of range", quote(text.as_bytes()));
    if let Some(hex) = bare.strip_prefix("0x").or_else(|| bare.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).map(|value| value as f64).map_err(|_| refused());
    }
    if let Some(octal) = bare.strip_prefix('0').filter(|octal| is_octal(octal)) {
        return i64::from_str_radix(octal, 8).map(|value| value as f64).map_err(|_| refused());
    }
    match bare.parse::<f64>() {
        Ok(value) if value.is_infinite() && !bare.eq_ignore_ascii_case("inf") => Err(refused()),
        Ok(value) => Ok(value),
        Err(_) => Err(format!("error parsing number: {} is no number", quote(text.as_bytes()))),
    }
}

/// Whether the digits behind a zero are an octal number. One that is too long for an integer is read as a decimal.
fn is_octal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) && digits.len() <= 20
}

/// What a duration is worth, in seconds.
pub(super) fn duration_secs(text: &str) -> Result<f64, String> {
    let refused = || format!("not a valid duration string: {}", quote(text.as_bytes()));
    let (mut rest, mut units, mut total_ms) = (text, UNITS.as_slice(), 0u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|n| *n > 0).ok_or_else(refused)?;
        let (count, behind) = rest.split_at_checked(digits).ok_or_else(refused)?;
        let length = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(length).ok_or_else(refused)?;
        let position = units.iter().position(|(name, _)| *name == unit).ok_or_else(refused)?;
        let (_, unit_ms) = units.get(position).ok_or_else(refused)?;
        units = units.get(position + 1..).unwrap_or_default();
        let ms = count.parse::<u64>().ok().and_then(|count| count.checked_mul(*unit_ms));
        total_ms = ms.and_then(|ms| total_ms.checked_add(ms)).ok_or("duration out of range")?;
        rest = behind;
    }
    let secs = total_ms as f64 / 1000.0;
    if secs > DURATION_SECS_MAX { Err("duration out of range".to_owned()) } else { Ok(secs) }
}

/// A number of seconds as a duration, sign included; as a plain number where it is no whole number of milliseconds.
pub(super) fn show_duration(secs: f64) -> String {
    let millis = (secs.abs() * 1000.0).round();
    if millis / 1000.0 != secs.abs() || millis > 1e18 {
        return show_number(secs);
    }
    let sign = if secs < 0.0 { "-" } else { "" };
    let mut left = millis as u64;
    if left == 0 {
        return "0s".to_owned();
    }
    let mut shown = sign.to_owned();
    for (unit, unit_ms) in UNITS {
        // Years and weeks only where they are whole: 90d is easier to read than 12w6d.
        let is_whole = left.is_multiple_of(unit_ms);
        if left >= unit_ms && (is_whole || !matches!(unit, "y" | "w")) {
            let _ = write!(shown, "{}{unit}", left / unit_ms);
            left %= unit_ms;
        }
    }
    shown
}

/// A number with the fewest digits that are read back the same, never with an exponent.
pub(super) fn show_number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1_000", 1000.0)]
    #[case("0x1F", 31.0)]
    #[case("0X_f", 15.0)]
    #[case("010", 8.0)]
    #[case("08", 8.0)]
    #[case(".5e-1", 0.05)]
    #[case("5.", 5.0)]
    #[case("iNf", f64::INFINITY)]
    #[case("0", 0.0)]
    #[case("1_0.2_5e1_0", 10.25e10)]
    fn numbers_are_read_as_go_does(#[case] text: &str, #[case] value: f64) {
        assert_eq!(number(text), Ok(value));
        if text != "iNf" {
            assert_eq!(scan_number(text), Ok((Kind::Number, text.len())));
        }
    }

    #[rstest]
    #[case("1e")]
    #[case("1e+")]
    #[case("1__0")]
    #[case("1_")]
    #[case("1_.5")]
    #[case("1foo")]
    #[case("0x")]
    #[case("5mm_")]
    #[case("1e5e")]
    fn broken_numbers_are_no_tokens(#[case] text: &str) {
        assert!(scan_number(text).is_err(), "{:?}", scan_number(text));
    }

    #[rstest]
    #[case("1y2w3d4h5m6s7ms", 1.0 * 31_536_000.0 + 2.0 * 604_800.0 + 273_906.007, "382d4h5m6s7ms")]
    #[case("90d", 7_776_000.0, "90d")]
    #[case("14d", 1_209_600.0, "2w")]
    #[case("730d", 63_072_000.0, "2y")]
    #[case("60s", 60.0, "1m")]
    #[case("0s", 0.0, "0s")]
    #[case("1ms", 0.001, "1ms")]
    fn durations_are_read_and_shown(#[case] text: &str, #[case] secs: f64, #[case] shown: &str) {
        assert_eq!(duration_secs(text), Ok(secs));
        assert_eq!(show_duration(secs), shown);
    }

    #[test]
    fn what_is_no_duration_is_told() {
        for text in ["5m1h", "5", "s", "5hs", "1m1m"] {
            assert_eq!(duration_secs(text), Err(format!("not a valid duration string: {text:?}")));
        }
        for text in ["300y", "99999999999999999999s"] {
            assert_eq!(duration_secs(text), Err("duration out of range".to_owned()));
        }
        assert_eq!(
            [show_duration(-90.0), show_duration(0.0005), show_duration(1e17)],
            ["-1m30s", "0.0005", "100000000000000000"]
        );
        assert_eq!(number("1e999"), Err("error parsing number: \"1e999\" is out of range".to_owned()));
    }
}
