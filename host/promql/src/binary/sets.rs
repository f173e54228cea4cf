//! `and`, `or` and `unless`: elements pass or do not, with all their labels and their value.

use std::collections::HashSet;

use super::match_key;
use crate::ast::{LabelChoice, SetOperator};
use crate::step::Element;

/// The left side in its order; with `or` followed by those of the right that match none of the left.
pub(super) fn evaluate(
    operator: SetOperator,
    matching: &LabelChoice,
    left: Vec<Element>,
    right: Vec<Element>,
) -> Vec<Element> {
    let keys = |elements: &[Element]| -> HashSet<_> {
        elements.iter().map(|element| match_key(matching, &element.labels)).collect()
    };
    match operator {
        SetOperator::And | SetOperator::Unless => {
            let there = keys(&right);
            let wanted = operator == SetOperator::And;
            left.into_iter().filter(|e| there.contains(&match_key(matching, &e.labels)) == wanted).collect()
        }
        SetOperator::Or => {
            let there = keys(&left);
            let more = right.into_iter().filter(|e| !there.contains(&match_key(matching, &e.labels)));
            left.into_iter().chain(more).collect()
        }
    }
}
