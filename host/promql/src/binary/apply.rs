//! What operators make of two numbers.

use crate::plan::BinaryOp;
use crate::syntax::ast::{Arithmetic, Comparison, Operator};

/// What an operator makes of two numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// A number.
    Computed(f64),
    /// The left number of two, or that of the vector, as it is.
    Kept,
    /// Nothing: a comparison without `bool` does not hold.
    Dropped,
}

#[inline]
pub(super) fn apply(op: &BinaryOp, left: f64, right: f64) -> Outcome {
    match op.operator {
        Operator::Arithmetic(arithmetic) => Outcome::Computed(compute(arithmetic, left, right)),
        Operator::Comparison(comparison) => {
            let held = holds(comparison, left, right);
            match (op.returns_bool, held) {
                (true, held) => Outcome::Computed(f64::from(u8::from(held))),
                (false, true) => Outcome::Kept,
                (false, false) => Outcome::Dropped,
            }
        }
        Operator::Set(_) => Outcome::Dropped,
    }
}

#[inline]
pub(super) fn compute(arithmetic: Arithmetic, left: f64, right: f64) -> f64 {
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

#[inline]
pub(super) fn holds(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Greater => left > right,
        Comparison::Less => left < right,
        Comparison::GreaterOrEqual => left >= right,
        Comparison::LessOrEqual => left <= right,
    }
}
