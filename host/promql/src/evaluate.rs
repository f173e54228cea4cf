//! The entry to evaluation: at one instant, or at each step of a range. Here results get their final labels.
//!
//! Metric names are dropped here and not where a function says so, because `label_replace` may still read them.

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;

use ballast_types::{Labels, QueryError, Queryable, Sample, Series, Timestamp};

use crate::fetch::Query;
use crate::reserved::without_reserved;
use crate::step::{Element, Partial, Step, Track};
use crate::value::{Value, VectorSample};
use crate::{Expression, Notes, ValueType};

/// Most instants that one range may have, as in Prometheus.
const STEPS_MAX: i64 = 11_000;

/// What an evaluation may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How old the latest sample of a series may be for it to be there.
    pub lookback: Duration,
    /// The step of a subquery that names none.
    pub subquery_step: Duration,
    /// Most samples that one evaluation may read or make.
    pub samples_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            lookback: Duration::from_secs(300),
            subquery_step: Duration::from_secs(60),
            samples_max: 50_000_000,
        }
    }
}

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
    /// A range was asked for that has no steps, or too many, or of an expression that has no value at a step.
    #[error("evaluate the range: {0}")]
    Range(String),
}

/// Evaluates at one instant.
pub fn evaluate(
    expression: &Expression,
    source: &dyn Queryable,
    at: Timestamp,
    options: &Options,
) -> Result<Value, EvalError> {
    evaluate_noted(expression, source, at, options).map(|(value, _)| value)
}

/// As [`evaluate`], with what there is to say about the result.
pub fn evaluate_noted(
    expression: &Expression,
    source: &dyn Queryable,
    at: Timestamp,
    options: &Options,
) -> Result<(Value, Notes), EvalError> {
    let at_ms = at.as_millis();
    let query = Query::fetch(expression, source, at_ms, at_ms, options)?;
    let value = instant(expression, &query, at)?;
    Ok((value, query.into_notes()))
}

fn instant(expression: &Expression, query: &Query<'_>, at: Timestamp) -> Result<Value, EvalError> {
    let step = Step { query, at_ms: at.as_millis() };
    if expression.value_type() == ValueType::Matrix {
        let tracks = step.tracks(expression.root())?;
        return Ok(Value::Matrix(finish_tracks(tracks)?));
    }
    Ok(match step.value(expression.root())? {
        Partial::Scalar(value) => Value::Scalar(Sample { at, value }),
        Partial::Text(text) => Value::String(text),
        Partial::Vector(elements) => Value::Vector(
            finish(elements)?.map(|(labels, value)| VectorSample { labels, at, value }).collect(),
        ),
    })
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
    evaluate_range_noted(expression, source, start, end, step, options).map(|(series, _)| series)
}

/// As [`evaluate_range`], with what there is to say about the result.
pub fn evaluate_range_noted(
    expression: &Expression,
    source: &dyn Queryable,
    start: Timestamp,
    end: Timestamp,
    step: Duration,
    options: &Options,
) -> Result<(Vec<Series>, Notes), EvalError> {
    let (start_ms, end_ms) = (start.as_millis(), end.as_millis());
    let step_ms = check_range(expression, start_ms, end_ms, step)?;
    let query = Query::fetch(expression, source, start_ms, end_ms, options)?;
    let mut series: HashMap<Labels, Vec<Sample>> = HashMap::new();
    let mut at_ms = start_ms;
    while at_ms <= end_ms {
        let at = Timestamp::from_millis(at_ms);
        let elements = match (Step { query: &query, at_ms }).value(expression.root())? {
            Partial::Vector(elements) => elements,
            Partial::Scalar(value) => vec![Element::new(Labels::empty(), value)],
            Partial::Text(_) => Vec::new(),
        };
        query.charge(elements.len())?;
        for (labels, value) in finish(elements)? {
            series.entry(labels).or_default().push(Sample { at, value });
        }
        at_ms = at_ms.saturating_add(step_ms);
    }
    let mut all: Vec<Series> =
        series.into_iter().map(|(labels, samples)| Series { labels, samples }).collect();
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok((all, query.into_notes()))
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
    if end_ms.saturating_sub(start_ms) / step_ms >= STEPS_MAX {
        return refuse(format!("more than {STEPS_MAX} steps; make the step longer"));
    }
    Ok(step_ms)
}

/// Drops the names that are to be dropped; refuses two elements with the same labels.
fn finish(elements: Vec<Element>) -> Result<impl ExactSizeIterator<Item = (Labels, f64)>, EvalError> {
    let done: Vec<(Labels, f64)> = elements
        .into_iter()
        .map(|e| (if e.drop_name { without_reserved(&e.labels) } else { e.labels }, e.value))
        .collect();
    refuse_duplicates(done.iter().map(|(labels, _)| labels))?;
    Ok(done.into_iter())
}

fn finish_tracks(tracks: Vec<Track<'_>>) -> Result<Vec<Series>, EvalError> {
    let mut series: Vec<Series> = tracks
        .into_iter()
        .map(|track| Series {
            labels: if track.drop_name { without_reserved(&track.labels) } else { track.labels },
            samples: track.samples.into_owned(),
        })
        .collect();
    refuse_duplicates(series.iter().map(|series| &series.labels))?;
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(series)
}

/// Refuses two label sets that are the same.
pub(crate) fn refuse_duplicates<'l>(all: impl Iterator<Item = &'l Labels>) -> Result<(), EvalError> {
    let mut seen = HashSet::new();
    for labels in all {
        if !seen.insert(labels) {
            return Err(EvalError::DuplicateSeries(labels.clone()));
        }
    }
    Ok(())
}
