//! Runs a schedule: reads everything at once, then evaluates each task over all its instants.
//!
//! What each kind of node means lies in a module of its own. Invariant: after the reads the source is touched again only
//! where a summary overflowed; a value that nobody needs any more is given up, so that the samples which a query holds at
//! one time stay within [`crate::Options::samples_max`].

mod absent;
mod budget;
mod calls;
mod context;
mod extended;
mod histogram;
mod info;
mod label_functions;
mod latest;
mod read;
mod subquery;
pub(crate) mod summaries;
mod whole;
mod windows;

use std::sync::Arc;

use ballast_types::Queryable;

pub(crate) use budget::Budget;
pub(crate) use context::{Context, Done, Outcome, Scalars, WindowSummaries};

use crate::columns::Frame;
use crate::plan::{Form, Op, Schedule, Task, TaskKey};
use crate::{EvalError, aggregate, binary};

/// Takes note of the value of a task.
pub(crate) type Keep<'k> = &'k mut dyn FnMut(TaskKey, &Done);

/// What the evaluation of a schedule needs besides it.
pub(crate) struct Run<'r> {
    pub(crate) source: &'r dyn Queryable,
    pub(crate) budget: Budget,
    pub(crate) lookback_ms: i64,
    /// Values of tasks that are known already.
    pub(crate) known: &'r dyn Fn(&TaskKey) -> Option<Done>,
    /// Takes note of each value.
    pub(crate) keep: Option<Keep<'r>>,
}

/// Evaluates all tasks; the value of the last.
pub(crate) fn run(schedule: &Schedule, mut run: Run<'_>) -> Result<Done, EvalError> {
    let found = read::read(&schedule.reads, run.source, &run.budget)?;
    let mut values: Vec<Option<Done>> = Vec::with_capacity(schedule.tasks.len());
    let mut uses: Vec<usize> = schedule.tasks.iter().map(|task| task.uses).collect();
    for task in &schedule.tasks {
        run.budget.check()?;
        let done = match (run.known)(&task.key) {
            Some(done) => done,
            None => {
                let inputs = inputs(task, &mut values, &mut uses, &run.budget);
                let found = task.read.and_then(|read| found.get(read));
                let mut context = Context::new(task, inputs, found, &run);
                let outcome = evaluate(&mut context)?;
                run.budget.charge(outcome.size())?;
                let done = context.done(outcome);
                if let Some(keep) = &mut run.keep {
                    keep(task.key, &done);
                }
                done
            }
        };
        values.push(Some(done));
    }
    Ok(values.pop().flatten().unwrap_or_default())
}

/// The values of a task's inputs; the last task that needs one takes it.
fn inputs(task: &Task, values: &mut [Option<Done>], uses: &mut [usize], budget: &Budget) -> Vec<Done> {
    let mut take = |input: &usize| {
        let (slot, left) = (values.get_mut(*input)?, uses.get_mut(*input)?);
        *left = left.saturating_sub(1);
        if *left > 0 {
            return slot.clone();
        }
        let done = slot.take()?;
        budget.release(done.outcome.size());
        Some(done)
    };
    task.inputs.iter().filter_map(&mut take).collect()
}

fn evaluate(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    if cx.task.repeats {
        return repeat(cx);
    }
    let steps = cx.steps();
    match &cx.task.node.op {
        Op::Number(bits) => Ok(Outcome::scalars(vec![f64::from_bits(*bits); steps])),
        Op::Text(text) => Ok(Outcome::Text(text.clone())),
        Op::Latest(selector) => latest::values(cx, selector),
        Op::Stamps(selector) => latest::stamps(cx, selector),
        Op::Windows(selector, range_ms) if cx.task.key.form == Form::Summaries => {
            summaries::of(cx, selector, *range_ms)
        }
        Op::Windows(selector, range_ms) => windows::tracks(cx, selector, *range_ms),
        Op::Subquery { pin, range_ms, .. } => subquery::tracks(cx, *pin, *range_ms),
        Op::Negate => Ok(negate(cx)),
        Op::Binary(op) => binary::evaluate(cx, op),
        Op::Aggregate(op) => aggregate::evaluate(cx, op),
        Op::Absent(labels) => absent::evaluate(cx, labels),
        Op::Info(matchers) => info::evaluate(cx, matchers),
        Op::Call(function) => calls::evaluate(cx, function),
    }
}

/// The value at the one instant, at each of many.
fn repeat(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    let steps = cx.steps();
    Ok(match cx.take(0) {
        Outcome::Scalar(one) => Outcome::scalars(vec![one.first().copied().unwrap_or(f64::NAN); steps]),
        Outcome::Vector(one) => {
            cx.budget.afford(one.len().saturating_mul(steps))?;
            let mut frame = Frame::with_room(steps, one.len());
            for (header, values) in one.columns() {
                let value = values.first().copied().unwrap_or(crate::columns::ABSENT);
                frame.push(header.clone(), std::iter::repeat_n(value, steps));
            }
            Outcome::Vector(Arc::new(frame))
        }
        other => other,
    })
}

fn negate(cx: &mut Context<'_>) -> Outcome {
    match cx.take(0) {
        Outcome::Scalar(values) => Outcome::scalars(values.iter().map(|value| -value).collect()),
        Outcome::Vector(frame) => {
            let mut frame = Arc::unwrap_or_clone(frame);
            for value in frame.values_mut().iter_mut().filter(|value| crate::columns::is_present(**value)) {
                *value = -*value;
            }
            frame.headers_mut().iter_mut().for_each(|header| header.drop_name = true);
            Outcome::Vector(Arc::new(frame))
        }
        other => other,
    }
}
