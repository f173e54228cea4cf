//! One line of samples, read exactly: `name{label="value", "quoted.label"="value"} value [timestamp] [# exemplar]`, or the
//! form with a quoted name, `{"quoted.name", label="value"} value`.

use std::borrow::Cow;
use std::sync::Arc;

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Interner, Labels, Timestamp};

use super::Format;
use super::cursor::{Cursor, LabelPair, LineError, is_blank};
use crate::EXEMPLAR_CHARS_MAX;
use crate::number::{self, NotANumber};
use crate::parsed::excerpt;

/// Most bytes of the text of one series.
pub const SERIES_BYTES_MAX: usize = 64 << 10;

/// The labels of one line: sorted by name, each once, none empty, the metric name among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedLabels<'a>(Vec<LabelPair<'a>>);

impl<'a> ParsedLabels<'a> {
    /// The metric name.
    pub fn name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or_default()
    }

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Name and value pairs in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many labels there are; never none.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none, which is not so where the metric has a name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels as they are, over shared texts.
    pub fn labels(&self, interner: &Interner) -> Labels {
        let pairs: Arc<[_]> = self.iter().map(|(n, v)| (interner.text(n), interner.text(v))).collect();
        Labels::from_sorted(pairs)
    }

    /// The same labels with the bound of a bucket, or of a summary's quantile, written as a float: `le="1"` is `le="1.0"`.
    /// Prometheus 3 does so, since clients differ in how they write the same bound.
    pub(super) fn with_float(mut self, label: &str) -> Self {
        if let Some((_, text)) = self.0.iter_mut().find(|(name, _)| name == label)
            && let Ok(bound) = number::value(text.as_bytes())
        {
            let mut written = String::new();
            number::write_float(bound, &mut written);
            *text = Cow::Owned(written);
        }
        self
    }

    /// The labels of the text of a series, if it is one and nothing else.
    pub(super) fn of_series(text: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        let labels = series(&mut cursor).ok()?;
        cursor.rest().is_empty().then_some(labels)
    }
}

/// A line as it was understood.
pub(super) struct ExactLine<'a> {
    pub(super) labels: ParsedLabels<'a>,
    pub(super) tail: Tail<'a>,
}

/// What follows the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tail<'a> {
    pub(super) value: f64,
    pub(super) at: Option<Timestamp>,
    /// All after the `#`.
    pub(super) exemplar: Option<&'a [u8]>,
}

/// Parses a line that is neither empty nor a comment.
pub(super) fn parse(line: &str, format: Format) -> Result<ExactLine<'_>, LineError> {
    let mut cursor = Cursor::new(line);
    cursor.skip_blanks();
    let start = cursor.at();
    let labels = series(&mut cursor)?;
    if cursor.since(start).len() > SERIES_BYTES_MAX {
        return Err(LineError {
            at: start,
            reason: format!("a series of more than {SERIES_BYTES_MAX} bytes"),
        });
    }
    let tail = exact_tail(&mut cursor, format)?;
    Ok(ExactLine { labels, tail })
}

/// Name and labels; stops after the `}`, or after the name and its blanks.
fn series<'a>(cursor: &mut Cursor<'a>) -> Result<ParsedLabels<'a>, LineError> {
    let mut labels: Vec<LabelPair<'a>> = Vec::with_capacity(8);
    let start = cursor.at();
    let name = cursor.metric_name();
    if !name.is_empty() {
        labels.push((Cow::Borrowed(METRIC_NAME), Cow::Borrowed(name)));
    } else if cursor.peek() != Some(b'{') {
        return cursor.expected("a metric name");
    }
    let name_end = cursor.at();
    cursor.skip_blanks();
    if cursor.eat(b'{') {
        cursor.label_set(&mut labels, METRIC_NAME)?;
    } else if cursor.at() == name_end && !cursor.rest().is_empty() {
        return cursor.expected("a value after the metric name");
    }
    in_order(labels).map_err(|reason| LineError { at: start, reason })
}

/// Sorts the labels and refuses a series without a name, or with a label twice.
fn in_order(mut labels: Vec<LabelPair<'_>>) -> Result<ParsedLabels<'_>, String> {
    labels.sort_by(|(one, _), (other, _)| one.cmp(other));
    let twice = labels.windows(2).find_map(|pair| match pair {
        [(one, _), (other, _)] if one == other => Some(&**one),
        _ => None,
    });
    match twice {
        Some(METRIC_NAME) => return Err("two metric names".to_owned()),
        Some(name) => return Err(format!("the label {} twice", excerpt(name))),
        None => labels.retain(|(_, value)| !value.is_empty()),
    }
    match labels.iter().any(|(name, _)| name == METRIC_NAME) {
        true => Ok(ParsedLabels(labels)),
        false => Err("a series without a metric name".to_owned()),
    }
}

fn exact_tail<'a>(cursor: &mut Cursor<'a>, format: Format) -> Result<Tail<'a>, LineError> {
    let value = value(cursor)?;
    cursor.skip_blanks();
    let at = match starts_exemplar(cursor, format) {
        true => None,
        false => timestamp(cursor, format)?,
    };
    cursor.skip_blanks();
    if starts_exemplar(cursor, format) {
        cursor.eat(b'#');
        return Ok(Tail { value, at, exemplar: Some(cursor.rest().as_bytes()) });
    }
    match cursor.rest() {
        "" => Ok(Tail { value, at, exemplar: None }),
        _ => cursor.expected("the end of the line"),
    }
}

