//! Walks along one line, exactly: names, quoted texts, label sets. The quick scan is elsewhere; this is what decides, and
//! what says in words where a line goes wrong.

use std::borrow::Cow;

use crate::parsed::excerpt;

/// Name and value of one label, borrowed from the line unless it has escapes.
pub(super) type LabelPair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Most labels of one series. Bounds the work on a hostile line.
pub(super) const LABELS_MAX: usize = 256;

/// What is wrong with a line, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineError {
    pub(super) at: usize,
    pub(super) reason: String,
}

pub(super) struct Cursor<'a> {
    line: &'a str,
    /// Always at the border of a character: it moves past ASCII only, or to a border that was searched for.
    at: usize,
}

/// Blanks between the parts of a line.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_label_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_label_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Cursor { line, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or_default()
    }

    /// All from an earlier place up to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.line.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn fail<T>(&self, reason: String) -> Result<T, LineError> {
        Err(LineError { at: self.at, reason })
    }

    /// `expected X, found the rest`.
    pub(super) fn expected<T>(&self, what: &str) -> Result<T, LineError> {
        self.fail(format!("expected {what}, found {}", self.rest_excerpt()))
    }

    fn rest_excerpt(&self) -> String {
        match self.rest() {
            "" => "the end of the line".to_owned(),
            rest => excerpt(rest),
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(is_blank);
    }

    /// Takes ASCII bytes as long as `keep` says yes; `keep` must say no to bytes beyond ASCII.
    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !keep(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// All up to the next blank.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(is_blank).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// A metric name as it may stand without quotes; may be empty.
    pub(super) fn metric_name(&mut self) -> &'a str {
        match self.peek() {
            Some(byte) if is_label_start(byte) || byte == b':' => {
                self.take_while(|byte| is_label_part(byte) || byte == b':')
            }
            _ => "",
        }
    }

    /// The labels after `{`, up to and with `}`. A name in quotes without a value is the metric's, under `metric`.
    pub(super) fn label_set(
        &mut self,
        labels: &mut Vec<LabelPair<'a>>,
        metric: &'static str,
    ) -> Result<(), LineError> {
        loop {
            self.skip_blanks();
            if self.eat(b'}') {
                return Ok(());
            }
            labels.push(self.label(metric)?);
            if labels.len() > LABELS_MAX {
                return self.fail(format!("more than {LABELS_MAX} labels"));
            }
            self.skip_blanks();
            if !self.eat(b',') && self.peek() != Some(b'}') {
                return self.expected("`,` or `}` after a label");
            }
        }
    }

    /// `name="value"`, `"name"="value"`, or `"metric name"`.
    fn label(&mut self, metric: &'static str) -> Result<LabelPair<'a>, LineError> {
        let is_quoted = self.peek() == Some(b'"');
        let name = if is_quoted { self.quoted()? } else { Cow::Borrowed(self.label_name()?) };
        if name.is_empty() {
            return self.fail("an empty name in quotes".to_owned());
        }
        self.skip_blanks();
        if self.eat(b'=') {
            self.skip_blanks();
            return Ok((name, self.quoted()?));
        }
        if is_quoted {
            return Ok((Cow::Borrowed(metric), name));
        }
        self.expected(&format!("`=` after the label {}", excerpt(&name)))
    }

    fn label_name(&mut self) -> Result<&'a str, LineError> {
        if !self.peek().is_some_and(is_label_start) {
            return self.expected("a label name");
        }
        Ok(self.take_while(is_label_part))
    }

    /// A text in double quotes with the escapes `\\`, `\"` and `\n`; another backslash stands for itself.
    pub(super) fn quoted(&mut self) -> Result<Cow<'a, str>, LineError> {
        if !self.eat(b'"') {
            return self.expected("a text in double quotes");
        }
        let rest = self.rest();
        let Some(length) = quoted_length(rest.as_bytes()) else {
            return self.fail(format!("a text in double quotes without its end: {}", excerpt(rest)));
        };
        self.at += length + 1;
        Ok(unescape(rest.get(..length).unwrap_or_default()))
    }
}

/// How many bytes lie before the quote that ends a text; the quote that opened it is not among them.
pub(super) fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let found = from + memchr::memchr2(b'"', b'\\', text.get(from..)?)?;
        if text.get(found) == Some(&b'"') {
            return Some(found);
        }
        from = found + 2;
    }
}

/// A text without its escapes; unknown escapes stay as they are.
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some(escaped @ ('"' | '\\'))) => text.push(escaped),
            ('\\', Some(other)) => text.extend(['\\', other]),
            (c, _) => text.push(c),
        }
    }
    Cow::Owned(text)
}
