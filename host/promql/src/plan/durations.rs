//! Durations of a query in milliseconds, where `step()` and `range()` are known.

use crate::EvalError;
use crate::syntax::ast::DurationExpr;

/// What `step()` and `range()` are, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spans {
    pub(crate) step_secs: f64,
    pub(crate) range_secs: f64,
}

/// To the nearest millisecond.
pub(super) fn millis(duration: &DurationExpr, spans: Spans) -> Result<i64, EvalError> {
    let secs = duration.seconds(spans.step_secs, spans.range_secs);
    let secs = secs.map_err(|reason| EvalError::Duration(reason.to_owned()))?;
    Ok((secs * 1000.0).round() as i64)
}

/// Milliseconds of a range or a step, which must be more than nothing.
pub(super) fn positive(duration: &DurationExpr, spans: Spans) -> Result<i64, EvalError> {
    match millis(duration, spans)? {
        millis if millis > 0 => Ok(millis),
        _ => Err(EvalError::Duration("duration must be greater than 0".to_owned())),
    }
}
