//! The comment lines that say what a metric family is: `# HELP name text`, `# TYPE name type`, `# UNIT name unit`.

use std::borrow::Cow;

use ballast_types::ingest::MetricType;

use super::Format;
use super::cursor::{Cursor, unescape};

/// What a comment line says, and of which family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MetaLine<'b> {
    /// The name as it is written, in quotes where it needs them.
    pub(super) name: &'b [u8],
    pub(super) says: Says<'b>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Says<'b> {
    Type(MetricType),
    /// A type that does not exist.
    BadType(&'b [u8]),
    /// Escaped as it is written.
    Help(&'b [u8]),
    Unit(&'b [u8]),
}

/// Reads a line that starts with `#`; `None` where it is a comment for people.
pub(super) fn parse(line: &[u8], format: Format) -> Option<MetaLine<'_>> {
    let rest = line.strip_prefix(b"#")?.trim_ascii_start();
    let (keyword, rest) = rest.split_at_checked(4)?;
    if !matches!(rest.first(), Some(b' ' | b'\t')) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let (name, rest) = rest.split_at_checked(name_length(rest)?)?;
    let text = rest.get(1..).unwrap_or_default();
    let says = match keyword {
        b"HELP" => Says::Help(text),
        b"TYPE" => kind(text.trim_ascii(), format),
        b"UNIT" if format == Format::OpenMetrics => Says::Unit(text.trim_ascii()),
        _ => return None,
    };
    Some(MetaLine { name, says })
}

fn name_length(text: &[u8]) -> Option<usize> {
    let length = match text.split_first()? {
        (b'"', quoted) => super::cursor::quoted_length(quoted)? + 2,
        _ => text.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len()),
    };
    (length > 0).then_some(length)
}

fn kind(text: &[u8], format: Format) -> Says<'_> {
    Says::Type(match text {
        b"counter" => MetricType::Counter,
        b"gauge" => MetricType::Gauge,
        b"histogram" => MetricType::Histogram,
        b"summary" => MetricType::Summary,
        b"unknown" | b"untyped" => MetricType::Unknown,
        b"gaugehistogram" if format == Format::OpenMetrics => MetricType::GaugeHistogram,
        b"info" if format == Format::OpenMetrics => MetricType::Info,
        b"stateset" if format == Format::OpenMetrics => MetricType::StateSet,
        _ => return Says::BadType(text),
    })
}

/// The name of a family without its quotes.
pub(super) fn family_name(written: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(written).ok()?;
    match text.starts_with('"') {
        true => Cursor::new(text).quoted().ok(),
        false => Some(Cow::Borrowed(text)),
    }
}

/// A help text without its escapes.
pub(super) fn help_text(written: &[u8]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(written).ok().map(unescape)
}
