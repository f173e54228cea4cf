//! Functions on a vector as a whole, and between scalars and vectors: `scalar`, `vector`, `time`, `timestamp`, and the sorts.

use std::cmp::Ordering;

use ballast_types::Labels;

use super::{Function, order};
use crate::EvalError;
use crate::ast::Expr;
use crate::step::{Element, Partial, Step};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(Function::Special(match name {
        "scalar" => scalar,
        "vector" => vector,
        "time" => |step, _| Ok(Partial::Scalar(step.at_ms as f64 / 1000.0)),
        "pi" => |_, _| Ok(Partial::Scalar(std::f64::consts::PI)),
        "timestamp" => timestamp,
        "sort" => |step, arguments| sorted(step, arguments, |a, b| order::ascending(a.value, b.value)),
        "sort_desc" => |step, arguments| sorted(step, arguments, |a, b| order::descending(a.value, b.value)),
        "sort_by_label" => |step, arguments| {
            sorted(step, arguments, |a, b| order::by_labels(names(arguments), &a.labels, &b.labels))
        },
        "sort_by_label_desc" => |step, arguments| {
            sorted(step, arguments, |a, b| order::by_labels(names(arguments), &b.labels, &a.labels))
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

/// The texts among the arguments.
fn names(arguments: &[Expr]) -> impl Iterator<Item = &str> {
    arguments.iter().filter_map(|argument| match argument {
        Expr::Text(name) => Some(name.as_str()),
        _ => None,
    })
}

fn sorted(
    step: &Step<'_>,
    arguments: &[Expr],
    order: impl Fn(&Element, &Element) -> Ordering,
) -> Result<Partial, EvalError> {
    let mut elements = argument(step, arguments)?;
    elements.sort_by(order);
    Ok(Partial::Vector(elements))
}
