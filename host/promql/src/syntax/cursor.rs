//! The parser's hold on its tokens: what comes next, how deep it stands, and how it says that something was not expected.
//!
//! Invariant: it never recurses deeper than [`EXPRESSION_DEPTH_MAX`] times a fixed number of frames, whatever the text.

use super::ast::Span;
use super::error::{Fault, Parsed};
use super::lexer::{Tokens, tokenise};
use super::quote::unquote;
use super::token::{Kind, Token};
use super::{
    EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_OPERATORS_MAX, EXPRESSION_REGEX_SIZE_MAX,
    EXPRESSION_TOKENS_MAX, Features,
};

/// A text in the middle of being parsed.
pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// Why the tokens end where they are broken.
    broken: Option<Fault>,
    at: usize,
    depth: usize,
    operators: usize,
    /// How much larger its regular expressions may become together.
    pub(super) regex_size_left: u64,
    pub(super) features: Features,
}

impl<'a> Parser<'a> {
    /// Cuts the text; refuses one that is too long.
    pub(super) fn new(text: &'a str, features: Features) -> Parsed<Self> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(Fault::new(0, format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes")));
        }
        let Tokens { all, fault } = tokenise(text, EXPRESSION_TOKENS_MAX);
        if let Some(token) = all.get(EXPRESSION_TOKENS_MAX).filter(|token| token.kind != Kind::End) {
            let message = format!("the expression has more than {EXPRESSION_TOKENS_MAX} tokens");
            return Err(Fault::new(token.span.start, message));
        }
        Ok(Parser {
            text,
            tokens: all,
            broken: fault,
            at: 0,
            depth: 0,
            operators: 0,
            regex_size_left: EXPRESSION_REGEX_SIZE_MAX,
            features,
        })
    }

    /// The next token.
    pub(super) fn peek(&self) -> Token {
        self.peek_at(0)
    }

    /// The kind of the token so many further on.
    pub(super) fn kind_at(&self, further: usize) -> Kind {
        self.peek_at(further).kind
    }

    /// The last token, which ends the text, is there as often as it is asked for.
    fn peek_at(&self, further: usize) -> Token {
        let end = Span { start: self.text.len(), end: self.text.len() };
        let last = || self.tokens.last().copied().unwrap_or(Token { kind: Kind::End, span: end });
        self.tokens.get(self.at + further).copied().unwrap_or_else(last)
    }

    /// Takes the next token.
    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek();
        self.at += usize::from(self.at < self.tokens.len());
        token
    }

    /// Takes the next token if it is of a kind.
    pub(super) fn accept(&mut self, kind: Kind) -> Option<Token> {
        (self.peek().kind == kind).then(|| self.advance())
    }

    /// Takes a token that must be there.
    pub(super) fn expect(&mut self, kind: Kind, wanted: Wanted) -> Parsed<Token> {
        self.accept(kind).map_or_else(|| self.unexpected(wanted), Ok)
    }

    /// Where the last token that was taken ends.
    pub(super) fn previous_end(&self) -> usize {
        let previous = self.at.checked_sub(1).and_then(|index| self.tokens.get(index));
        previous.map_or(0, |token| token.span.end)
    }

    /// The text of a span.
    pub(super) fn source(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The bytes that a string token stands for.
    pub(super) fn unquoted(&self, token: Token) -> Parsed<Vec<u8>> {
        unquote(self.source(token.span)).map_err(|(at, message)| Fault::new(token.span.start + at, message))
    }

    /// The same where only text makes sense: labels are UTF-8.
    pub(super) fn unquoted_text(&self, token: Token) -> Parsed<String> {
        let bytes = self.unquoted(token)?;
        String::from_utf8(bytes)
            .map_err(|_| Fault::new(token.span.start, "a label is valid UTF-8, and this string is not"))
    }

    /// The error that the next token is not what may stand here.
    pub(super) fn unexpected<T>(&self, wanted: Wanted) -> Parsed<T> {
        let token = self.peek();
        if let (Kind::Broken, Some(fault)) = (token.kind, &self.broken) {
            return Err(fault.clone());
        }
        let mut message = format!("unexpected {}", token.kind.describe(self.source(token.span)));
        if !wanted.context.is_empty() {
            message = format!("{message} in {}", wanted.context);
        }
        if !wanted.expected.is_empty() {
            message = format!("{message}, expected {}", wanted.expected);
        }
        Err(Fault::new(token.span.start, message))
    }

    /// Parses something that makes the tree deeper.
    pub(super) fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= EXPRESSION_DEPTH_MAX {
            let message = format!("nested deeper than {EXPRESSION_DEPTH_MAX}");
            return Err(Fault::new(self.peek().span.start, message));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Takes an operator; each may make the tree one deeper, so they are counted.
    pub(super) fn take_operator(&mut self) -> Parsed<Token> {
        self.operators += 1;
        if self.operators > EXPRESSION_OPERATORS_MAX {
            let message = format!("the expression has more than {EXPRESSION_OPERATORS_MAX} operators");
            return Err(Fault::new(self.peek().span.start, message));
        }
        Ok(self.advance())
    }
}

/// What an error says beside the token: where in the grammar it stands, and what could have stood there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) context: &'static str,
    pub(super) expected: &'static str,
}

/// Nothing better to say.
pub(super) const ANYTHING: Wanted = Wanted { context: "", expected: "" };

/// Within a context, something.
pub(super) const fn wanted(context: &'static str, expected: &'static str) -> Wanted {
    Wanted { context, expected }
}
