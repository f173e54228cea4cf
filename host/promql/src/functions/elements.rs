//! Functions on a vector as a whole, and between scalars and vectors: `scalar`, `vector`, `time`, `timestamp`, `sort`.

use std::cmp::Ordering;

use ballast_types::Labels;

use super::Function;
use crate::EvalError;
use crate::ast::Expr;
use crate::numeric::nan_first;
use crate::step::{Element, Partial, Step};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(Function::Special(match name {
        "scalar" => scalar,
        "vector" => vector,
        "time" => |step, _| Ok(Partial::Scalar(step.at_ms as f64 / 1000.0)),
        "pi" => |_, _| Ok(Partial::Scalar(std::f64::consts::PI)),
        "timestamp" => timestamp,
        "sort" => |step, arguments| {
            sorted(step, arguments, |a, b| nan_last(a, b).then(nan_first(&a.value, &b.value)))
        },
        "sort_desc" => |step, arguments| {
            sorted(step, arguments, |a, b| nan_last(a, b).then(nan_first(&b.value, &a.value)))
        },
        _ => return None,
    }))
}

fn argument(step: &Step<'_>, arguments: &[Expr]) -> Result<Vec<Element>, EvalError> {
    arguments.first().map_or(Ok(Vec::new()), |tree| step.vector(tree))
}

fn scalar(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    Ok(Partial::Scalar(match argument(step, arguments)?.as_slice() {
        [only] => only.value,
        _ => f64::NAN,
    }))
}

fn vector(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let value = arguments.first().map_or(Ok(f64::NAN), |tree| step.scalar(tree))?;
    Ok(Partial::Vector(vec![Element::new(Labels::empty(), value)]))
}

/// When a selector's samples were taken; of anything computed, the instant of the evaluation.
fn timestamp(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let stamped = |element: Element, secs: f64| Element { value: secs, drop_name: true, ..element };
    if let Some(Expr::Instant(id)) = arguments.first() {
        return Ok(Partial::Vector(step.latest(*id).map(|(e, at)| stamped(e, at.as_secs_f64())).collect()));
    }
    let now = step.at_ms as f64 / 1000.0;
    Ok(Partial::Vector(argument(step, arguments)?.into_iter().map(|e| stamped(e, now)).collect()))
}

fn nan_last(a: &Element, b: &Element) -> Ordering {
    a.value.is_nan().cmp(&b.value.is_nan())
}

fn sorted(
    step: &Step<'_>,
    arguments: &[Expr],
    order: fn(&Element, &Element) -> Ordering,
) -> Result<Partial, EvalError> {
    let mut elements = argument(step, arguments)?;
    elements.sort_by(order);
    Ok(Partial::Vector(elements))
}
