//! Where in the text an error lies. The parser only says what is wrong, so the place is searched: by a name that the
//! message quotes, else by the first token after which no continuation can be parsed.
//!
//! Best effort: a place may be late by a token, but it always lies within the text.

use super::tokens::Token;
use super::{ParseError, raw_parse};

/// What the parser says when it has nothing better to say.
const NO_REASON: &str = "invalid promql query";

/// A line and a column, both from 1.
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl Place {
    /// The place of a byte offset.
    pub(super) fn at(text: &str, offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Place { line: before.matches('\n').count() + 1, column }
    }

    /// An error at this place.
    pub(super) fn error(self, message: impl Into<String>) -> ParseError {
        ParseError { line: self.line, column: self.column, message: message.into() }
    }
}

/// Gives a message its place.
pub(super) fn locate(text: &str, tokens: &[Token], message: &str) -> ParseError {
    if tokens.is_empty() {
        return Place::at(text, 0).error("there is no expression");
    }
    if message.starts_with("unclosed left") {
        return Place::at(text, text.len()).error(message);
    }
    if let Some(token) = quoted_in(message).and_then(|name| find(text, tokens, name)) {
        return Place::at(text, token.start).error(message);
    }
    if message != NO_REASON {
        return Place::at(text, tokens.first().map_or(0, |t| t.start)).error(message);
    }
    let stuck = first_impossible(text, tokens);
    match tokens.get(stuck) {
        Some(token) => Place::at(text, token.start).error(format!("unexpected `{}`", token.text(text))),
        None => Place::at(text, text.len()).error("unexpected end of the expression"),
    }
}

/// The name that a message is about: in quotes, after "for" as a pattern, or in backticks.
fn quoted_in(message: &str) -> Option<&str> {
    let between = |open: char, close: char| {
        let start = message.find(open)? + open.len_utf8();
        let length = message.get(start..)?.find(close)?;
        message.get(start..start + length)
    };
    message.strip_prefix("illegal regex for ").or_else(|| between('\'', '\'')).or_else(|| between('`', '`'))
}

/// The token that is the name, or the string that holds it; of several calls of one name the first.
fn find<'t>(text: &str, tokens: &'t [Token], name: &str) -> Option<&'t Token> {
    let is_name = |t: &&Token| t.text(text) == name;
    let is_string = |t: &&Token| {
        let inner = t.text(text);
        inner.len() >= 2 && inner.starts_with(['"', '\'', '`']) && inner.get(1..inner.len() - 1) == Some(name)
    };
    tokens.iter().find(is_name).or_else(|| tokens.iter().find(is_string))
}

/// Endings that make a cut expression whole, one for each thing that may come next.
const ENDINGS: [&str; 12] =
    ["", " 1", " x", "(x)", " x[5m]", "=\"\"", "\"\"", "=\"x\"", "[5m]", "5m", "(x) x", "x=\"x\""];

/// Index of the first token such that what ends with it cannot be continued to an expression.
fn first_impossible(text: &str, tokens: &[Token]) -> usize {
    let (mut good, mut bad) = (0, tokens.len() + 1);
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if can_go_on(text, tokens, middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}

fn can_go_on(text: &str, tokens: &[Token], count: usize) -> bool {
    let Some(prefix) = tokens.get(..count) else { return false };
    let Some(start) = prefix.last().and_then(|last| text.get(..last.end)) else { return true };
    let closing = closing_of(text, prefix);
    let is_call = |message: &str| message != NO_REASON && !message.starts_with("unexpected");
    ENDINGS.iter().any(|ending| match raw_parse(&format!("{start}{ending}{closing}")) {
        Ok(_) => true,
        Err(message) => is_call(&message),
    })
}

/// The brackets that would close all that are open.
fn closing_of(text: &str, tokens: &[Token]) -> String {
    let mut open = Vec::new();
    for token in tokens {
        match token.text(text) {
            "(" => open.push(')'),
            "[" => open.push(']'),
            "{" => open.push('}'),
            ")" | "]" | "}" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.iter().rev().collect()
}
