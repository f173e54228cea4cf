//! The canonical text of a tree, in one line, as Prometheus writes it: rules are told apart by it.
//!
//! Invariant: the text parses, and to a tree with the same text. A number that stands as a duration is shown as one.

use std::fmt::{Display, Formatter, Result, Write};

use ballast_types::labels::METRIC_NAME;
use ballast_types::{MatchOp, Matcher};

use super::ast::{
    Aggregate, Arithmetic, At, Binary, Call, Cardinality, DurationExpr, DurationKind, Expr, Extension, Fill,
    LabelChoice, MatrixSelector, Operator, Shift, Subquery, VectorSelector,
};
use super::numbers::{show_duration, show_number};
use super::quote::quote;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Expr::Number(number) if number.is_duration => f.write_str(&show_duration(number.value)),
            Expr::Number(number) => f.write_str(&show_number(number.value)),
            Expr::Text(text) => f.write_str(&quote(&text.value)),
            Expr::Vector(selector) => selector.fmt(f),
            Expr::Matrix(matrix) => matrix.fmt(f),
            Expr::Subquery(subquery) => write!(f, "{}{}", subquery.inner, Window(subquery)),
            Expr::Paren(paren) => write!(f, "({})", paren.inner),
            Expr::Unary(unary) => write!(f, "{}{}", if unary.negate { '-' } else { '+' }, unary.inner),
            Expr::Binary(binary) => binary.fmt(f),
            Expr::Aggregate(aggregate) => aggregate.fmt(f),
            Expr::Call(call) => call.fmt(f),
        }
    }
}

impl Display for VectorSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        bare(self, f)?;
        at(&self.shift, f)?;
        extension(self.extension, f)?;
        offset(&self.shift, f)
    }
}

impl Display for MatrixSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        bare(&self.selector, f)?;
        write!(f, "[{}]", self.range)?;
        extension(self.selector.extension, f)?;
        at(&self.selector.shift, f)?;
        offset(&self.selector.shift, f)
    }
}

/// Name and matchers, without what follows. The name's own matcher is not repeated; the others are sorted.
fn bare(selector: &VectorSelector, f: &mut Formatter<'_>) -> Result {
    let name = selector.name.as_deref().unwrap_or_default();
    let is_name = |m: &&Matcher| {
        selector.name.is_some() && m.name() == METRIC_NAME && m.op() == MatchOp::Equal && m.value() == name
    };
    let mut shown: Vec<String> = selector.matchers.iter().filter(|m| !is_name(m)).map(matcher).collect();
    shown.sort_unstable();
    f.write_str(name)?;
    if shown.is_empty() && !name.is_empty() { Ok(()) } else { write!(f, "{{{}}}", shown.join(",")) }
}

fn matcher(matcher: &Matcher) -> String {
    format!("{}{}{}", label(matcher.name()), matcher.op().as_str(), quote(matcher.value().as_bytes()))
}

/// A label's name, in quotes where it would be none without.
fn label(name: &str) -> String {
    let is_plain = !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.is_empty();
    if is_plain { name.to_owned() } else { quote(name.as_bytes()) }
}

/// Names in a list: there `inf` and `nan` would be numbers.
fn labels(names: &[String]) -> String {
    let shown = |name: &String| match name.to_ascii_lowercase().as_str() {
        "inf" | "nan" => quote(name.as_bytes()),
        _ => label(name),
    };
    names.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn at(shift: &Shift, f: &mut Formatter<'_>) -> Result {
    match shift.at {
        None => Ok(()),
        Some(At::Start) => f.write_str(" @ start()"),
        Some(At::End) => f.write_str(" @ end()"),
        Some(At::Millis(millis)) => {
            let sign = if millis < 0 { "-" } else { "" };
            let millis = millis.unsigned_abs();
            write!(f, " @ {sign}{}.{:03}", millis / 1000, millis % 1000)
        }
    }
}

fn offset(shift: &Shift, f: &mut Formatter<'_>) -> Result {
    shift.offset.as_ref().map_or(Ok(()), |offset| write!(f, " offset {offset}"))
}

fn extension(extension: Option<Extension>, f: &mut Formatter<'_>) -> Result {
    extension.map_or(Ok(()), |extension| write!(f, " {}", extension.as_str()))
}

impl Extension {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Extension::Anchored => "anchored",
            Extension::Smoothed => "smoothed",
        }
    }
}

/// What follows the expression in a subquery.
pub(super) struct Window<'a>(pub(super) &'a Subquery);

impl Display for Window<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "[{}:", self.0.range)?;
        if let Some(step) = &self.0.step {
            step.fmt(f)?;
        }
        f.write_char(']')?;
        at(&self.0.shift, f)?;
        offset(&self.0.shift, f)
    }
}

