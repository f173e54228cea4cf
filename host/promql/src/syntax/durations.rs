//! Durations as a range, a step or an offset: a literal, or arithmetic on such; and what they are worth.
//!
//! Behind `offset` a bare literal ends the duration, so `x offset 5m + y` adds to `x`; within brackets all of it is the
//! duration's.

use super::ast::Aggregation;
use super::ast::{Arithmetic, DurationExpr, DurationKind, Operator, Span};
use super::cursor::{ANYTHING, Parser, Wanted, wanted};
use super::error::{Fault, Parsed};
use super::features::{Features, not_enabled};
use super::numbers::DURATION_SECS_MAX;
use super::token::{Keyword, Kind, POWER, Token};

impl Parser<'_> {
    /// A range or a step, which a literal makes positive.
    pub(super) fn positive_duration(&mut self, wanted: Wanted) -> Parsed<DurationExpr> {
        let duration = self.duration(0, wanted)?;
        match duration.literal() {
            Some(secs) if secs <= 0.0 || secs.is_nan() => {
                Err(Fault::new(duration.span.start, "duration must be greater than 0"))
            }
            _ => Ok(duration),
        }
    }

    /// An offset: a literal with or without a sign, or something that is closed in itself.
    pub(super) fn offset_duration(&mut self) -> Parsed<DurationExpr> {
        let wanted = wanted("offset", "number, duration, step(), or range()");
        match self.sign() {
            Some((sign, negate)) => {
                let inner = self.duration_primary(wanted)?;
                Ok(signed(sign, negate, inner))
            }
            None => self.duration_primary(wanted),
        }
    }

    /// The same climbing as for expressions.
    fn duration(&mut self, least: u8, wanted: Wanted) -> Parsed<DurationExpr> {
        let mut left = match self.sign() {
            Some((sign, negate)) => {
                let inner = self.deeper(|parser| parser.duration(POWER, wanted))?;
                signed(sign, negate, inner)
            }
            None => self.duration_primary(wanted)?,
        };
        while let Kind::Operator(Operator::Arithmetic(arithmetic)) = self.peek().kind {
            let precedence = Operator::Arithmetic(arithmetic).precedence();
            if precedence < least || arithmetic == Arithmetic::Atan2 {
                break;
            }
            left = self.duration_right(left, arithmetic, precedence, wanted)?;
        }
        Ok(left)
    }

    fn duration_right(
        &mut self,
        left: DurationExpr,
        arithmetic: Arithmetic,
        precedence: u8,
        wanted: Wanted,
    ) -> Parsed<DurationExpr> {
        let operator = self.take_operator()?;
        let right = if precedence == POWER {
            self.deeper(|parser| parser.duration(POWER, wanted))?
        } else {
            self.duration(precedence + 1, wanted)?
        };
        self.need_expressions(left.span.start)?;
        let by_zero = right.literal() == Some(0.0);
        match arithmetic {
            Arithmetic::Divide if by_zero => return Err(Fault::new(operator.span.start, "division by zero")),
            Arithmetic::Modulo if by_zero => return Err(Fault::new(operator.span.start, "modulo by zero")),
            _ => {}
        }
        let span = Span { start: left.span.start, end: right.span.end };
        let kind = DurationKind::Arithmetic(arithmetic, Box::new(left), Box::new(right));
        Ok(DurationExpr { kind, span })
    }

    /// A sign, and whether it negates.
    fn sign(&mut self) -> Option<(Token, bool)> {
        match self.peek().kind {
            Kind::Operator(Operator::Arithmetic(Arithmetic::Add)) => Some((self.advance(), false)),
            Kind::Operator(Operator::Arithmetic(Arithmetic::Subtract)) => Some((self.advance(), true)),
            _ => None,
        }
    }

    fn duration_primary(&mut self, wanted: Wanted) -> Parsed<DurationExpr> {
        let start = self.peek().span.start;
        let kind = match self.peek().kind {
            Kind::Number | Kind::Duration => self.duration_literal()?,
            Kind::LeftParen => {
                self.advance();
                let inner = self.deeper(|parser| parser.duration(0, ANYTHING))?;
                self.expect(Kind::RightParen, ANYTHING)?;
                DurationKind::Paren(Box::new(inner))
            }
            Kind::Keyword(Keyword::Step) => self.nullary(DurationKind::Step)?,
            Kind::Keyword(Keyword::Range) => self.nullary(DurationKind::Range)?,
            Kind::Aggregation(Aggregation::Min) | Kind::Keyword(Keyword::MinOf) => {
                let (left, right) = self.pair()?;
                DurationKind::Min(left, right)
            }
            Kind::Aggregation(Aggregation::Max) | Kind::Keyword(Keyword::MaxOf) => {
                let (left, right) = self.pair()?;
                DurationKind::Max(left, right)
            }
            _ => return self.unexpected(wanted),
        };
        if !matches!(kind, DurationKind::Number(_) | DurationKind::Duration(_)) {
            self.need_expressions(start)?;
        }
        Ok(DurationExpr { kind, span: Span { start, end: self.previous_end() } })
    }

    fn duration_literal(&mut self) -> Parsed<DurationKind> {
        let number = self.number()?;
        if number.value > DURATION_SECS_MAX || number.value.is_nan() {
            return Err(Fault::new(number.span.start, "duration out of range"));
        }
        Ok(if number.is_duration {
            DurationKind::Duration(number.value)
        } else {
            DurationKind::Number(number.value)
        })
    }

    fn nullary(&mut self, kind: DurationKind) -> Parsed<DurationKind> {
        self.advance();
        self.expect(Kind::LeftParen, ANYTHING)?;
        self.expect(Kind::RightParen, ANYTHING)?;
        Ok(kind)
    }

    fn pair(&mut self) -> Parsed<(Box<DurationExpr>, Box<DurationExpr>)> {
        self.advance();
        self.expect(Kind::LeftParen, ANYTHING)?;
        let left = self.deeper(|parser| parser.duration(0, ANYTHING))?;
        self.expect(Kind::Comma, ANYTHING)?;
        let right = self.deeper(|parser| parser.duration(0, ANYTHING))?;
        self.expect(Kind::RightParen, ANYTHING)?;
        Ok((Box::new(left), Box::new(right)))
    }

    fn need_expressions(&self, at: usize) -> Parsed<()> {
        if self.features.duration_expressions {
            return Ok(());
        }
        let what = "experimental duration expression is not enabled: it is";
        Err(Fault::new(at, not_enabled(what, Features::DURATION_EXPRESSIONS)))
    }
}

