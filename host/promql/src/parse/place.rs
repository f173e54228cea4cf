//! Where in the text an error lies. The parser only says what is wrong, so the place is searched: by a name that the
//! message quotes, else by the first token after which no continuation can be parsed.
//!
//! Best effort: a place may be late by a token, but it always lies within the text.

use super::lower::lower;
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
    if message == NO_REASON {
        let stuck = last_where(tokens.len(), |count| can_go_on(text, tokens, count));
        return match tokens.get(stuck) {
            Some(token) => Place::at(text, token.start).error(format!("unexpected `{}`", token.text(text))),
            None => Place::at(text, text.len()).error("unexpected end of the expression"),
        };
    }
    let stuck = last_where(tokens.len(), |count| !says(text, tokens, count, message));
    let so_far = tokens.get(..=stuck).unwrap_or(tokens);
    let named =
        quoted_in(message).and_then(|name| find(text, so_far, name).or_else(|| find(text, tokens, name)));
    let start = named.or(tokens.get(stuck)).or(tokens.first()).map_or(0, |token| token.start);
    Place::at(text, start).error(message)
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

/// The last token that is the name, else the last string that holds it.
fn find<'t>(text: &str, tokens: &'t [Token], name: &str) -> Option<&'t Token> {
    let is_name = |t: &&Token| t.text(text) == name;
    let is_string = |t: &&Token| {
        let inner = t.text(text);
        inner.len() >= 2 && inner.starts_with(['"', '\'', '`']) && inner.get(1..inner.len() - 1) == Some(name)
    };
    tokens.iter().rev().find(is_string).or_else(|| tokens.iter().rev().find(is_name))
}

/// Endings that make a cut expression whole, one for each thing that may come next.
const ENDINGS: [&str; 12] =
    ["", " 1", " x", "(x)", " x[5m]", "=\"\"", "\"\"", "=\"x\"", "[5m]", "5m", "(x) x", "x=\"x\""];

/// The largest count for which something holds, where it holds up to there and at 0; found by halving.
fn last_where(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut good, mut bad) = (0, count + 1);
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if holds(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}

/// Whether the first tokens can be continued to an expression, even one that is wrong for another reason.
fn can_go_on(text: &str, tokens: &[Token], count: usize) -> bool {
    let lives = |verdict: Result<(), String>| match verdict {
        Ok(()) => true,
        Err(message) => message != NO_REASON && !message.starts_with("unexpected"),
    };
    continuations(text, tokens, count).is_none_or(|mut all| all.any(lives))
}

/// Whether the first tokens already make the parser say this.
fn says(text: &str, tokens: &[Token], count: usize, message: &str) -> bool {
    let same = |verdict: Result<(), String>| verdict.is_err_and(|said| said == message);
    continuations(text, tokens, count).is_some_and(|mut all| all.any(same))
}

/// The verdicts on the first tokens with each ending; `None` where there is no token.
fn continuations<'t>(
    text: &'t str,
    tokens: &[Token],
    count: usize,
) -> Option<impl Iterator<Item = Result<(), String>> + use<'t>> {
    let prefix = tokens.get(..count)?;
    let start = text.get(..prefix.last()?.end)?;
    let closing = closing_of(text, prefix);
    let verdict = move |ending| {
        let tree = raw_parse(&format!("{start}{ending}{closing}"))?;
        lower(&tree).map(|_| ())
    };
    Some(ENDINGS.into_iter().map(verdict))
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