/// A literal alone is shown as a duration, as arithmetic it keeps the form in which it was written.
impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (&self.kind, self.literal()) {
            (DurationKind::Paren(_), _) | (_, None) => arithmetic(self, f),
            (_, Some(secs)) => f.write_str(&show_duration(secs)),
        }
    }
}

fn arithmetic(duration: &DurationExpr, f: &mut Formatter<'_>) -> Result {
    match &duration.kind {
        DurationKind::Duration(secs) => f.write_str(&show_duration(*secs)),
        DurationKind::Number(secs) => f.write_str(&show_number(*secs)),
        DurationKind::Step => f.write_str("step()"),
        DurationKind::Range => f.write_str("range()"),
        DurationKind::Plus(inner) => arithmetic(inner, f),
        DurationKind::Negate(inner) => {
            f.write_char('-')?;
            arithmetic(inner, f)
        }
        DurationKind::Paren(inner) => {
            f.write_char('(')?;
            arithmetic(inner, f)?;
            f.write_char(')')
        }
        DurationKind::Min(left, right) => pair("min", left, right, f),
        DurationKind::Max(left, right) => pair("max", left, right, f),
        DurationKind::Arithmetic(operator, left, right) => {
            arithmetic(left, f)?;
            write!(f, " {} ", Operator::Arithmetic(*operator).as_str())?;
            arithmetic(right, f)
        }
    }
}

fn pair(name: &str, left: &DurationExpr, right: &DurationExpr, f: &mut Formatter<'_>) -> Result {
    write!(f, "{name}(")?;
    arithmetic(left, f)?;
    f.write_str(", ")?;
    arithmetic(right, f)?;
    f.write_char(')')
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match unsigned_infinity(self) {
            Some(infinity) => f.write_str(infinity)?,
            None => self.left.fmt(f)?,
        }
        write!(f, " {} {}", OperatorWithModifiers(self), self.right)
    }
}

/// Infinity left of `^` has no sign: one would apply to the whole power.
pub(super) fn unsigned_infinity(binary: &Binary) -> Option<&'static str> {
    let is_power = binary.operator == Operator::Arithmetic(Arithmetic::Power);
    match &binary.left {
        Expr::Number(number) if is_power && number.value == f64::INFINITY => Some("Inf"),
        _ => None,
    }
}

/// What stands between the two sides.
pub(super) struct OperatorWithModifiers<'a>(pub(super) &'a Binary);

impl Display for OperatorWithModifiers<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let binary = self.0;
        f.write_str(binary.operator.as_str())?;
        if binary.returns_bool {
            f.write_str(" bool")?;
        }
        let grouped = match &binary.cardinality {
            Cardinality::ManyToOne(included) => Some(("left", included)),
            Cardinality::OneToMany(included) => Some(("right", included)),
            Cardinality::OneToOne | Cardinality::ManyToMany => None,
        };
        match &binary.matching {
            Some(LabelChoice::Only(names)) => write!(f, " on ({})", labels(names))?,
            Some(LabelChoice::AllBut(names)) if grouped.is_some() || !names.is_empty() => {
                write!(f, " ignoring ({})", labels(names))?;
            }
            _ => {}
        }
        if let Some((side, included)) = grouped {
            write!(f, " group_{side} ({})", labels(included))?;
        }
        fill(&binary.fill, f)
    }
}

fn fill(fill: &Fill, f: &mut Formatter<'_>) -> Result {
    match (fill.left, fill.right) {
        (Some(left), Some(right)) if left == right => write!(f, " fill ({})", show_number(left)),
        (left, right) => {
            for (side, value) in [("left", left), ("right", right)] {
                if let Some(value) = value {
                    write!(f, " fill_{side} ({})", show_number(value))?;
                }
            }
            Ok(())
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", AggregateHead(self))?;
        if let Some(parameter) = &self.parameter {
            write!(f, "{parameter}, ")?;
        }
        write!(f, "{})", self.inner)
    }
}

/// An aggregation's name and grouping.
pub(super) struct AggregateHead<'a>(pub(super) &'a Aggregate);

impl Display for AggregateHead<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.0.aggregation.as_str())?;
        match &self.0.grouping {
            Some(LabelChoice::AllBut(names)) => write!(f, " without ({}) ", labels(names)),
            Some(LabelChoice::Only(names)) if !names.is_empty() => write!(f, " by ({}) ", labels(names)),
            _ => Ok(()),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.function)?;
        for (index, argument) in self.arguments.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            argument.fmt(f)?;
        }
        f.write_char(')')
    }
}