fn signed(sign: Token, negate: bool, inner: DurationExpr) -> DurationExpr {
    let span = Span { start: sign.span.start, end: inner.span.end };
    let inner = Box::new(inner);
    let kind = if negate { DurationKind::Negate(inner) } else { DurationKind::Plus(inner) };
    DurationExpr { kind, span }
}

impl DurationExpr {
    /// Its value in seconds where it is a literal, with or without signs and parentheses.
    pub fn literal(&self) -> Option<f64> {
        match &self.kind {
            DurationKind::Duration(secs) | DurationKind::Number(secs) => Some(*secs),
            DurationKind::Negate(inner) => inner.literal().map(|secs| -secs),
            DurationKind::Plus(inner) | DurationKind::Paren(inner) => inner.literal(),
            _ => None,
        }
    }

    /// Its value in seconds, given the step of the query and the time from its start to its end, both in seconds.
    /// It may be negative or nought; a range or a step that is must be refused by whoever asks.
    pub fn seconds(&self, step: f64, range: f64) -> Result<f64, &'static str> {
        let secs = self.unbounded(step, range)?;
        if secs.abs() <= DURATION_SECS_MAX { Ok(secs) } else { Err("duration is out of range") }
    }

    fn unbounded(&self, step: f64, range: f64) -> Result<f64, &'static str> {
        let value = |duration: &DurationExpr| duration.unbounded(step, range);
        Ok(match &self.kind {
            DurationKind::Duration(secs) | DurationKind::Number(secs) => *secs,
            DurationKind::Step => step,
            DurationKind::Range => range,
            DurationKind::Negate(inner) => -value(inner)?,
            DurationKind::Plus(inner) | DurationKind::Paren(inner) => value(inner)?,
            DurationKind::Min(left, right) => value(left)?.min(value(right)?),
            DurationKind::Max(left, right) => value(left)?.max(value(right)?),
            DurationKind::Arithmetic(arithmetic, left, right) => {
                return compute(*arithmetic, value(left)?, value(right)?);
            }
        })
    }
}

fn compute(arithmetic: Arithmetic, left: f64, right: f64) -> Result<f64, &'static str> {
    Ok(match arithmetic {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide if right == 0.0 => return Err("division by zero"),
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo if right == 0.0 => return Err("modulo by zero"),
        Arithmetic::Modulo => left % right,
        Arithmetic::Power => left.powf(right),
        Arithmetic::Atan2 => left.atan2(right),
    })
}
