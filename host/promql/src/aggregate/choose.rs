//! Aggregations that keep elements of a group rather than folding them: the top, the bottom, any few; and the count of
//! equal values.

use std::collections::HashMap;

use ballast_types::Labels;

use super::group_labels;
use crate::EvalError;
use crate::ast::{Aggregation, LabelChoice};
use crate::functions::ratio::is_in_ratio;
use crate::functions::{order, parameters};
use crate::numeric::decimal;
use crate::step::Element;

/// The k of an aggregation: below 1 is 0, a fraction is cut off; NaN and what no integer holds are refused.
pub(super) fn count_of(aggregation: Aggregation, k: f64) -> Result<usize, EvalError> {
    let refuse = |reason: String| EvalError::Parameter { function: name_of(aggregation), reason };
    Ok(parameters::counts(&[k]).map_err(refuse)?.into_iter().next().unwrap_or(0))
}

fn name_of(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Topk => "topk",
        Aggregation::Bottomk => "bottomk",
        _ => "limitk",
    }
}

/// The k elements, best first and NaN last; of equal ones the earlier.
pub(super) fn some_of(aggregation: Aggregation, k: usize, mut elements: Vec<Element>) -> Vec<Element> {
    match aggregation {
        Aggregation::Topk => elements.sort_by(|a, b| order::descending(a.value, b.value)),
        Aggregation::Bottomk => elements.sort_by(|a, b| order::ascending(a.value, b.value)),
        _ => {}
    }
    elements.truncate(k);
    elements
}

/// The part of the elements that a ratio from -1 to 1 chooses.
pub(super) fn part_of(ratio: f64, mut elements: Vec<Element>) -> Result<Vec<Element>, EvalError> {
    let refuse = |reason: String| EvalError::Parameter { function: "limit_ratio", reason };
    parameters::refuse_nan_ratio(&[ratio]).map_err(refuse)?;
    elements.retain(|element| is_in_ratio(ratio, &element.labels));
    Ok(elements)
}

/// One element for each value that occurs, with the value as a label.
pub(super) fn count_values(
    label: &str,
    grouping: &LabelChoice,
    elements: Vec<Element>,
) -> Result<Vec<Element>, EvalError> {
    if label.is_empty() {
        let reason = "invalid label name \"\"".to_owned();
        return Err(EvalError::Parameter { function: "count_values", reason });
    }
    let mut counts: Vec<Element> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for element in elements {
        let labels = group_labels(grouping, &element.labels).with(label, &decimal(element.value));
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            counts.push(Element { labels, value: 0.0, drop_name: element.drop_name });
            counts.len() - 1
        });
        if let Some(count) = counts.get_mut(place) {
            count.value += 1.0;
        }
    }
    Ok(counts)
}
