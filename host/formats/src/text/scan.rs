//! Cuts a body into lines and lines into borrowed pieces, without allocating and mostly without looking at each byte.
//!
//! The scan guesses where a series ends: before the last `}`, or before the first blank. Whether the guess is right shows
//! where its text is looked up: only texts that the exact parser accepted are ever known. So a line that was seen before
//! costs neither a tokenizer nor a check of its UTF-8, and where the caller foretells the series (bodies come in the same
//! order each time) not even the guess.

use ballast_types::Timestamp;

use super::cursor::{is_blank, quoted_length};
use super::line::{self, Tail};
use super::meta::{self, MetaLine};
use super::{BodyEnd, Format};

/// One sample in borrowed pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RawSample<'b> {
    /// The text of the series, `name{labels}`: a key that stays the same from body to body. It is a guess until
    /// [`super::ParsedLabels`] could be read from it.
    pub(super) series: &'b [u8],
    /// The value.
    pub(super) value: f64,
    /// When, where the line says so.
    pub(super) at: Option<Timestamp>,
    /// What follows the `#` of an exemplar.
    pub(super) exemplar: Option<&'b [u8]>,
    /// Whether the series is the one that was foretold.
    pub(super) is_foretold: bool,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Line<'b> {
    /// A sample.
    Sample(RawSample<'b>),
    /// What a metric family is.
    Meta(MetaLine<'b>),
    /// Another comment or nothing.
    Blank,
    /// `# EOF`.
    End,
    /// Not to be cut quickly: the exact parser decides.
    Unclear,
    /// A last line that may be half a line.
    Unfinished,
}

/// Walks over the lines of a body.
pub(super) struct Scanner<'b> {
    rest: &'b [u8],
    format: Format,
    end: BodyEnd,
    /// The line that was cut last, and its number from 1.
    pub(super) line: &'b [u8],
    pub(super) number: usize,
}

impl<'b> Scanner<'b> {
    pub(super) fn new(body: &'b [u8], format: Format, end: BodyEnd) -> Self {
        Scanner { rest: body, format, end, line: &[], number: 0 }
    }

    /// The next line; `foretold` is the series that it most likely is about, or empty.
    pub(super) fn next(&mut self, foretold: &[u8]) -> Option<Line<'b>> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let is_whole = self.cut();
        let unfinished = !is_whole && self.end == BodyEnd::Unknown && !self.is_end();
        Some(match unfinished && !self.line.trim_ascii().is_empty() {
            true => Line::Unfinished,
            false => self.classify(foretold),
        })
    }

    /// Whether anything but blanks follows.
    pub(super) fn has_more(&self) -> bool {
        !self.rest.trim_ascii().is_empty()
    }

    fn cut(&mut self) -> bool {
        let found = memchr::memchr(b'\n', self.rest);
        let (line, rest) = match found.and_then(|at| self.rest.split_at_checked(at)) {
            Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
            None => (self.rest, &[][..]),
        };
        self.line = line.strip_suffix(b"\r").unwrap_or(line);
        self.rest = rest;
        found.is_some()
    }

    fn is_end(&self) -> bool {
        self.format == Format::OpenMetrics && self.line == b"# EOF"
    }

    fn classify(&self, foretold: &[u8]) -> Line<'b> {
        let line = self.line;
        if let Some(sample) = self.foretold(foretold) {
            return Line::Sample(sample);
        }
        let start = line.iter().position(|byte| !is_blank(*byte)).unwrap_or(line.len());
        let line = line.get(start..).unwrap_or_default();
        match line.first() {
            None => Line::Blank,
            Some(b'#') if self.is_end() => Line::End,
            Some(b'#') => meta::parse(line, self.format).map_or(Line::Blank, Line::Meta),
            Some(_) => self.guess(line).map_or(Line::Unclear, Line::Sample),
        }
    }

    fn foretold(&self, series: &[u8]) -> Option<RawSample<'b>> {
        if series.is_empty() || !self.line.starts_with(series) {
            return None;
        }
        let (series, rest) = self.line.split_at_checked(series.len())?;
        // After a bare name a label set may follow; then the tail is no number.
        if !rest.first().copied().is_some_and(is_blank) {
            return None;
        }
        let tail = line::quick_tail(rest, self.format)?;
        Some(raw(series, tail, true))
    }

    fn guess(&self, line: &'b [u8]) -> Option<RawSample<'b>> {
        let length = match self.format == Format::OpenMetrics && memchr::memchr(b'#', line).is_some() {
            true => series_length(line)?,
            false => guessed_length(line),
        };
        let (series, rest) = line.split_at_checked(length)?;
        Some(raw(series, line::quick_tail(rest, self.format)?, false))
    }
}

fn raw<'b>(series: &'b [u8], tail: Tail<'b>, is_foretold: bool) -> RawSample<'b> {
    RawSample { series, value: tail.value, at: tail.at, exemplar: tail.exemplar, is_foretold }
}

/// Without an exemplar only numbers follow the labels, so that the last brace must be theirs.
fn guessed_length(line: &[u8]) -> usize {
    match memchr::memrchr(b'}', line) {
        Some(brace) => brace + 1,
        None => line.iter().position(|byte| is_blank(*byte)).unwrap_or(line.len()),
    }
}

/// How long the text of the series is, braces in quotes heeded.
pub(super) fn series_length(line: &[u8]) -> Option<usize> {
    let name = line.iter().position(|byte| is_blank(*byte) || *byte == b'{').unwrap_or(line.len());
    let brace = name + line.get(name..)?.iter().position(|byte| !is_blank(*byte))?;
    if line.get(brace) != Some(&b'{') {
        return Some(name);
    }
    let mut at = brace + 1;
    loop {
        let found = at + memchr::memchr2(b'"', b'}', line.get(at..)?)?;
        if line.get(found) == Some(&b'}') {
            return Some(found + 1);
        }
        at = found + 1 + quoted_length(line.get(found + 1..)?)? + 1;
    }
}
