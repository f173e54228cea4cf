//! The entry to evaluation: at one instant, or at each step of a range.

use std::time::Duration;

use ballast_types::{Labels, QueryError, Queryable, Series, Timestamp};

use crate::finish::{self, notes};
use crate::plan::{Arena, Grid, Horizon, Settings, lower, schedule};
use crate::run::{Budget, Done, Run, run};
use crate::value::{Answer, Value};
use crate::{Expression, Options, ValueType};

/// Most instants that one range may have, as in Prometheus.
const STEPS_MAX: i64 = 11_000;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The samples could not be read. Missing data, never "nothing is wrong".
    #[error(transparent)]
    Read(#[from] QueryError),
    /// More samples than allowed.
    #[error("evaluate the expression: more than {0} samples; narrow the selector, the range or the subquery")]
    TooManySamples(usize),
    /// Two series of the result have the same labels.
    #[error("evaluate the expression: vector cannot contain metrics with the same labelset: {0}")]
    DuplicateSeries(Labels),
    /// Series of the two sides of an operator do not match one to one, or one to many.
    #[error("match the series of the two sides: {0}")]
    Matching(String),
    /// A parameter is out of its domain.
    #[error("evaluate `{function}`: {reason}")]
    Parameter {
        /// The function or aggregation.
        function: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A duration that the instants of the query make senseless.
    #[error("evaluate the expression: {0}")]
    Duration(String),
    /// A range was asked for that has no steps, or too many, or of an expression that has no value at a step.
    #[error("evaluate the range: {0}")]
    Range(String),
    /// The evaluation took longer than it may.
    #[error("evaluate the expression: query timed out")]
    TimedOut,
    /// Nobody waits for the result any more.
    #[error("evaluate the expression: query was canceled")]
    Cancelled,
}

/// Evaluates at one instant.
pub fn evaluate(
    expression: &Expression,
    source: &dyn Queryable,
    at: Timestamp,
    options: &Options,
) -> Result<Value, EvalError> {
    answer(expression, source, at, options).map(|answer| answer.value)
}

/// As [`evaluate`], with what there is to say about the result.
pub fn answer(
    expression: &Expression,
    source: &dyn Queryable,
    at: Timestamp,
    options: &Options,
) -> Result<Answer, EvalError> {
    let at_ms = at.as_millis();
    let horizon = horizon(at_ms, at_ms, 0, options);
    let (done, notes) = whole(expression, source, horizon, Grid::single(at_ms), options)?;
    Ok(Answer { value: finish::instant(done, at)?, notes })
}

/// Evaluates at `start`, `start + step` and so on up to `end`; the series come in the order of their labels.
pub fn evaluate_range(
    expression: &Expression,
    source: &dyn Queryable,
    start: Timestamp,
    end: Timestamp,
    step: Duration,
    options: &Options,
) -> Result<Vec<Series>, EvalError> {
    match answer_range(expression, source, start, end, step, options)?.value {
        Value::Matrix(series) => Ok(series),
        _ => Ok(Vec::new()),
    }
}

/// As [`evaluate_range`], with what there is to say about the result, which is a matrix.
pub fn answer_range(
    expression: &Expression,
    source: &dyn Queryable,
    start: Timestamp,
    end: Timestamp,
    step: Duration,
    options: &Options,
) -> Result<Answer, EvalError> {
    let (start_ms, end_ms) = (start.as_millis(), end.as_millis());
    let step_ms = check_range(expression, start_ms, end_ms, step)?;
    let horizon = horizon(start_ms, end_ms, step_ms, options);
    let grid = Grid::steps(start_ms, end_ms, step_ms);
    let (done, notes) = whole(expression, source, horizon, grid.clone(), options)?;
    Ok(Answer { value: Value::Matrix(finish::range(done, &grid)?), notes })
}

fn whole(
    expression: &Expression,
    source: &dyn Queryable,
    horizon: Horizon,
    grid: Grid,
    options: &Options,
) -> Result<(Done, crate::Notes), EvalError> {
    let mut arena = Arena::default();
    let lowered = lower(&mut arena, expression.tree(), horizon)?;
    let grid = arena.grid(grid);
    let schedule = schedule(&mut arena, lowered.root, grid, settings(options), |_| false)?;
    let run_of = Run {
        source,
        budget: Budget::new(options.samples_max, options.interrupt.clone()),
        lookback_ms: settings(options).lookback_ms,
        known: &|_| None,
        keep: None,
    };
    let done = run(&schedule, run_of)?;
    let notes = notes(&done, &lowered);
    Ok((done, notes))
}

/// What the options say to a plan.
pub(crate) fn horizon(start_ms: i64, end_ms: i64, step_ms: i64, options: &Options) -> Horizon {
    let subquery_step_ms = i64::try_from(options.subquery_step.as_millis()).unwrap_or(60_000).max(1);
    Horizon { start_ms, end_ms, step_ms, subquery_step_ms }
}

/// What the options say to a schedule.
pub(crate) fn settings(options: &Options) -> Settings {
    Settings {
        lookback_ms: i64::try_from(options.lookback.as_millis()).unwrap_or(i64::MAX >> 8),
        samples_max: options.samples_max,
        samples_only: !options.summaries,
    }
}

/// The step in milliseconds, where the range makes sense.
fn check_range(
    expression: &Expression,
    start_ms: i64,
    end_ms: i64,
    step: Duration,
) -> Result<i64, EvalError> {
    let refuse = |reason: String| Err(EvalError::Range(reason));
    let step_ms = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    match expression.value_type() {
        ValueType::Scalar | ValueType::Vector => {}
        other => {
            return refuse(format!("invalid expression type \"{other}\", must be scalar or instant vector"));
        }
    }
    if step_ms <= 0 {
        return refuse("the step must be positive".to_owned());
    }
    if end_ms < start_ms {
        return refuse("the end lies before the start".to_owned());
    }
    if end_ms.saturating_sub(start_ms) / step_ms > STEPS_MAX {
        return refuse(format!("more than {STEPS_MAX} steps; make the step longer"));
    }
    Ok(step_ms)
}
