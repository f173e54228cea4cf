//! The functions of PromQL by their kinds: over the window of a series, on each element, or special.
//!
//! The table says which there are; each family lies in a file of its own. The parser has checked how many arguments there
//! are and of what types, so that a missing one can only mean an optional one.

mod absent;
mod calendar;
mod elements;
mod histogram;
mod labels;
mod math;
mod over_time;
mod rates;
mod regression;

use ballast_types::Sample;

use crate::EvalError;
use crate::ast::{Call, Expr};
use crate::step::{Bounds, Element, Partial, Step};

/// What a function over a window sees.
pub(crate) struct Window<'w> {
    /// At least one sample, none a staleness marker.
    pub(crate) samples: &'w [Sample],
    pub(crate) bounds: Bounds,
    /// The instant of the evaluation, wherever the window lies.
    pub(crate) at_ms: i64,
    /// The scalar arguments in their order.
    pub(crate) scalars: &'w [f64],
}

/// How a function is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    /// A window of each series to one value, or none.
    Window { reduce: fn(&Window<'_>) -> Option<f64>, keeps_name: bool },
    /// Each element's value with the scalar arguments to one value, or none.
    Each(fn(f64, &[f64]) -> Option<f64>),
    /// As `Each`, and without arguments on the present instant in seconds.
    Date(fn(f64) -> f64),
    /// Anything else.
    Special(fn(&Step<'_>, &[Expr]) -> Result<Partial, EvalError>),
}

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<Function> {
    let families = [
        rates::find,
        regression::find,
        over_time::find,
        math::find,
        calendar::find,
        elements::find,
        labels::find,
        histogram::find,
        absent::find,
    ];
    families.iter().find_map(|family| family(name))
}

/// A function over windows that drops the name.
const fn window(reduce: fn(&Window<'_>) -> Option<f64>) -> Function {
    Function::Window { reduce, keeps_name: false }
}

/// Evaluates a call at an instant.
pub(crate) fn call(step: &Step<'_>, call: &Call) -> Result<Partial, EvalError> {
    match call.function {
        Function::Window { reduce, keeps_name } => over_windows(step, call, reduce, keeps_name),
        Function::Each(compute) => on_each(step, call, compute),
        Function::Date(compute) => on_dates(step, call, compute),
        Function::Special(evaluate) => evaluate(step, &call.arguments),
    }
}

fn is_window(tree: &Expr) -> bool {
    matches!(tree, Expr::Range(_) | Expr::Subquery(_))
}

fn over_windows(
    step: &Step<'_>,
    call: &Call,
    reduce: fn(&Window<'_>) -> Option<f64>,
    keeps_name: bool,
) -> Result<Partial, EvalError> {
    let Some(tree) = call.arguments.iter().find(|argument| is_window(argument)) else {
        return Ok(Partial::Vector(Vec::new()));
    };
    let scalars = call.arguments.iter().filter(|a| !is_window(a)).map(|a| step.scalar(a));
    let scalars = scalars.collect::<Result<Vec<f64>, _>>()?;
    let bounds = step.bounds(tree);
    let mut elements = Vec::new();
    for track in step.tracks(tree)? {
        let window = Window { samples: &track.samples, bounds, at_ms: step.at_ms, scalars: &scalars };
        if let Some(value) = reduce(&window) {
            elements.push(Element { labels: track.labels, value, drop_name: track.drop_name || !keeps_name });
        }
    }
    Ok(Partial::Vector(elements))
}

fn on_each(
    step: &Step<'_>,
    call: &Call,
    compute: fn(f64, &[f64]) -> Option<f64>,
) -> Result<Partial, EvalError> {
    let Some((first, rest)) = call.arguments.split_first() else { return Ok(Partial::Vector(Vec::new())) };
    let scalars = rest.iter().map(|a| step.scalar(a)).collect::<Result<Vec<f64>, _>>()?;
    let element = |e: Element| {
        compute(e.value, &scalars).map(|value| Element { value, drop_name: true, labels: e.labels })
    };
    Ok(Partial::Vector(step.vector(first)?.into_iter().filter_map(element).collect()))
}

fn on_dates(step: &Step<'_>, call: &Call, compute: fn(f64) -> f64) -> Result<Partial, EvalError> {
    let elements = match call.arguments.first() {
        Some(argument) => step.vector(argument)?,
        None => vec![Element::new(ballast_types::Labels::empty(), step.at_ms as f64 / 1000.0)],
    };
    let element = |e: Element| Element { value: compute(e.value), drop_name: true, labels: e.labels };
    Ok(Partial::Vector(elements.into_iter().map(element).collect()))
}
