//! From the value of a plan to what others see: names are dropped, duplicates refused, places of annotations found.
//!
//! Metric names are dropped here and not where a function says so, because `label_replace` may still read them.

use std::collections::HashSet;
use std::sync::Arc;

use ballast_types::{Labels, Sample, Series, Timestamp};

use crate::columns::{Frame, Header, Slider, Tracks, is_present};
use crate::plan::{Grid, Lowered};
use crate::run::{Done, Outcome};
use crate::unify::unify;
use crate::value::{Value, VectorSample};
use crate::{EvalError, Notes};

/// The value at one instant.
pub(crate) fn instant(done: Done, at: Timestamp) -> Result<Value, EvalError> {
    Ok(match done.outcome {
        Outcome::Scalar(values) => {
            Value::Scalar(Sample { at, value: values.first().copied().unwrap_or(f64::NAN) })
        }
        Outcome::Text(text) => Value::String(text.to_string()),
        Outcome::Tracks(tracks) => Value::Matrix(matrix(&tracks)?),
        Outcome::Vector(frame) => Value::Vector(vector(&frame, at)?),
        Outcome::Summaries(_) => Value::Matrix(Vec::new()),
    })
}

/// The values at each instant of a range, in the order of the labels.
pub(crate) fn range(done: Done, grid: &Grid) -> Result<Vec<Series>, EvalError> {
    let sample = |(at, value): (&i64, &f64)| Sample { at: Timestamp::from_millis(*at), value: *value };
    match done.outcome {
        Outcome::Scalar(values) => {
            let samples = grid.iter().zip(values.iter()).map(sample).collect();
            Ok(vec![Series { labels: Labels::empty(), samples }])
        }
        Outcome::Vector(frame) => {
            let mut frame = Arc::unwrap_or_clone(frame);
            for header in frame.headers_mut() {
                *header = Header::new(header.shown());
            }
            let frame = unify(frame)?;
            let series = frame.columns().map(|(header, column)| {
                let there = grid.iter().zip(column).filter(|(_, value)| is_present(**value));
                Series { labels: header.labels.clone(), samples: there.map(sample).collect() }
            });
            let mut all: Vec<Series> = series.filter(|series| !series.samples.is_empty()).collect();
            all.sort_by(|a, b| a.labels.cmp(&b.labels));
            Ok(all)
        }
        _ => Ok(Vec::new()),
    }
}

fn vector(frame: &Frame, at: Timestamp) -> Result<Vec<VectorSample>, EvalError> {
    let columns = frame.columns().filter_map(|(header, column)| {
        let value = column.first().copied().filter(|value| is_present(*value))?;
        Some(VectorSample { labels: header.shown(), at, value })
    });
    let all: Vec<VectorSample> = columns.collect();
    refuse_duplicates(all.iter().map(|sample| &sample.labels))?;
    Ok(all)
}

fn matrix(tracks: &Tracks) -> Result<Vec<Series>, EvalError> {
    let Some(window) = tracks.windows.first() else { return Ok(Vec::new()) };
    let series = tracks.tracks.iter().map(|(header, samples)| Series {
        labels: header.shown(),
        samples: Slider::new(samples).next(*window).to_vec(),
    });
    let mut all: Vec<Series> = series.filter(|series| !series.samples.is_empty()).collect();
    refuse_duplicates(all.iter().map(|series| &series.labels))?;
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(all)
}

/// Refuses two label sets that are the same.
fn refuse_duplicates<'l>(all: impl ExactSizeIterator<Item = &'l Labels>) -> Result<(), EvalError> {
    let mut seen: HashSet<&Labels, foldhash::fast::RandomState> =
        HashSet::with_capacity_and_hasher(all.len(), Default::default());
    for labels in all {
        if !seen.insert(labels) {
            return Err(EvalError::DuplicateSeries(labels.clone()));
        }
    }
    Ok(())
}

/// All annotations, each with its place in the text.
pub(crate) fn notes(done: &Done, lowered: &Lowered) -> Notes {
    let mut notes = Notes::default();
    for said in &done.said {
        let place = |slot: usize| {
            let node = match slot.checked_sub(1) {
                None => Some(said.node),
                Some(input) => said.inputs.get(input).copied(),
            };
            node.and_then(|node| lowered.spans.get(&node)).map(|span| span.start)
        };
        notes.merge(&said.notes.placed_by(place));
    }
    notes
}
