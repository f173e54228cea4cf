//! Instant selectors: the latest sample of each series within the look-back, unless that is a staleness marker.

use std::sync::Arc;

use ballast_types::Sample;
use ballast_types::series::is_stale;

use super::{Context, Outcome, extended};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header};
use crate::plan::{Extended, SelectorOp};

/// The values of the samples.
pub(super) fn values(cx: &mut Context<'_>, selector: &SelectorOp) -> Result<Outcome, EvalError> {
    if selector.extended == Some(Extended::Smoothed) {
        return extended::smoothed_latest(cx, selector);
    }
    frame(cx, selector, |sample| sample.value).map(Outcome::vector)
}

/// When the samples were taken, in seconds.
pub(super) fn stamps(cx: &mut Context<'_>, selector: &SelectorOp) -> Result<Outcome, EvalError> {
    let mut frame = frame(cx, selector, |sample| sample.at.as_secs_f64())?;
    frame.headers_mut().iter_mut().for_each(|header| header.drop_name = true);
    Ok(Outcome::vector(frame))
}

fn frame(
    cx: &mut Context<'_>,
    selector: &SelectorOp,
    number: impl Fn(&Sample) -> f64,
) -> Result<Frame, EvalError> {
    let series = cx.found.map(super::read::Held::series).unwrap_or_default();
    cx.budget.afford(series.len().saturating_mul(cx.steps()))?;
    let ends: Arc<[i64]> = cx.task.grid.iter().map(|at| selector.pin.resolve(*at)).collect();
    let mut frame = Frame::with_room(cx.steps(), series.len());
    for one in series.iter() {
        let samples = &one.samples;
        let mut passed = 0;
        let lookback_ms = cx.lookback_ms;
        let at = |end_ms: &i64| {
            let rest = samples.get(passed..).unwrap_or_default();
            passed += rest.iter().take_while(|sample| sample.at.as_millis() <= *end_ms).count();
            let Some(sample) = passed.checked_sub(1).and_then(|last| samples.get(last)) else {
                return ABSENT;
            };
            let fresh = sample.at.as_millis() > end_ms.saturating_sub(lookback_ms) && !is_stale(sample.value);
            if fresh { number(sample) } else { ABSENT }
        };
        frame.push(Header::new(one.labels.clone()), ends.iter().map(at));
    }
    frame.compact();
    Ok(frame)
}
