//! Operators between two expressions: which sides are scalars and which are vectors decides who computes.
//!
//! The matching of series lies in `matching`, the set operators in `sets`, the numbers here.

mod matching;
mod sets;

use ballast_types::Labels;

use crate::EvalError;
use crate::ast::{Arithmetic, Binary, Comparison, Expr, LabelChoice, Operator};
use crate::step::{Element, Partial, Step};

/// Evaluates an operator at an instant. A chain of them (`a + b + c`) is as deep as it is long on its left, so it is
/// walked and not recursed into.
pub(crate) fn evaluate(step: &Step<'_>, top: &Binary) -> Result<Partial, EvalError> {
    let (mut chain, mut leftmost) = (vec![top], &top.left);
    while let Expr::Binary(next) = leftmost {
        chain.push(next);
        leftmost = &next.left;
    }
    let mut left = step.value(leftmost)?;
    for binary in chain.into_iter().rev() {
        left = combine(binary, left, step.value(&binary.right)?)?;
    }
    Ok(left)
}

fn combine(binary: &Binary, left: Partial, right: Partial) -> Result<Partial, EvalError> {
    Ok(match (left, right) {
        (Partial::Scalar(l), Partial::Scalar(r)) => Partial::Scalar(scalars(binary.operator, l, r)),
        (Partial::Vector(l), Partial::Scalar(r)) => Partial::Vector(with_scalar(binary, l, r, Side::Right)),
        (Partial::Scalar(l), Partial::Vector(r)) => Partial::Vector(with_scalar(binary, r, l, Side::Left)),
        (Partial::Vector(l), Partial::Vector(r)) => Partial::Vector(match binary.operator {
            Operator::Set(operator) => sets::evaluate(operator, &binary.matching, l, r),
            _ => matching::evaluate(binary, &l, &r)?,
        }),
        // The parser lets no string through.
        (Partial::Text(_), _) | (_, Partial::Text(_)) => Partial::Vector(Vec::new()),
    })
}

/// On which side the scalar stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn scalars(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Arithmetic(arithmetic) => compute(arithmetic, left, right),
        Operator::Comparison(comparison) => f64::from(u8::from(holds(comparison, left, right))),
        Operator::Set(_) => f64::NAN,
    }
}

/// A comparison keeps the vector's value, on whichever side it stands.
fn with_scalar(binary: &Binary, vector: Vec<Element>, scalar: f64, side: Side) -> Vec<Element> {
    let element = |mut element: Element| {
        let kept = element.value;
        let (left, right) = if side == Side::Left { (scalar, kept) } else { (kept, scalar) };
        let outcome = apply(binary, left, right)?;
        element.value = if outcome.filtered { kept } else { outcome.value };
        element.drop_name |= !outcome.filtered;
        Some(element)
    };
    vector.into_iter().filter_map(element).collect()
}

/// What an operator makes of two numbers.
struct Outcome {
    value: f64,
    /// The value was let through by a comparison rather than computed.
    filtered: bool,
}

/// `None` where a comparison without `bool` does not hold.
fn apply(binary: &Binary, left: f64, right: f64) -> Option<Outcome> {
    match binary.operator {
        Operator::Arithmetic(arithmetic) => {
            Some(Outcome { value: compute(arithmetic, left, right), filtered: false })
        }
        Operator::Comparison(comparison) => {
            let held = holds(comparison, left, right);
            if binary.returns_bool {
                return Some(Outcome { value: f64::from(u8::from(held)), filtered: false });
            }
            held.then_some(Outcome { value: left, filtered: true })
        }
        Operator::Set(_) => None,
    }
}

fn compute(arithmetic: Arithmetic, left: f64, right: f64) -> f64 {
    match arithmetic {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => left % right,
        Arithmetic::Power => left.powf(right),
        Arithmetic::Atan2 => left.atan2(right),
    }
}

fn holds(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Greater => left > right,
        Comparison::Less => left < right,
        Comparison::GreaterOrEqual => left >= right,
        Comparison::LessOrEqual => left <= right,
    }
}

/// The labels by which a series is matched. The metric name counts only where it is asked for.
fn match_key(matching: &LabelChoice, labels: &Labels) -> Labels {
    match matching {
        LabelChoice::Only(names) => labels.filtered(|name| names.iter().any(|n| n == name)),
        LabelChoice::AllBut(names) => labels
            .filtered(|name| name != ballast_types::labels::METRIC_NAME && !names.iter().any(|n| n == name)),
    }
}
