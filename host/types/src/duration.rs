//! Durations as Prometheus writes them: `1h30m`, `250ms`, `0`; units y w d h m s ms, each at most once, largest first.

use std::time::Duration;

const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no duration; write it like 30s, 5m, 1h30m or 250ms")]
pub struct InvalidDuration(pub String);

/// Parses a Prometheus duration. `0` needs no unit.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration(text.to_owned());
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut rest, mut millis, mut next_unit) = (text, 0u64, 0usize);
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
        let number: u64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters]).ok_or_else(invalid)?;
        if unit < next_unit {
            return Err(invalid());
        }
        next_unit = unit + 1;
        let part = number.checked_mul(UNITS[unit].1).ok_or_else(invalid)?;
        millis = millis.checked_add(part).ok_or_else(invalid)?;
        rest = &rest[letters..];
    }
    Ok(Duration::from_millis(millis))
}

/// Writes a duration as Prometheus does: `1h30m`, `0s`. Below a millisecond is cut off.
pub fn format_duration(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (name, size) in UNITS {
        // A year or a week is written only when nothing remains, so that 8d stays 8d.
        let exact_only = matches!(name, "y" | "w");
        if millis >= size && (!exact_only || millis % size == 0) {
            text.push_str(&format!("{}{name}", millis / size));
            millis %= size;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("5m", 300_000, "5m")]
    #[case("1h30m", 5_400_000, "1h30m")]
    #[case("250ms", 250, "250ms")]
    #[case("90s", 90_000, "1m30s")]
    #[case("0", 0, "0s")]
    #[case("8d", 691_200_000, "8d")]
    fn round_trips(#[case] text: &str, #[case] millis: u64, #[case] canonical: &str) {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)));
        assert_eq!(format_duration(Duration::from_millis(millis)), canonical);
    }

    #[rstest]
    #[case("")]
    #[case("5")]
    #[case("m5")]
    #[case("5m1h")]
    #[case("5m5m")]
    #[case("99999999999999999999y")]
    #[case("5 m")]
    fn refuses(#[case] text: &str) {
        assert_eq!(parse_duration(text), Err(InvalidDuration(text.to_owned())));
    }
}
