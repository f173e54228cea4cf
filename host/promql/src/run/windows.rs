//! Range selectors: the samples of each series once, without staleness markers, and the bounds of each window.

use std::sync::Arc;

use ballast_types::Series;
use ballast_types::series::is_stale;

use super::{Context, Outcome};
use crate::EvalError;
use crate::columns::{Bounds, Header, Samples, Tracks};
use crate::plan::{Pin, SelectorOp};

/// The windows of a selector.
pub(super) fn tracks(
    cx: &mut Context<'_>,
    selector: &SelectorOp,
    range_ms: i64,
) -> Result<Outcome, EvalError> {
    let all = cx.found.map(super::read::Held::series).unwrap_or_default();
    let tracks = (0..all.len()).filter_map(|index| track(&all, index)).collect();
    let windows = bounds(cx, selector.pin, range_ms);
    Ok(Outcome::Tracks(Arc::new(Tracks { tracks, windows, extended: selector.extended })))
}

/// The bounds of the window at each instant.
pub(super) fn bounds(cx: &Context<'_>, pin: Pin, range_ms: i64) -> Vec<Bounds> {
    let bounds = |at: &i64| {
        let end_ms = pin.resolve(*at);
        Bounds { start_ms: end_ms.saturating_sub(range_ms), end_ms }
    };
    cx.task.grid.iter().map(bounds).collect()
}

/// The samples of one series; `None` where all of them are staleness markers.
pub(super) fn track(all: &Arc<Vec<Series>>, index: usize) -> Option<(Header, Samples)> {
    let series = all.get(index)?;
    let header = Header::new(series.labels.clone());
    // Most often there is none, and then looking at all of them without asking each time is quickest.
    if !series.samples.iter().fold(false, |any, sample| any | is_stale(sample.value)) {
        return Some((header, Samples::Shared(all.clone(), index)));
    }
    let own: Vec<_> = series.samples.iter().filter(|sample| !is_stale(sample.value)).copied().collect();
    (!own.is_empty()).then_some((header, Samples::Own(own)))
}
