//! Arithmetic and comparisons between vectors: which series of one side meets which of the other, and the result's labels.
//!
//! Invariant: on the side that is "one", each match group has one series; a result's labels are unique in its group.

use std::collections::{HashMap, HashSet};

use ballast_types::Labels;

use super::{apply, match_key};
use crate::EvalError;
use crate::ast::{Binary, Cardinality, LabelChoice, Operator};
use crate::reserved::is_reserved;
use crate::step::Element;

/// Matches two vectors and computes where they meet.
pub(super) fn evaluate(
    binary: &Binary,
    left: &[Element],
    right: &[Element],
) -> Result<Vec<Element>, EvalError> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let right_is_many = matches!(binary.cardinality, Cardinality::OneToMany(_));
    let (many, one) = if right_is_many { (right, left) } else { (left, right) };
    let ones = index_one_side(binary, one, if right_is_many { "left" } else { "right" })?;
    let mut met = Met { binary, seen: HashMap::new() };
    let mut result = Vec::with_capacity(many.len());
    for element in many {
        let key = match_key(&binary.matching, &element.labels);
        let Some(other) = ones.get(&key) else { continue };
        let (l, r) = if right_is_many { (other.value, element.value) } else { (element.value, other.value) };
        let Some(outcome) = apply(binary, l, r) else { continue };
        let labels = result_labels(binary, &element.labels, &other.labels);
        met.note(key, &labels)?;
        let drop_name = element.drop_name || binary.returns_bool;
        result.push(Element { labels, value: outcome.value, drop_name });
    }
    Ok(result)
}

fn index_one_side<'e>(
    binary: &Binary,
    one: &'e [Element],
    side: &str,
) -> Result<HashMap<Labels, &'e Element>, EvalError> {
    let mut index: HashMap<Labels, &Element> = HashMap::with_capacity(one.len());
    for element in one {
        let key = match_key(&binary.matching, &element.labels);
        if let Some(other) = index.insert(key.clone(), element) {
            return Err(EvalError::Matching(format!(
                "found duplicate series for the match group {key} on the {side} hand-side of the operation: [{}, {}]; \
                 many-to-many matching not allowed: matching labels must be unique on one side",
                element.labels, other.labels
            )));
        }
    }
    Ok(index)
}

/// What was met in each match group.
struct Met<'b> {
    binary: &'b Binary,
    seen: HashMap<Labels, HashSet<Labels>>,
}

impl Met<'_> {
    fn note(&mut self, key: Labels, labels: &Labels) -> Result<(), EvalError> {
        let one_to_one = self.binary.cardinality == Cardinality::OneToOne;
        let group = self.seen.entry(key).or_default();
        if one_to_one && !group.is_empty() {
            let reason =
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
            return Err(EvalError::Matching(reason.to_owned()));
        }
        if !group.insert(labels.clone()) {
            let reason = "multiple matches for labels: grouping labels must ensure unique matches";
            return Err(EvalError::Matching(reason.to_owned()));
        }
        Ok(())
    }
}

/// Labels of the many side; one to one only those that matched; with those that `group_x` names taken from the one side.
fn result_labels(binary: &Binary, many: &Labels, one: &Labels) -> Labels {
    let computes = matches!(binary.operator, Operator::Arithmetic(_));
    let keep_name = |name: &str| !(computes && is_reserved(name));
    match &binary.cardinality {
        Cardinality::OneToOne => many.filtered(|name| {
            keep_name(name)
                && match &binary.matching {
                    LabelChoice::Only(names) => names.iter().any(|n| n == name),
                    LabelChoice::AllBut(names) => !names.iter().any(|n| n == name),
                }
        }),
        Cardinality::ManyToOne(included) | Cardinality::OneToMany(included) => {
            let kept = many.filtered(keep_name);
            if included.is_empty() {
                return kept;
            }
            kept.with_all(included.iter().map(|name| (name.as_str(), one.get(name).unwrap_or_default())))
        }
    }
}
