//! Names of metrics and labels as Prometheus 3.5 translates them by default (`UnderscoreEscapingWithSuffixes`), after the
//! OpenTelemetry specification's page on compatibility with Prometheus and OpenMetrics.

/// Which type a metric is for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    Gauge,
    Counter,
    Other,
}

/// What units of the UCUM are called where they are what is counted.
const UNITS: [(&str, &str); 26] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];
/// What they are called after `per`.
const PER_UNITS: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// The name of a metric; `None` where nothing of it can stand in a name.
pub(super) fn metric_name(name: &str, unit: &str, kind: NameKind) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let mut tokens: Vec<&str> = name.split(|c| !is_part(c)).filter(|token| !token.is_empty()).collect();
    let (main, per) = unit_suffixes(unit);
    let main = Some(main).filter(|main| !main.is_empty() && !tokens.contains(&main.as_str()));
    let per = Some(per).filter(|per| !per.is_empty() && !tokens.contains(&per.as_str()));
    tokens.extend([main.as_deref(), per.as_deref()].into_iter().flatten());
    match kind {
        NameKind::Counter => to_the_end(&mut tokens, "total"),
        NameKind::Gauge if unit == "1" => to_the_end(&mut tokens, "ratio"),
        _ => {}
    }
    let joined = tokens.join("_");
    match joined.chars().next()? {
        first if first.is_ascii_digit() => Some(format!("_{joined}")),
        _ => Some(joined),
    }
}

fn to_the_end<'t>(tokens: &mut Vec<&'t str>, last: &'t str) {
    tokens.retain(|token| *token != last);
    tokens.push(last);
}

/// The suffix of what is counted, and that of per what. A unit in braces is an annotation and no unit.
fn unit_suffixes(unit: &str) -> (String, String) {
    let (main, per) = match unit.split_once('/') {
        Some((main, per)) => (main.trim(), per.trim()),
        None => (unit.trim(), ""),
    };
    let called = |known: &[(&str, &str)], unit: &str| match known.iter().find(|(short, _)| *short == unit) {
        Some((_, long)) => (*long).to_owned(),
        None if unit.contains(['{', '}']) => String::new(),
        None => cleaned(unit),
    };
    let per = called(&PER_UNITS, per);
    (called(&UNITS, main), if per.is_empty() { per } else { format!("per_{per}") })
}

/// Only what may stand in a name, with single underscores between.
fn cleaned(unit: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
    unit.split(|c| !is_part(c)).filter(|token| !token.is_empty()).collect::<Vec<_>>().join("_")
}

/// The name of a label; `None` where nothing of the attribute's name can stand in it.
pub(super) fn label_name(attribute: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = attribute.chars().map(|c| if is_part(c) { c } else { '_' }).collect();
    match name.chars().next()? {
        _ if name != attribute && name.chars().all(|c| c == '_') => None,
        first if first.is_ascii_digit() => Some(format!("key_{name}")),
        '_' if !name.starts_with("__") => Some(format!("key{name}")),
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http.server.duration", "s", NameKind::Other, "http_server_duration_seconds")]
    #[case("http.server.duration.seconds", "s", NameKind::Other, "http_server_duration_seconds")]
    #[case("requests", "1", NameKind::Counter, "requests_total")]
    #[case("requests.total", "{request}", NameKind::Counter, "requests_total")]
    #[case("total.requests", "", NameKind::Counter, "requests_total")]
    #[case("memory.used", "1", NameKind::Gauge, "memory_used_ratio")]
    #[case("memory.used", "1", NameKind::Other, "memory_used")]
    #[case("disk.io", "By/s", NameKind::Counter, "disk_io_bytes_per_second_total")]
    #[case("disk.io", "{operation}/m", NameKind::Gauge, "disk_io_per_minute")]
    #[case("disk.io", "By/parsec", NameKind::Gauge, "disk_io_bytes_per_parsec")]
    #[case("disk.io", "By/{op}", NameKind::Gauge, "disk_io_bytes")]
    #[case("a", "foo bar", NameKind::Gauge, "a_foo_bar")]
    #[case("2xx.count", "", NameKind::Gauge, "_2xx_count")]
    #[case("a::b__c", "", NameKind::Gauge, "a::b_c")]
    #[case("größe", "%", NameKind::Gauge, "gr_e_percent")]
    fn metric_names(#[case] name: &str, #[case] unit: &str, #[case] kind: NameKind, #[case] expected: &str) {
        assert_eq!(metric_name(name, unit, kind).as_deref(), Some(expected));
    }

    #[rstest]
    #[case("http.method", Some("http_method"))]
    #[case("1st", Some("key_1st"))]
    #[case("_private", Some("key_private"))]
    #[case("__reserved__", Some("__reserved__"))]
    #[case("", None)]
    #[case("äö", None)]
    fn label_names(#[case] attribute: &str, #[case] expected: Option<&str>) {
        assert_eq!(label_name(attribute).as_deref(), expected);
        assert_eq!(metric_name("..", "", NameKind::Other), None);
    }
}
