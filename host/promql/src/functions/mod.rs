//! The functions of PromQL by their kinds: over the window of a series, on each element, or special.
//!
//! What computes is plain: [`window::window_kernel`], [`math::each_kernel`], [`calendar::date_kernel`], [`buckets`],
//! [`order`] and [`ratio`] know no evaluator. Here is how the evaluator calls them. The parser has checked how many
//! arguments there are and of what types, so that a missing one can only mean an optional one.

mod absent;
pub(crate) mod buckets;
pub(crate) mod calendar;
mod elements;
#[allow(dead_code, reason = "the planned evaluator calls what the walking one does not know")]
pub(crate) mod extended;
mod histogram;
mod labels;
pub(crate) mod math;
pub(crate) mod order;
mod over_time;
pub(crate) mod parameters;
mod rates;
pub(crate) mod ratio;
mod regression;
#[allow(dead_code, reason = "the planned evaluator calls what the walking one does not know")]
pub(crate) mod sliding;
#[allow(dead_code, reason = "the planned evaluator calls what the walking one does not know")]
pub(crate) mod window;

use ballast_types::labels::METRIC_NAME;

use crate::EvalError;
use crate::ast::{Call, Expr};
use crate::notes::wording;
use crate::step::{Element, Partial, Step};
use math::Each;
use window::{Window, WindowKernel};

/// How a function is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    /// A window of each series to one value, or none.
    Window(&'static WindowKernel),
    /// Each element's value with the scalar arguments to one value, or none.
    Each(Each),
    /// As `Each`, and without arguments on the present instant in seconds.
    Date(fn(f64) -> f64),
    /// Anything else.
    Special(fn(&Step<'_>, &[Expr]) -> Result<Partial, EvalError>),
}

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<Function> {
    let plain = [
        |name: &str| window::window_kernel(name).map(Function::Window),
        |name: &str| math::each_kernel(name).map(Function::Each),
        |name: &str| calendar::date_kernel(name).map(Function::Date),
    ];
    let special = [elements::find, labels::find, histogram::find, absent::find];
    plain.iter().find_map(|family| family(name)).or_else(|| special.iter().find_map(|family| family(name)))
}

/// Evaluates a call at an instant.
pub(crate) fn call(step: &Step<'_>, call: &Call) -> Result<Partial, EvalError> {
    match call.function {
        Function::Window(kernel) => over_windows(step, call, kernel),
        Function::Each(compute) => on_each(step, call, compute),
        Function::Date(compute) => on_dates(step, call, compute),
        Function::Special(evaluate) => evaluate(step, &call.arguments),
    }
}

fn is_window(tree: &Expr) -> bool {
    matches!(tree, Expr::Range(_) | Expr::Subquery(_))
}

fn over_windows(step: &Step<'_>, call: &Call, kernel: &'static WindowKernel) -> Result<Partial, EvalError> {
    let Some(tree) = call.arguments.iter().find(|argument| is_window(argument)) else {
        return Ok(Partial::Vector(Vec::new()));
    };
    let scalars = call.arguments.iter().filter(|a| !is_window(a)).map(|a| step.scalar(a));
    let scalars = scalars.collect::<Result<Vec<f64>, _>>()?;
    let tracks = step.tracks(tree)?;
    if !tracks.is_empty() {
        refuse_or_note(step, kernel, &scalars)?;
    }
    let bounds = step.bounds(tree);
    let mut elements = Vec::new();
    for track in tracks {
        let window = Window { samples: &track.samples, bounds, at_ms: step.at_ms, scalars: &scalars };
        let Some(value) = (kernel.reduce)(&window) else { continue };
        if kernel.for_counters {
            let name = track.labels.get(METRIC_NAME).unwrap_or_default();
            step.query.note(|notes| wording::possibly_no_counter(notes, None, name));
        }
        elements.push(Element {
            labels: track.labels,
            value,
            drop_name: track.drop_name || !kernel.keeps_name,
        });
    }
    Ok(Partial::Vector(elements))
}

fn refuse_or_note(step: &Step<'_>, kernel: &'static WindowKernel, scalars: &[f64]) -> Result<(), EvalError> {
    (kernel.refuses)(scalars).map_err(|reason| EvalError::Parameter { function: kernel.name, reason })?;
    if let Some(phi) = scalars.first().filter(|_| kernel.takes_quantile) {
        step.query.note(|notes| wording::quantile_out_of_range(notes, None, *phi));
    }
    Ok(())
}

fn on_each(step: &Step<'_>, call: &Call, compute: Each) -> Result<Partial, EvalError> {
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
