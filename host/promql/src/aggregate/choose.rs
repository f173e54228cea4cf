//! Aggregations that keep elements of a group rather than folding them: the top, the bottom, any few; and the count of
//! equal values.

use std::collections::HashMap;

use ballast_types::Labels;

use super::group_labels;
use crate::EvalError;
use crate::ast::{Aggregation, LabelChoice};
use crate::numeric::nan_first;
use crate::step::Element;

/// The k of an aggregation: below 1 is 0, a fraction is cut off; NaN and what no integer holds are refused.
pub(super) fn count_of(aggregation: Aggregation, k: f64) -> Result<usize, EvalError> {
    let refuse = |reason: String| Err(EvalError::Parameter { function: name_of(aggregation), reason });
    if k.is_nan() {
        return refuse("the parameter is NaN".to_owned());
    }
    if k >= i64::MAX as f64 || k <= i64::MIN as f64 {
        return refuse(format!("the parameter {k} overflows a 64-bit integer"));
    }
    Ok(k.max(0.0) as usize)
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
    let nan_last = |a: &Element, b: &Element| a.value.is_nan().cmp(&b.value.is_nan());
    match aggregation {
        Aggregation::Topk => elements.sort_by(|a, b| nan_last(a, b).then(nan_first(&b.value, &a.value))),
        Aggregation::Bottomk => elements.sort_by(|a, b| nan_last(a, b).then(nan_first(&a.value, &b.value))),
        _ => {}
    }
    elements.truncate(k);
    elements
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
        let labels = group_labels(grouping, &element.labels).with(label, &format_value(element.value));
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

/// A value as a label: the shortest decimal that reads back, never with an exponent.
fn format_value(value: f64) -> String {
    if value == f64::INFINITY { "+Inf".to_owned() } else { value.to_string().replace("inf", "Inf") }
}