fn starts_exemplar(cursor: &Cursor<'_>, format: Format) -> bool {
    format == Format::OpenMetrics && cursor.peek() == Some(b'#')
}

fn value(cursor: &mut Cursor<'_>) -> Result<f64, LineError> {
    cursor.skip_blanks();
    let start = cursor.at();
    let text = cursor.word();
    let reason = match number::value(text.as_bytes()) {
        Ok(value) => return Ok(value),
        Err(_) if text.is_empty() => "expected a value, found the end of the line".to_owned(),
        Err(NotANumber::TooLarge) => format!("the number {} is too large", excerpt(text)),
        Err(NotANumber::Syntax) => format!("expected a number, found {}", excerpt(text)),
    };
    Err(LineError { at: start, reason })
}

fn timestamp(cursor: &mut Cursor<'_>, format: Format) -> Result<Option<Timestamp>, LineError> {
    let start = cursor.at();
    let text = cursor.word();
    if text.is_empty() {
        return Ok(None);
    }
    let Some(at) = timestamp_text(text.as_bytes(), format) else {
        let unit = match format {
            Format::Text => "milliseconds",
            Format::OpenMetrics => "seconds",
        };
        let reason = format!("expected a timestamp in {unit} or nothing, found {}", excerpt(text));
        return Err(LineError { at: start, reason });
    };
    Ok(Some(at))
}

fn timestamp_text(text: &[u8], format: Format) -> Option<Timestamp> {
    let millis = match format {
        Format::Text => std::str::from_utf8(text).ok()?.parse().ok()?,
        Format::OpenMetrics => number::seconds_as_millis(text)?,
    };
    Some(Timestamp::from_millis(millis))
}

/// What follows a series, without a word on what is wrong with it.
pub(super) fn quick_tail(text: &[u8], format: Format) -> Option<Tail<'_>> {
    let (word, rest) = next_word(text);
    let value = number::value(word).ok()?;
    if rest.is_empty() {
        return Some(Tail { value, at: None, exemplar: None });
    }
    let (word, after) = next_word(rest);
    let (at, after) = match word.first() {
        None => (None, after),
        Some(b'#') if format == Format::OpenMetrics => (None, rest.trim_ascii_start()),
        Some(_) => (Some(timestamp_text(word, format)?), after.trim_ascii_start()),
    };
    match after.split_first() {
        None => Some(Tail { value, at, exemplar: None }),
        Some((b'#', exemplar)) if format == Format::OpenMetrics => {
            Some(Tail { value, at, exemplar: Some(exemplar) })
        }
        Some(_) => None,
    }
}

/// The next word after blanks, and what follows it.
fn next_word(text: &[u8]) -> (&[u8], &[u8]) {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    let text = text.get(start..).unwrap_or_default();
    let end = text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

/// An exemplar: ` {labels} value [timestamp]`, as it stands after the `#`.
pub(super) fn exemplar(text: &[u8]) -> Result<(Labels, f64, Option<Timestamp>), String> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8".to_owned())?;
    let mut cursor = Cursor::new(text);
    read_exemplar(&mut cursor).map_err(|error| error.reason)
}

fn read_exemplar(cursor: &mut Cursor<'_>) -> Result<(Labels, f64, Option<Timestamp>), LineError> {
    let mut labels = Vec::new();
    cursor.skip_blanks();
    if !cursor.eat(b'{') {
        return cursor.expected("the labels of an exemplar");
    }
    cursor.label_set(&mut labels, "")?;
    let chars: usize = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if chars > EXEMPLAR_CHARS_MAX {
        return cursor.fail(format!("labels of more than {EXEMPLAR_CHARS_MAX} characters"));
    }
    let value = value(cursor)?;
    cursor.skip_blanks();
    let at = timestamp(cursor, Format::OpenMetrics)?;
    cursor.skip_blanks();
    match (cursor.rest(), labels.iter().any(|(name, _)| name.is_empty())) {
        ("", false) => {}
        ("", true) => return cursor.fail("a label of an exemplar without a value".to_owned()),
        _ => return cursor.expected("the end of the line"),
    }
    let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (&**name, &**value)));
    Ok((labels, value, at))
}
