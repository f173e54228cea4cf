//! Function calls, aggregations, and the lists of labels that group them.

use super::ast::{Aggregate, Aggregation, Call, Expr, LabelChoice, Span};
use super::cursor::{ANYTHING, Parser, Wanted, wanted};
use super::error::{Fault, Parsed};
use super::features::{Features, not_enabled};
use super::quote::quote;
use super::signatures::signature;
use super::token::{Keyword, Kind, Token};

impl Parser<'_> {
    /// `name(arguments)`. The name is judged after the arguments, whose errors come first.
    pub(super) fn call(&mut self) -> Parsed<Expr> {
        let Token { span: name_span, .. } = self.advance();
        let arguments = self.arguments(ANYTHING)?;
        let name = self.source(name_span);
        let shown = quote(name.as_bytes());
        let found = match signature(name) {
            None => Err(format!("unknown function with name {shown}")),
            Some(found) if found.is_experimental && !self.features.experimental_functions => {
                let what = format!("function {shown} is not enabled: it is");
                Err(not_enabled(&what, Features::EXPERIMENTAL_FUNCTIONS))
            }
            Some(found) => Ok(found),
        };
        let found = found.map_err(|message| Fault::new(name_span.start, message))?;
        let span = Span { start: name_span.start, end: self.previous_end() };
        Ok(Expr::Call(Box::new(Call { function: found.name, arguments, span })))
    }

    /// Arguments in parentheses, separated by commas.
    fn arguments(&mut self, otherwise: Wanted) -> Parsed<Vec<Expr>> {
        self.expect(Kind::LeftParen, otherwise)?;
        let mut arguments = Vec::new();
        if self.accept(Kind::RightParen).is_some() {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.deeper(|parser| parser.expression(0))?);
            if self.accept(Kind::RightParen).is_some() {
                return Ok(arguments);
            }
            let comma = self.expect(Kind::Comma, ANYTHING)?;
            if self.peek().kind == Kind::RightParen {
                let message = "trailing commas not allowed in function call args";
                return Err(Fault::new(comma.span.start, message));
            }
        }
    }

    /// `sum by (labels) (vector)`, the grouping before or after.
    pub(super) fn aggregate(&mut self, aggregation: Aggregation) -> Parsed<Expr> {
        let start = self.advance().span.start;
        let before = self.grouping()?;
        let arguments = self.arguments(wanted("aggregation", ""))?;
        let grouping = if before.is_some() { before } else { self.grouping()? };
        let span = Span { start, end: self.previous_end() };
        let (parameter, inner) = self.aggregated(aggregation, arguments, start)?;
        Ok(Expr::Aggregate(Box::new(Aggregate { aggregation, parameter, inner, grouping, span })))
    }

    /// Sorts the arguments of an aggregation into parameter and vector.
    fn aggregated(
        &self,
        aggregation: Aggregation,
        arguments: Vec<Expr>,
        start: usize,
    ) -> Parsed<(Option<Expr>, Expr)> {
        let fault = |message: String| Err(Fault::new(start, message));
        let count = arguments.len();
        if count == 0 {
            return fault("no arguments for aggregate expression provided".to_owned());
        }
        if aggregation.is_experimental() && !self.features.experimental_functions {
            let what = format!("{}() is", aggregation.as_str());
            return fault(not_enabled(&what, Features::EXPERIMENTAL_FUNCTIONS));
        }
        let mut arguments = arguments.into_iter();
        let parameter = if aggregation.has_parameter() { arguments.next() } else { None };
        match (arguments.next(), arguments.next()) {
            (Some(inner), None) => Ok((parameter, inner)),
            _ => {
                let expected = 1 + usize::from(aggregation.has_parameter());
                fault(format!(
                    "wrong number of arguments for aggregate expression provided, expected {expected}, got {count}"
                ))
            }
        }
    }

    fn grouping(&mut self) -> Parsed<Option<LabelChoice>> {
        if self.accept(Kind::Keyword(Keyword::By)).is_some() {
            return self.labels().map(|labels| Some(LabelChoice::Only(labels)));
        }
        if self.accept(Kind::Keyword(Keyword::Without)).is_some() {
            return self.labels().map(|labels| Some(LabelChoice::AllBut(labels)));
        }
        Ok(None)
    }

    /// Names of labels in parentheses; a comma may stand at the end.
    pub(super) fn labels(&mut self) -> Parsed<Vec<String>> {
        self.expect(Kind::LeftParen, wanted("grouping opts", "\"(\""))?;
        let mut labels = Vec::new();
        while self.accept(Kind::RightParen).is_none() {
            labels.push(self.label()?);
            if self.peek().kind != Kind::RightParen {
                self.expect(Kind::Comma, wanted("grouping opts", "\",\" or \")\""))?;
            }
        }
        Ok(labels)
    }

    /// Nearly every keyword may name a label; any other name stands in quotes.
    fn label(&mut self) -> Parsed<String> {
        let token = self.peek();
        let name = match token.kind {
            Kind::Text => self.unquoted_text(token)?,
            kind if kind.is_label_name() => self.source(token.span).to_owned(),
            _ => String::new(),
        };
        if name.is_empty() {
            return self.unexpected(wanted("grouping opts", "label"));
        }
        self.advance();
        Ok(name)
    }
}
