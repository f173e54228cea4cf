//! Subqueries: an expression evaluated at every multiple of its step within a window.
//!
//! The instants are aligned to the epoch, not to the query, so that the same instants are looked at whenever it is asked.

use std::borrow::Cow;
use std::collections::HashMap;

use ballast_types::{Labels, Sample, Timestamp};

use crate::EvalError;
use crate::ast::Subquery;
use crate::step::{Element, Partial, Step, Track};

/// The windows that a subquery yields at an instant, in the order in which their series first appeared.
pub(crate) fn evaluate<'q>(step: &Step<'q>, subquery: &Subquery) -> Result<Vec<Track<'q>>, EvalError> {
    let query = step.query;
    let every_ms = subquery.step_ms.unwrap_or(query.subquery_step_ms).max(1);
    let end_ms = query.shifted(subquery.shift, step.at_ms);
    let start_ms = end_ms.saturating_sub(subquery.range_ms);
    let mut tracks: Vec<(Labels, bool, Vec<Sample>)> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut at_ms = first_after(start_ms, every_ms);
    while at_ms <= end_ms {
        let elements = match (Step { query, at_ms }).value(&subquery.inner)? {
            Partial::Vector(elements) => elements,
            Partial::Scalar(value) => vec![Element::new(Labels::empty(), value)],
            Partial::Text(_) => Vec::new(),
        };
        query.charge(elements.len() + 1)?;
        for element in elements {
            let place = *places.entry(element.labels.clone()).or_insert_with(|| {
                tracks.push((element.labels, element.drop_name, Vec::new()));
                tracks.len() - 1
            });
            if let Some((_, _, samples)) = tracks.get_mut(place) {
                samples.push(Sample { at: Timestamp::from_millis(at_ms), value: element.value });
            }
        }
        at_ms = at_ms.saturating_add(every_ms);
    }
    Ok(tracks
        .into_iter()
        .map(|(labels, drop_name, samples)| Track { labels, drop_name, samples: Cow::Owned(samples) })
        .collect())
}

/// The first multiple of `every_ms` after `start_ms`.
fn first_after(start_ms: i64, every_ms: i64) -> i64 {
    start_ms.div_euclid(every_ms).saturating_add(1).saturating_mul(every_ms)
}
