//! Operators between two nodes: which sides are scalars and which are vectors decides who computes.
//!
//! The matching of series lies in `matching`, the set operators in `sets`, the numbers in `apply`.

mod apply;
mod fill;
mod matching;
mod sets;

use std::sync::Arc;

use apply::{Outcome as Applied, apply, compute, holds};

use crate::EvalError;
use crate::columns::{ABSENT, Frame, is_present};
use crate::plan::BinaryOp;
use crate::run::{Context, Outcome, Scalars};
use crate::syntax::ast::Operator;

/// Evaluates an operator at all instants.
pub(crate) fn evaluate(cx: &mut Context<'_>, op: &BinaryOp) -> Result<Outcome, EvalError> {
    Ok(match (cx.take(0), cx.take(1)) {
        (Outcome::Scalar(left), Outcome::Scalar(right)) => scalars(op, &left, &right),
        (Outcome::Vector(left), Outcome::Scalar(right)) => with_scalar(op, left, &right, Side::Right),
        (Outcome::Scalar(left), Outcome::Vector(right)) => with_scalar(op, right, &left, Side::Left),
        (Outcome::Vector(left), Outcome::Vector(right)) => Outcome::vector(match op.operator {
            Operator::Set(operator) => sets::evaluate(cx, operator, &op.matching, left, right)?,
            _ => matching::evaluate(cx, op, &left, &right)?,
        }),
        // The parser lets nothing else through.
        _ => Outcome::vector(Frame::new(cx.steps())),
    })
}

/// On which side the scalar stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn scalars(op: &BinaryOp, left: &Scalars, right: &Scalars) -> Outcome {
    let number = |(left, right): (&f64, &f64)| match op.operator {
        Operator::Arithmetic(arithmetic) => compute(arithmetic, *left, *right),
        Operator::Comparison(comparison) => f64::from(u8::from(holds(comparison, *left, *right))),
        Operator::Set(_) => f64::NAN,
    };
    Outcome::scalars(left.iter().zip(right.iter()).map(number).collect())
}

/// A comparison keeps the vector's value, on whichever side it stands.
fn with_scalar(op: &BinaryOp, vector: Arc<Frame>, scalar: &Scalars, side: Side) -> Outcome {
    let mut frame = Arc::unwrap_or_clone(vector);
    let filters = matches!(op.operator, Operator::Comparison(_)) && !op.returns_bool;
    for (header, column) in frame.columns_mut() {
        header.drop_name |= !filters;
        for (value, scalar) in column.iter_mut().zip(scalar.iter()).filter(|(value, _)| is_present(**value)) {
            let (left, right) = if side == Side::Left { (*scalar, *value) } else { (*value, *scalar) };
            *value = match apply(op, left, right) {
                Applied::Computed(result) => result,
                Applied::Kept => *value,
                Applied::Dropped => ABSENT,
            };
        }
    }
    if filters {
        frame.compact();
    }
    Outcome::vector(frame)
}
