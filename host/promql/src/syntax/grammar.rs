//! Expressions by precedence climbing: operands, signs, operators, parentheses and literals. Selectors, calls and durations
//! have files of their own.
//!
//! A chain of operators is read in a loop, so only brackets, signs and powers nest the parser.

use super::ast::{Arithmetic, Expr, Number, Operator, Paren, Span, Text, Unary};
use super::cursor::{ANYTHING, Parser};
use super::error::{Fault, Parsed};
use super::numbers;
use super::token::{Keyword, Kind, POWER, Token};

impl Parser<'_> {
    /// The whole text as one expression.
    pub(super) fn whole(&mut self) -> Parsed<Expr> {
        if self.peek().kind == Kind::End {
            return Err(Fault::new(0, "no expression found in input"));
        }
        let expr = self.expression(0)?;
        self.expect(Kind::End, ANYTHING)?;
        Ok(expr)
    }

    /// Operands and the operators between them that bind at least so tightly.
    pub(super) fn expression(&mut self, least: u8) -> Parsed<Expr> {
        let mut left = self.operand()?;
        while let Kind::Operator(operator) = self.peek().kind {
            let precedence = operator.precedence();
            if precedence < least {
                break;
            }
            left = self.binary(left, operator, precedence)?;
        }
        Ok(left)
    }

    /// What stands behind an operator, by how tightly that binds. Powers bind from the right.
    pub(super) fn right_of(&mut self, precedence: u8) -> Parsed<Expr> {
        if precedence == POWER {
            return self.deeper(|parser| parser.expression(POWER));
        }
        self.expression(precedence + 1)
    }

    fn operand(&mut self) -> Parsed<Expr> {
        match self.peek().kind {
            Kind::Operator(Operator::Arithmetic(Arithmetic::Add)) => self.signed(false),
            Kind::Operator(Operator::Arithmetic(Arithmetic::Subtract)) => self.signed(true),
            _ => {
                let primary = self.primary()?;
                self.modified(primary)
            }
        }
    }

    /// A sign binds looser than `^`, so `-2 ^ 2` is -4. One before a number is part of the number.
    fn signed(&mut self, negate: bool) -> Parsed<Expr> {
        let start = self.take_operator()?.span.start;
        let inner = self.deeper(|parser| parser.expression(POWER))?;
        let span = Span { start, end: inner.span().end };
        Ok(match inner {
            Expr::Number(number) => {
                let value = if negate { -number.value } else { number.value };
                Expr::Number(Number { value, is_duration: number.is_duration, span })
            }
            inner => Expr::Unary(Box::new(Unary { negate, inner, span })),
        })
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let is_called = self.kind_at(1) == Kind::LeftParen;
        match self.peek().kind {
            Kind::Number | Kind::Duration => self.number().map(Expr::Number),
            Kind::Text => self.text(),
            Kind::LeftParen => self.paren(),
            Kind::Aggregation(aggregation) if is_called || self.is_grouped() => self.aggregate(aggregation),
            Kind::Identifier if is_called => self.call(),
            Kind::Keyword(Keyword::Start | Keyword::End | Keyword::Step | Keyword::Range) if is_called => {
                self.call()
            }
            kind if kind == Kind::LeftBrace || kind.is_metric_name() => self.selector(),
            _ => self.unexpected(ANYTHING),
        }
    }

    fn is_grouped(&self) -> bool {
        matches!(self.kind_at(1), Kind::Keyword(Keyword::By | Keyword::Without))
    }

    /// A number, or a duration, which is a number of seconds.
    pub(super) fn number(&mut self) -> Parsed<Number> {
        let token = self.advance();
        let is_duration = token.kind == Kind::Duration;
        let text = self.source(token.span);
        let value = if is_duration { numbers::duration_secs(text) } else { numbers::number(text) };
        let value = value.map_err(|message| Fault::new(token.span.start, message))?;
        Ok(Number { value, is_duration, span: token.span })
    }

    fn text(&mut self) -> Parsed<Expr> {
        let token = self.advance();
        Ok(Expr::Text(Text { value: self.unquoted(token)?, span: token.span }))
    }

    fn paren(&mut self) -> Parsed<Expr> {
        let Token { span: Span { start, .. }, .. } = self.advance();
        let inner = self.deeper(|parser| parser.expression(0))?;
        let end = self.expect(Kind::RightParen, ANYTHING)?.span.end;
        Ok(Expr::Paren(Box::new(Paren { inner, span: Span { start, end } })))
    }
}
