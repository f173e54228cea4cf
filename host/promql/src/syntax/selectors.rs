//! Selectors and what may follow any expression: `[range]`, `[range:step]`, `offset`, `@`, `anchored`, `smoothed`.

use ballast_types::labels::METRIC_NAME;
use ballast_types::{MatchOp, Matcher};

use super::ast::{
    At, Comparison, Expr, Extension, MatrixSelector, Operator, Shift, Span, Subquery, VectorSelector,
};
use super::cursor::{ANYTHING, Parser, wanted};
use super::error::{Fault, Parsed};
use super::features::{Features, not_enabled};
use super::numbers::show_number;
use super::regexes;
use super::token::{Keyword, Kind};

/// Furthest instant in milliseconds, so that sums of a few instants and durations cannot overflow.
const AT_MILLIS_MAX: f64 = (i64::MAX >> 8) as f64;

impl Parser<'_> {
    /// `name`, `{matchers}` or both.
    pub(super) fn selector(&mut self) -> Parsed<Expr> {
        let start = self.peek().span.start;
        let (mut name, mut matchers) = (None, Vec::new());
        if self.peek().kind != Kind::LeftBrace {
            let token = self.advance();
            let text = self.source(token.span);
            matchers.push(Matcher::equal(METRIC_NAME, text));
            name = Some(text.to_owned());
        }
        if self.accept(Kind::LeftBrace).is_some() {
            self.matchers(&mut matchers)?;
        }
        let span = Span { start, end: self.previous_end() };
        let selector = VectorSelector { name, matchers, shift: Shift::default(), extension: None, span };
        Ok(Expr::Vector(Box::new(selector)))
    }

    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Parsed<()> {
        while self.accept(Kind::RightBrace).is_none() {
            matchers.push(self.matcher()?);
            if self.peek().kind != Kind::RightBrace {
                self.expect(Kind::Comma, wanted("label matching", "\",\" or \"}\""))?;
            }
        }
        Ok(())
    }

    /// `label="value"`, or a metric name in quotes.
    fn matcher(&mut self) -> Parsed<Matcher> {
        let token = self.peek();
        let name = match token.kind {
            Kind::Text => self.unquoted_text(token)?,
            Kind::Identifier => self.source(token.span).to_owned(),
            _ => return self.unexpected(wanted("label matching", "identifier or \"}\"")),
        };
        self.advance();
        let is_quoted = token.kind == Kind::Text;
        let op = match self.peek().kind {
            Kind::Equal => MatchOp::Equal,
            Kind::Operator(Operator::Comparison(Comparison::NotEqual)) => MatchOp::NotEqual,
            Kind::MatchesRegex => MatchOp::Regex,
            Kind::MatchesNotRegex => MatchOp::NotRegex,
            Kind::Comma | Kind::RightBrace if is_quoted => return Ok(Matcher::equal(METRIC_NAME, name)),
            _ if is_quoted => return self.unexpected(wanted("label matching", "\",\" or \"}\"")),
            _ => return self.unexpected(wanted("label matching", "label matching operator")),
        };
        self.advance();
        let value = self.expect(Kind::Text, wanted("label matching", "string"))?;
        let text = self.unquoted_text(value)?;
        regexes::matcher(name, op, text, &mut self.regex_size_left)
            .map_err(|message| Fault::new(value.span.start, message))
    }

    /// Whatever follows an expression, in any order.
    pub(super) fn modified(&mut self, mut expr: Expr) -> Parsed<Expr> {
        loop {
            match self.peek().kind {
                Kind::LeftBracket => expr = self.bracketed(expr)?,
                Kind::Keyword(Keyword::Offset) => self.offset(&mut expr)?,
                Kind::Keyword(Keyword::Anchored) => self.extension(&mut expr, Extension::Anchored)?,
                Kind::Keyword(Keyword::Smoothed) => self.extension(&mut expr, Extension::Smoothed)?,
                Kind::At => self.at_modifier(&mut expr)?,
                _ => return Ok(expr),
            }
        }
    }

    fn bracketed(&mut self, expr: Expr) -> Parsed<Expr> {
        let bracket = self.advance().span.start;
        let range = self.positive_duration(wanted(
            "subquery or range selector",
            "number, duration, step(), or range()",
        ))?;
        if self.accept(Kind::Colon).is_some() {
            return self.subquery(expr, range);
        }
        self.expect(Kind::RightBracket, wanted("subquery or range", "\":\" or \"]\""))?;
        let fault = |message| Err(Fault::new(bracket, message));
        let Expr::Vector(selector) = expr else {
            return fault("ranges only allowed for vector selectors");
        };
        match selector.shift {
            Shift { offset: Some(_), .. } => fault("no offset modifiers allowed before range"),
            Shift { at: Some(At::Millis(_)), .. } => fault("no @ modifiers allowed before range"),
            Shift { .. } => {
                let span = Span { start: selector.span.start, end: self.previous_end() };
                Ok(Expr::Matrix(Box::new(MatrixSelector { selector: *selector, range, span })))
            }
        }
    }

    /// A subquery on another is refused at once: no check is needed for it, and the tree stays shallow.
    fn subquery(&mut self, inner: Expr, range: super::ast::DurationExpr) -> Parsed<Expr> {
        let step = if self.peek().kind == Kind::RightBracket {
            None
        } else {
            let expected = "number, duration, step(), range(), or \"]\"";
            Some(self.positive_duration(wanted("subquery selector", expected))?)
        };
        self.expect(Kind::RightBracket, wanted("subquery selector", "\"]\""))?;
        let span = Span { start: inner.span().start, end: self.previous_end() };
        if matches!(inner, Expr::Matrix(_) | Expr::Subquery(_)) {
            let message = "subquery is only allowed on instant vector, got matrix instead";
            return Err(Fault::new(span.start, message));
        }
        Ok(Expr::Subquery(Box::new(Subquery { inner, range, step, shift: Shift::default(), span })))
    }

    fn offset(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.advance();
        let offset = self.offset_duration()?;
        let (start, end) = (expr.span().start, self.previous_end());
        let Some((shift, span)) = shift_of(expr) else {
            return Err(Fault::new(start, format!("offset modifier {NOT_SHIFTABLE}")));
        };
        if shift.offset.is_some() {
            return Err(Fault::new(start, "offset may not be set multiple times"));
        }
        (shift.offset, span.end) = (Some(offset), end);
        Ok(())
    }

    fn at_modifier(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.advance();
        let start = expr.span().start;
        let at = match self.peek().kind {
            Kind::Keyword(Keyword::Start) => self.preprocessed(At::Start)?,
            Kind::Keyword(Keyword::End) => self.preprocessed(At::End)?,
            _ => {
                let secs = self.signed_number(wanted("@", "timestamp"))?;
                let millis = (secs * 1000.0).round();
                if millis.abs() > AT_MILLIS_MAX || millis.is_nan() {
                    let message = format!("timestamp out of bounds for @ modifier: {}", show_number(secs));
                    return Err(Fault::new(start, message));
                }
                At::Millis(millis as i64)
            }
        };
        let end = self.previous_end();
        let Some((shift, span)) = shift_of(expr) else {
            return Err(Fault::new(start, format!("@ modifier {NOT_SHIFTABLE}")));
        };
        if shift.at.is_some() {
            return Err(Fault::new(start, "@ <timestamp> may not be set multiple times"));
        }
        (shift.at, span.end) = (Some(at), end);
        Ok(())
    }

    /// `start()` or `end()`.
    fn preprocessed(&mut self, at: At) -> Parsed<At> {
        self.advance();
        self.expect(Kind::LeftParen, wanted("@", "timestamp"))?;
        self.expect(Kind::RightParen, ANYTHING)?;
        Ok(at)
    }

    fn extension(&mut self, expr: &mut Expr, extension: Extension) -> Parsed<()> {
        self.advance();
        let (start, end) = (expr.span().start, self.previous_end());
        let name = extension.as_str();
        let fault = |message| Err(Fault::new(start, message));
        if !self.features.extended_ranges {
            return fault(not_enabled(&format!("{name} modifier is"), Features::EXTENDED_RANGES));
        }
        let (place, span) = match expr {
            Expr::Vector(node) => (&mut node.extension, &mut node.span),
            Expr::Matrix(node) => (&mut node.selector.extension, &mut node.span),
            Expr::Subquery(_) => return fault(format!("{name} modifier is not supported for subqueries")),
            _ => return fault(format!("{name} modifier not implemented")),
        };
        if place.is_some_and(|other| other != extension) {
            return fault("anchored and smoothed modifiers cannot be used together".to_owned());
        }
        (*place, span.end) = (Some(extension), end);
        Ok(())
    }
}

const NOT_SHIFTABLE: &str =
    "must be preceded by an instant vector selector or range vector selector or a subquery";

/// The modifiers of what can have any, and its span, which takes them in.
fn shift_of(expr: &mut Expr) -> Option<(&mut Shift, &mut Span)> {
    match expr {
        Expr::Vector(node) => Some((&mut node.shift, &mut node.span)),
        Expr::Matrix(node) => Some((&mut node.selector.shift, &mut node.span)),
        Expr::Subquery(node) => Some((&mut node.shift, &mut node.span)),
        _ => None,
    }
}
