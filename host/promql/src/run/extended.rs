//! `selector smoothed`: the value at an instant interpolated between the samples around it.

use ballast_types::Sample;
use ballast_types::series::is_stale;

use super::{Context, Outcome};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, Slider};
use crate::functions::extended::smoothed_value;
use crate::functions::window::Bounds;
use crate::plan::SelectorOp;

/// The interpolated value of each series that has a sample within the look-back.
pub(super) fn smoothed_latest(cx: &mut Context<'_>, selector: &SelectorOp) -> Result<Outcome, EvalError> {
    let series = cx.found.map(super::read::Held::series).unwrap_or_default();
    cx.budget.afford(series.len().saturating_mul(cx.steps()))?;
    let mut frame = Frame::with_room(cx.steps(), series.len());
    for one in series.iter() {
        let samples: Vec<Sample> = one.samples.iter().filter(|s| !is_stale(s.value)).copied().collect();
        let mut slider = Slider::new(&samples);
        let value = |at: &i64| {
            let at_ms = selector.pin.resolve(*at);
            let (start_ms, end_ms) =
                (at_ms.saturating_sub(cx.lookback_ms), at_ms.saturating_add(cx.lookback_ms));
            let around = slider.next(Bounds { start_ms, end_ms });
            let passed = around.partition_point(|sample| sample.at.as_millis() <= at_ms);
            let before = passed.checked_sub(1).and_then(|last| around.get(last));
            before.map_or(ABSENT, |before| smoothed_value(*before, around.get(passed).copied(), at_ms))
        };
        frame.push(Header::new(one.labels.clone()), cx.task.grid.iter().map(value));
    }
    frame.compact();
    Ok(Outcome::vector(frame))
}
