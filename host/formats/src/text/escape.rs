//! Names for readers that know quoted UTF-8 names and for those that do not, and which of them asks.

use std::borrow::Cow;

use super::Format;

/// How a name beyond the legacy alphabet is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escaping {
    /// What cannot stand in a legacy name becomes an underscore.
    #[default]
    Underscores,
    /// As it is, in quotes.
    AllowUtf8,
}

/// The format and the escaping that an `Accept` header asks for: the one with the most weight, the first of equals;
/// the text format where nothing is known.
pub fn negotiate(accept: &str) -> (Format, Escaping) {
    let mut best: (f64, (Format, Escaping)) = (0.0, (Format::Text, Escaping::Underscores));
    for kind in accept.split(',') {
        let mut parts = kind.split(';').map(str::trim);
        let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/openmetrics-text" => Format::OpenMetrics,
            "text/plain" | "text/*" | "*/*" => Format::Text,
            _ => continue,
        };
        let (mut weight, mut escaping) = (1.0, Escaping::Underscores);
        for part in parts {
            match part.split_once('=') {
                Some(("q", text)) => weight = text.parse().unwrap_or(0.0),
                Some(("escaping", "allow-utf-8")) => escaping = Escaping::AllowUtf8,
                _ => {}
            }
        }
        if weight > best.0 {
            best = (weight, (format, escaping));
        }
    }
    best.1
}

/// The content type of what is written.
pub fn content_type(format: Format, escaping: Escaping) -> &'static str {
    match (format, escaping) {
        (Format::Text, Escaping::Underscores) => {
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
        }
        (Format::Text, Escaping::AllowUtf8) => {
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
        }
        (Format::OpenMetrics, Escaping::Underscores) => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        }
        (Format::OpenMetrics, Escaping::AllowUtf8) => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
        }
    }
}

/// A metric name that may stand without quotes, or as `Err` one that needs them.
pub(super) fn metric_name(name: &str, escaping: Escaping) -> Result<Cow<'_, str>, &str> {
    written(name, escaping, |c| c == ':')
}

/// A label name that may stand without quotes, or as `Err` one that needs them.
pub(super) fn label_name(name: &str, escaping: Escaping) -> Result<Cow<'_, str>, &str> {
    written(name, escaping, |_| false)
}

fn written(name: &str, escaping: Escaping, more: impl Fn(char) -> bool) -> Result<Cow<'_, str>, &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || more(c);
    let legal = |(place, c): (usize, char)| is_part(c) && !(place == 0 && c.is_ascii_digit());
    match escaping {
        _ if name.char_indices().all(legal) && !name.is_empty() => Ok(Cow::Borrowed(name)),
        Escaping::AllowUtf8 => Err(name),
        Escaping::Underscores if name.is_empty() => Ok(Cow::Borrowed("_")),
        Escaping::Underscores => {
            Ok(name.char_indices().map(|(place, c)| if legal((place, c)) { c } else { '_' }).collect())
        }
    }
}

/// A text in double quotes.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\\' => out.push_str(r"\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str(r"\n"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", Format::Text, Escaping::Underscores)]
    #[case("*/*", Format::Text, Escaping::Underscores)]
    #[case("text/html, application/xml;q=0.9", Format::Text, Escaping::Underscores)]
    #[case("text/plain;version=1.0.0;escaping=allow-utf-8", Format::Text, Escaping::AllowUtf8)]
    #[case(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3,*/*;q=0.2",
        Format::OpenMetrics,
        Escaping::AllowUtf8
    )]
    #[case("application/openmetrics-text;q=0.1, text/plain;q=0.2", Format::Text, Escaping::Underscores)]
    fn accept_headers(#[case] accept: &str, #[case] format: Format, #[case] escaping: Escaping) {
        assert_eq!(negotiate(accept), (format, escaping));
        assert_eq!(Format::of_content_type(content_type(format, escaping)), format);
    }

    #[test]
    fn names_are_escaped_or_need_quotes() {
        let name = |text| metric_name(text, Escaping::Underscores).unwrap().into_owned();
        assert_eq!((name("a:b_9"), name("9a.b"), name("ü")), ("a:b_9".into(), "_a_b".into(), "_".into()));
        assert_eq!(label_name("a:b", Escaping::AllowUtf8), Err("a:b"));
        assert_eq!(metric_name("a:b", Escaping::AllowUtf8), Ok("a:b".into()));
    }
}
