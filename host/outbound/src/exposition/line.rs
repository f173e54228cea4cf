//! One line of the text format: `name{label="value", "quoted.label"="value"} value [timestamp]`, or the form with a
//! quoted name, `{"quoted.name", label="value"} value`. What a label means is not decided here.

use std::borrow::Cow;

use ballast_types::labels::METRIC_NAME;

/// Most labels of one series. Bounds the work on a hostile line, since names are compared pairwise.
pub(super) const LABELS_MAX: usize = 256;

/// Name and value of one label, borrowed from the line unless it has escapes.
pub(super) type LabelPair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// One sample as it is written; the metric name is the label `__name__` and comes first.
#[derive(Debug, PartialEq)]
pub(super) struct ParsedLine<'a> {
    pub(super) labels: Vec<LabelPair<'a>>,
    pub(super) value: f64,
    pub(super) at_ms: Option<i64>,
}

/// Parses a line; `None` for an empty line or a comment. The error is a reason in words.
pub(super) fn parse(line: &str) -> Result<Option<ParsedLine<'_>>, String> {
    let mut cursor = Cursor { line, at: 0 };
    cursor.skip_blanks();
    match cursor.peek() {
        None | Some(b'#') => return Ok(None),
        Some(b'{') => {}
        Some(byte) if is_name_start(byte) || byte == b':' => {}
        Some(_) => return Err(format!("expected a metric name, found {}", cursor.rest_excerpt())),
    }
    let mut labels: Vec<LabelPair<'_>> = Vec::with_capacity(8);
    let name = cursor.take_while(|byte| is_name_part(byte) || byte == b':');
    if !name.is_empty() {
        labels.push((Cow::Borrowed(METRIC_NAME), Cow::Borrowed(name)));
        cursor.skip_blanks();
    }
    if cursor.eat(b'{') {
        cursor.label_set(&mut labels)?;
    } else if !matches!(cursor.line.as_bytes().get(cursor.at.wrapping_sub(1)), Some(b' ' | b'\t')) {
        return Err(format!("expected a value after the metric name, found {}", cursor.rest_excerpt()));
    }
    check_names(&mut labels)?;
    let value = cursor.value()?;
    let at_ms = cursor.timestamp()?;
    Ok(Some(ParsedLine { labels, value, at_ms }))
}

/// At most 60 characters of a text, quoted, for a message.
pub(super) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// Puts the metric name first and refuses a series without one, or with a label twice.
fn check_names(labels: &mut [LabelPair<'_>]) -> Result<(), String> {
    let Some(position) = labels.iter().position(|(name, _)| name == METRIC_NAME) else {
        return Err("a series without a metric name".to_owned());
    };
    labels.swap(0, position);
    let mut rest: &[LabelPair<'_>] = labels;
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|(name, _)| *name == first.0) {
            return Err(match &*first.0 {
                METRIC_NAME => "two metric names".to_owned(),
                name => format!("the label {} twice", excerpt(name)),
            });
        }
        rest = others;
    }
    Ok(())
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

struct Cursor<'a> {
    line: &'a str,
    /// Always at the border of a character: it moves past ASCII only, or to a border that was searched for.
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn rest_excerpt(&self) -> String {
        match self.rest() {
            "" => "the end of the line".to_owned(),
            rest => excerpt(rest),
        }
    }

    fn skip_blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    /// Takes ASCII bytes as long as `keep` says yes; `keep` must say no to bytes beyond ASCII.
    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !keep(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// The labels after `{`, up to and with `}`.
    fn label_set(&mut self, labels: &mut Vec<LabelPair<'a>>) -> Result<(), String> {
        loop {
            self.skip_blanks();
            if self.eat(b'}') {
                return Ok(());
            }
            labels.push(self.label()?);
            if labels.len() > LABELS_MAX {
                return Err(format!("more than {LABELS_MAX} labels"));
            }
            self.skip_blanks();
            if !self.eat(b',') && self.peek() != Some(b'}') {
                return Err(format!("expected `,` or `}}` after a label, found {}", self.rest_excerpt()));
            }
        }
    }

    /// `name="value"`, `"name"="value"`, or `"metric name"`.
    fn label(&mut self) -> Result<LabelPair<'a>, String> {
        let is_quoted = self.peek() == Some(b'"');
        let name = if is_quoted { self.quoted()? } else { Cow::Borrowed(self.label_name()?) };
        if name.is_empty() {
            return Err("an empty name in quotes".to_owned());
        }
        self.skip_blanks();
        if self.eat(b'=') {
            self.skip_blanks();
            return Ok((name, self.quoted()?));
        }
        if is_quoted {
            return Ok((Cow::Borrowed(METRIC_NAME), name));
        }
        Err(format!("expected `=` after the label {}, found {}", excerpt(&name), self.rest_excerpt()))
    }

    fn label_name(&mut self) -> Result<&'a str, String> {
        if !self.peek().is_some_and(is_name_start) {
            return Err(format!("expected a label name, found {}", self.rest_excerpt()));
        }
        Ok(self.take_while(is_name_part))
    }

    /// A text in double quotes with the escapes `\\`, `\"` and `\n`; another backslash stands for itself.
    fn quoted(&mut self) -> Result<Cow<'a, str>, String> {
        if !self.eat(b'"') {
            return Err(format!("expected a text in double quotes, found {}", self.rest_excerpt()));
        }
        let rest = self.rest();
        let mut has_escape = false;
        let mut bytes = rest.bytes().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.at += index + 1;
                    let raw = rest.get(..index).unwrap_or_default();
                    return Ok(if has_escape { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) });
                }
                b'\\' => {
                    has_escape = true;
                    bytes.next();
                }
                _ => {}
            }
        }
        Err(format!("a text in double quotes without its end: {}", excerpt(rest)))
    }

    fn value(&mut self) -> Result<f64, String> {
        self.skip_blanks();
        let text = self.word();
        if text.is_empty() {
            return Err("expected a value, found the end of the line".to_owned());
        }
        let value: f64 = text.parse().map_err(|_| format!("expected a number, found {}", excerpt(text)))?;
        if value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(format!("the number {} is too large", excerpt(text)));
        }
        Ok(value)
    }

    fn timestamp(&mut self) -> Result<Option<i64>, String> {
        self.skip_blanks();
        let text = self.word();
        if text.is_empty() {
            return Ok(None);
        }
        let at_ms = text.parse().map_err(|_| {
            format!("expected a timestamp in milliseconds or nothing, found {}", excerpt(text))
        })?;
        self.skip_blanks();
        match self.rest() {
            "" => Ok(Some(at_ms)),
            rest => Err(format!("expected the end of the line, found {}", excerpt(rest))),
        }
    }

    /// All up to the next blank.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

fn unescape(raw: &str) -> String {
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
    text
}
