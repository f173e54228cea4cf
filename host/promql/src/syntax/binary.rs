//! What may stand behind an operator: `bool`, `on`, `ignoring`, `group_left`, `group_right`, `fill` and its like.

use super::ast::{Arithmetic, Binary, Cardinality, Expr, Fill, LabelChoice, Operator, Span};
use super::cursor::{ANYTHING, Parser, Wanted, wanted};
use super::error::{Fault, Parsed};
use super::features::{Features, not_enabled};
use super::token::{Keyword, Kind};

impl Parser<'_> {
    /// An operator with its modifiers and what stands behind it.
    pub(super) fn binary(&mut self, left: Expr, operator: Operator, precedence: u8) -> Parsed<Expr> {
        let operator_span = self.take_operator()?.span;
        let returns_bool = self.accept(Kind::Keyword(Keyword::Bool)).is_some();
        let matching = self.matching()?;
        let cardinality = self.cardinality(operator, matching.is_some())?;
        let fill = self.fill()?;
        let right = self.right_of(precedence)?;
        let span = Span { start: left.span().start, end: right.span().end };
        Ok(Expr::Binary(Box::new(Binary {
            operator,
            left,
            right,
            returns_bool,
            matching,
            cardinality,
            fill,
            span,
            operator_span,
        })))
    }

    fn matching(&mut self) -> Parsed<Option<LabelChoice>> {
        if self.accept(Kind::Keyword(Keyword::On)).is_some() {
            return self.labels().map(|labels| Some(LabelChoice::Only(labels)));
        }
        if self.accept(Kind::Keyword(Keyword::Ignoring)).is_some() {
            return self.labels().map(|labels| Some(LabelChoice::AllBut(labels)));
        }
        Ok(None)
    }

    /// Grouping stands only behind `on` or `ignoring`.
    fn cardinality(&mut self, operator: Operator, is_matched: bool) -> Parsed<Cardinality> {
        let make = match self.peek().kind {
            Kind::Keyword(Keyword::GroupLeft) if is_matched => Cardinality::ManyToOne,
            Kind::Keyword(Keyword::GroupRight) if is_matched => Cardinality::OneToMany,
            _ if matches!(operator, Operator::Set(_)) => return Ok(Cardinality::ManyToMany),
            _ => return Ok(Cardinality::OneToOne),
        };
        self.advance();
        // A parenthesis here is always a list of labels, never the right side.
        let has_labels = self.peek().kind == Kind::LeftParen;
        Ok(make(if has_labels { self.labels()? } else { Vec::new() }))
    }

    /// `fill (x)` for both sides, or one for each side, in any order.
    fn fill(&mut self) -> Parsed<Fill> {
        let mut fill = Fill::default();
        loop {
            let token = self.peek();
            let (left, right) = match token.kind {
                Kind::Keyword(Keyword::Fill) if fill == Fill::default() => (true, true),
                Kind::Keyword(Keyword::FillLeft) if fill.left.is_none() => (true, false),
                Kind::Keyword(Keyword::FillRight) if fill.right.is_none() => (false, true),
                _ => return Ok(fill),
            };
            if !self.features.fill_modifiers {
                let message = not_enabled("binop fill modifiers are", Features::FILL_MODIFIERS);
                return Err(Fault::new(token.span.start, message));
            }
            self.advance();
            let value = Some(self.fill_value()?);
            fill = Fill {
                left: if left { value } else { fill.left },
                right: if right { value } else { fill.right },
            };
        }
    }

    fn fill_value(&mut self) -> Parsed<f64> {
        self.expect(Kind::LeftParen, ANYTHING)?;
        let value = self.signed_number(wanted("fill", "number"))?;
        self.expect(Kind::RightParen, ANYTHING)?;
        Ok(value)
    }

    /// A number that may have a sign, and may be written as a duration.
    pub(super) fn signed_number(&mut self, wanted: Wanted) -> Parsed<f64> {
        let sign = match self.peek().kind {
            Kind::Operator(Operator::Arithmetic(Arithmetic::Add)) => Some(1.0),
            Kind::Operator(Operator::Arithmetic(Arithmetic::Subtract)) => Some(-1.0),
            _ => None,
        };
        if sign.is_some() {
            self.advance();
        }
        if !matches!(self.peek().kind, Kind::Number | Kind::Duration) {
            return self.unexpected(wanted);
        }
        Ok(self.number()?.value * sign.unwrap_or(1.0))
    }
}
