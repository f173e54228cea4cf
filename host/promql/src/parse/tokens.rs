//! A rough cut of an expression into tokens, only to bound it before it is parsed and to find the place of an error after.
//!
//! It judges nothing: what it cannot cut is a token of one character.

use super::{EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_OPERATORS_MAX, EXPRESSION_TOKENS_MAX};

/// Each makes the tree one deeper at most, whatever their precedence.
const OPERATORS: [&str; 16] =
    ["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless", "atan2"];

/// Longest duration that may be written as a number of seconds; some 30,000 years.
const DURATION_SECS_MAX: f64 = 1e12;

/// Whether a text is a number of seconds that no duration can hold. The parser would panic on some.
fn is_too_long(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.parse().is_ok_and(|secs: f64| secs > DURATION_SECS_MAX)
}

/// A token by its bytes in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or_default()
    }
}

/// Cuts a text; blanks and comments are no tokens.
pub(super) fn tokenise(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let (length, is_token) = next(rest);
        if is_token {
            tokens.push(Token { start, end: start + length });
        }
        start += length.max(1);
    }
    tokens
}

/// Length in bytes of what the text begins with, and whether it counts.
fn next(rest: &str) -> (usize, bool) {
    let first = rest.chars().next().unwrap_or(' ');
    let while_true = |f: fn(char) -> bool| rest.find(|c: char| !f(c)).unwrap_or(rest.len());
    match first {
        c if c.is_whitespace() => (while_true(char::is_whitespace), false),
        '#' => (rest.find('\n').unwrap_or(rest.len()), false),
        '"' | '\'' | '`' => (quoted(rest, first), true),
        c if c.is_alphanumeric() || matches!(c, '_' | ':') => {
            (while_true(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.')), true)
        }
        _ if ["==", "!=", ">=", "<=", "=~", "!~"].iter().any(|two| rest.starts_with(two)) => (2, true),
        c => (c.len_utf8(), true),
    }
}

/// Length of a quoted string with its quotes, or of all that is left where it is not closed.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote != '`' {
            escaped = true;
        } else if c == quote {
            return index + 1;
        }
    }
    rest.len()
}

/// Where and why a text is beyond the bounds, so that the parser never sees it.
pub(super) fn out_of_bounds(text: &str, tokens: &[Token]) -> Option<(usize, String)> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Some((0, format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes")));
    }
    if let Some(token) = tokens.get(EXPRESSION_TOKENS_MAX) {
        return Some((token.start, format!("the expression has more than {EXPRESSION_TOKENS_MAX} tokens")));
    }
    let is_operator = |token: &&Token| OPERATORS.contains(&token.text(text).to_ascii_lowercase().as_str());
    if let Some(token) = tokens.iter().filter(is_operator).nth(EXPRESSION_OPERATORS_MAX) {
        return Some((
            token.start,
            format!("the expression has more than {EXPRESSION_OPERATORS_MAX} operators"),
        ));
    }
    if let Some(token) = tokens.iter().filter(|token| token.text(text) == "^").nth(EXPRESSION_DEPTH_MAX) {
        return Some((token.start, format!("powers nested deeper than {EXPRESSION_DEPTH_MAX}")));
    }
    let (mut depth, mut signs, mut before) = (0usize, 0usize, ["", ""]);
    for token in tokens {
        let expects_duration = matches!(before, [_, "[" | "offset"] | ["offset", "-"]);
        if expects_duration && token.text(text).split(':').any(is_too_long) {
            return Some((token.start, format!("a duration of more than {DURATION_SECS_MAX} seconds")));
        }
        before = [before[1], token.text(text)];
        signs = if matches!(token.text(text), "-" | "+" | "^") { signs + 1 } else { 0 };
        match token.text(text) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth + signs > EXPRESSION_DEPTH_MAX {
            return Some((token.start, format!("nested deeper than {EXPRESSION_DEPTH_MAX}")));
        }
    }
    None
}
