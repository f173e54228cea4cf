//! Functions over windows answered from a summary of each window, without looking at samples.

use std::sync::Arc;

use ballast_types::{Selection, Want};

use super::read::Held;
use super::{Context, Outcome, WindowSummaries, windows};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, Tracks};
use crate::functions::window::{WindowKernel, window_kernel};
use crate::plan::SelectorOp;

/// Whether a summary of a window answers the function.
pub(crate) fn answers(function: &str) -> bool {
    window_kernel(function).is_some_and(|kernel| kernel.summary.is_some())
}

/// The summaries of a selector's windows.
pub(super) fn of(cx: &mut Context<'_>, selector: &SelectorOp, range_ms: i64) -> Result<Outcome, EvalError> {
    let series = match cx.found {
        Some(Held::Windows(series)) => series.clone(),
        Some(Held::Samples(_)) | None => Arc::default(),
    };
    let mut numbered = Vec::with_capacity(cx.steps());
    for bounds in windows::bounds(cx, selector.pin, range_ms) {
        let index = match numbered.last() {
            Some((last, index)) if *last == bounds => *index,
            Some((_, index)) => index + 1,
            None => 0,
        };
        numbered.push((bounds, index));
    }
    let matchers = selector.matchers.clone();
    Ok(Outcome::Summaries(Arc::new(WindowSummaries { matchers, series, windows: numbered })))
}

/// The function's value at each instant; `None` where the summary of a window does not tell enough.
pub(super) fn reduce(kernel: &WindowKernel, all: &WindowSummaries, steps: usize) -> Option<Frame> {
    let answer = kernel.summary?;
    let mut frame = Frame::with_room(steps, all.series.len());
    let mut column = Vec::with_capacity(steps);
    for series in all.series.iter() {
        column.clear();
        for (bounds, index) in &all.windows {
            column.push(match series.windows.get(*index) {
                Some(Some(summary)) if !kernel.tells_all(summary) => return None,
                Some(Some(summary)) => answer(summary, *bounds).unwrap_or(ABSENT),
                Some(None) | None => ABSENT,
            });
        }
        let header = Header { labels: series.labels.clone(), drop_name: !kernel.keeps_name };
        frame.push(header, column.iter().copied());
    }
    frame.compact();
    Some(frame)
}

/// The samples of the windows after all, from the source: a sum overflowed, and only they know the rest.
pub(super) fn reread(cx: &Context<'_>, all: &WindowSummaries) -> Result<Tracks, EvalError> {
    let windows: Vec<_> = all.windows.iter().map(|(bounds, _)| *bounds).collect();
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return Ok(Tracks::default()) };
    let range = crate::plan::span(first.start_ms.saturating_add(1), last.end_ms);
    let selection = Selection { matchers: &all.matchers.0, range, want: Want::Samples };
    let found = cx.source.read(&[selection])?.into_iter().map(Held::from).next();
    let series = found.map(|held| held.series()).unwrap_or_default();
    cx.budget.afford(series.iter().map(|series| series.samples.len()).sum())?;
    let tracks = (0..series.len()).filter_map(|index| windows::track(&series, index)).collect();
    Ok(Tracks { tracks, windows, extended: None })
}
