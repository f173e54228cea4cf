//! Subqueries: what was evaluated at every multiple of a step, as samples of windows.
//!
//! The instants are aligned to the epoch, not to the query, so that the same instants are looked at whenever it is asked.

use std::sync::Arc;

use ballast_types::{Labels, Sample, Timestamp};

use super::{Context, Outcome, windows};
use crate::EvalError;
use crate::columns::{Header, Samples, Tracks, is_present};
use crate::plan::{Grid, Pin};

/// The windows of a subquery.
pub(super) fn tracks(cx: &mut Context<'_>, pin: Pin, range_ms: i64) -> Result<Outcome, EvalError> {
    let windows = windows::bounds(cx, pin, range_ms);
    let tracks = match (cx.arity(), cx.task.inner.clone()) {
        (0, _) | (_, None) => Vec::new(),
        (_, Some(grid)) => match cx.take(0) {
            Outcome::Vector(frame) => {
                let columns = frame.columns();
                columns.map(|(header, values)| (header.clone(), samples(&grid, values))).collect()
            }
            Outcome::Scalar(values) => vec![(Header::new(Labels::empty()), samples(&grid, &values))],
            _ => Vec::new(),
        },
    };
    Ok(Outcome::Tracks(Arc::new(Tracks { tracks, windows, extended: None })))
}

fn samples(grid: &Grid, values: &[f64]) -> Samples {
    let there = grid.iter().zip(values).filter(|(_, value)| is_present(**value));
    Samples::Own(there.map(|(at, value)| Sample { at: Timestamp::from_millis(*at), value: *value }).collect())
}
