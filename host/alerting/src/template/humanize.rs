//! Numbers for people: metric and binary prefixes, durations, percentages, instants. The rules are those of the template
//! reference of Prometheus (<https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#numbers>).

use super::float::significant;

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/// Divides by `base` until the value is below it; each division takes the next prefix.
fn scaled_down(mut value: f64, base: f64, prefixes: &[&'static str]) -> (f64, &'static str) {
    let mut taken = "";
    for prefix in prefixes {
        if value.abs() < base {
            break;
        }
        taken = prefix;
        value /= base;
    }
    (value, taken)
}

/// Multiplies by a thousand until the value is at least one.
fn scaled_up(mut value: f64) -> (f64, &'static str) {
    let mut taken = "";
    for prefix in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        taken = prefix;
        value *= 1000.0;
    }
    (value, taken)
}

/// `1234567` is `1.235M`, `0.0021` is `2.1m`.
pub(super) fn metric(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return significant(value, 4);
    }
    let (scaled, prefix) =
        if value.abs() >= 1.0 { scaled_down(value, 1000.0, &LARGE) } else { scaled_up(value) };
    format!("{}{prefix}", significant(scaled, 4))
}

/// `1048576` is `1Mi`.
pub(super) fn binary(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return significant(value, 4);
    }
    let (scaled, prefix) = scaled_down(value, 1024.0, &BINARY);
    format!("{}{prefix}", significant(scaled, 4))
}

/// Seconds: `3661` is `1h 1m 1s`, `0.25` is `250ms`.
pub(super) fn duration(secs: f64) -> String {
    if !secs.is_finite() {
        return significant(secs, 4);
    }
    if secs == 0.0 {
        return "0s".to_owned();
    }
    if secs.abs() < 1.0 {
        let (scaled, prefix) = scaled_up(secs);
        return format!("{}{prefix}s", significant(scaled, 4));
    }
    let sign = if secs < 0.0 { "-" } else { "" };
    // Whole seconds; a float cast saturates, so no value is out of range.
    let whole = secs.abs() as u64;
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", significant(secs.abs(), 4)),
        (0, 0, _) => format!("{sign}{minutes}m {rest}s"),
        (0, ..) => format!("{sign}{hours}h {minutes}m {rest}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {rest}s"),
    }
}

/// A ratio: `0.0543` is `5.43%`.
pub(super) fn percentage(ratio: f64) -> String {
    format!("{}%", significant(ratio * 100.0, 4))
}

/// Seconds since the epoch, as an instant in UTC.
pub(super) fn timestamp(secs: f64) -> Result<String, String> {
    if !secs.is_finite() {
        return Ok(significant(secs, 4));
    }
    let out_of_range = || format!("{secs} is too far from 1970 to be an instant");
    let millis = (secs * 1000.0).round();
    let instant = jiff::Timestamp::from_millisecond(millis as i64).map_err(|_| out_of_range())?;
    let fraction = match millis.rem_euclid(1000.0) {
        0.0 => String::new(),
        millis => format!(".{millis:03}").trim_end_matches('0').to_owned(),
    };
    Ok(format!("{}{fraction} +0000 UTC", instant.strftime("%Y-%m-%d %H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, "0")]
    #[case(1.0, "1")]
    #[case(1_234_567.0, "1.235M")]
    #[case(0.0021, "2.1m")]
    #[case(-4500.0, "-4.5k")]
    #[case(f64::INFINITY, "+Inf")]
    fn metric_prefixes(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(metric(value), expected);
    }

    #[rstest]
    #[case(1_048_576.0, "1Mi")]
    #[case(1536.0, "1.5ki")]
    #[case(0.5, "0.5")]
    fn binary_prefixes(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(binary(value), expected);
    }

    #[rstest]
    #[case(0.0, "0s")]
    #[case(0.25, "250ms")]
    #[case(1.5, "1.5s")]
    #[case(61.0, "1m 1s")]
    #[case(3661.0, "1h 1m 1s")]
    #[case(-90_061.0, "-1d 1h 1m 1s")]
    #[case(f64::NAN, "NaN")]
    fn durations(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(duration(value), expected);
    }

    #[rstest]
    #[case(1_435_065_584.128, "2015-06-23 13:19:44.128 +0000 UTC")]
    #[case(0.0, "1970-01-01 00:00:00 +0000 UTC")]
    #[case(-1.5, "1969-12-31 23:59:58.5 +0000 UTC")]
    fn instants(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(timestamp(value).unwrap(), expected);
    }

    #[test]
    fn percentages_and_instants_out_of_range() {
        assert_eq!(percentage(0.0543), "5.43%");
        assert!(timestamp(1e18).is_err());
    }
}
