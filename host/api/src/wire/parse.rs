//! Reads the parts of requests into the domain's types, and collects what is wrong with each by its field.

use std::time::Duration;

use ballast_types::{Matcher, Timestamp, parse_duration};

use super::problem::ProblemError;

/// Most characters of a name, a title or a comment.
pub(crate) const TEXT_CHARS_MAX: usize = 1000;
/// Most characters of a note.
pub(crate) const NOTE_CHARS_MAX: usize = 4_000;

/// What is wrong with a request, by field. Never empty where it is an error.
pub(crate) type Invalid = Vec<ProblemError>;

/// Collects what is wrong, so that a client is told of everything at once.
#[derive(Default)]
pub(crate) struct Fields(Invalid);

impl Fields {
    /// Keeps the good, notes the bad.
    pub(crate) fn take<T>(&mut self, result: Result<T, ProblemError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// The whole, where every part was good.
    pub(crate) fn finish<T>(self, whole: Option<T>) -> Result<T, Invalid> {
        match whole {
            Some(whole) if self.0.is_empty() => Ok(whole),
            _ => Err(self.0),
        }
    }
}

/// A text that says something and is not longer than [`TEXT_CHARS_MAX`].
pub(crate) fn text(field: &str, text: String) -> Result<String, ProblemError> {
    bounded(field, text, TEXT_CHARS_MAX)
}

/// A text that says something and is not longer than `chars_max`.
pub(crate) fn bounded(field: &str, text: String, chars_max: usize) -> Result<String, ProblemError> {
    let trimmed = text.trim();
    match trimmed.chars().count() {
        0 => Err(ProblemError::field(field, "it is empty")),
        count if count > chars_max => Err(ProblemError::field(
            field,
            format!("it has {count} characters; at most {chars_max} are kept"),
        )),
        _ => Ok(trimmed.to_owned()),
    }
}

/// An RFC 3339 instant.
pub(crate) fn instant(field: &str, text: &str) -> Result<Timestamp, ProblemError> {
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Ok(Timestamp::from_millis(instant.as_millisecond())),
        Err(_) => {
            let message = format!("`{text}` is no instant; write it like 2025-01-31T12:00:00Z");
            Err(ProblemError::field(field, message))
        }
    }
}

/// A duration as Prometheus writes it: `2h30m`.
pub(crate) fn duration(field: &str, text: &str) -> Result<Duration, ProblemError> {
    parse_duration(text).map_err(|error| ProblemError::field(field, error.to_string()))
}

/// Seconds since the epoch with a fraction, or an RFC 3339 instant.
pub(crate) fn seconds_or_instant(field: &str, text: &str) -> Result<Timestamp, ProblemError> {
    match text.parse::<f64>() {
        // Half the range of an i64 of milliseconds: what is added to it later cannot overflow.
        Ok(secs) if secs.abs() <= 4e15 => Ok(Timestamp::from_millis((secs * 1000.0).round() as i64)),
        Ok(_) => Err(ProblemError::field(field, format!("`{text}` seconds is out of range"))),
        Err(_) => instant(field, text),
    }
}

/// One of several names.
pub(crate) fn one_of<T>(
    field: &str,
    text: &str,
    known: impl IntoIterator<Item = (&'static str, T)>,
) -> Result<T, ProblemError> {
    let mut names = Vec::new();
    for (name, value) in known {
        if name.eq_ignore_ascii_case(text) {
            return Ok(value);
        }
        names.push(name);
    }
    Err(ProblemError::field(field, format!("`{text}` is not one of {}", names.join(", "))))
}

/// Label matchers as PromQL writes them, with or without braces: `severity="critical", service=~"a.*"`.
pub(crate) fn matchers(field: &str, text: &str) -> Result<Vec<Matcher>, ProblemError> {
    ballast_engine::parse_matchers(text).map_err(|error| ProblemError::field(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_seconds_or_rfc_3339() {
        let at =
            |text| seconds_or_instant("time", text).map(Timestamp::as_millis).map_err(|error| error.message);
        assert_eq!(at("1700000000.5"), Ok(1_700_000_000_500));
        assert_eq!(at("2023-11-14T22:13:20+00:00"), Ok(1_700_000_000_000));
        assert_eq!(at("NaN").unwrap_err(), "`NaN` seconds is out of range");
        assert_eq!(at("1e300").unwrap_err(), "`1e300` seconds is out of range");
        assert_eq!(at("noon").unwrap_err(), "`noon` is no instant; write it like 2025-01-31T12:00:00Z");
    }

    #[test]
    fn a_text_must_say_something_and_fit() {
        assert_eq!(text("by", " ann ".into()), Ok("ann".into()));
        assert_eq!(text("by", " \n".into()).unwrap_err().message, "it is empty");
        assert!(text("by", "x".repeat(1000)).is_ok());
        let error = text("by", "x".repeat(1001)).unwrap_err();
        assert_eq!(error.message, "it has 1001 characters; at most 1000 are kept");
    }
}
