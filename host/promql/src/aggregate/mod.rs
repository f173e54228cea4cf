//! Aggregations: elements fall into groups by their labels, and each group yields one element or some of its own.
//!
//! Folding a group to a number lies in `reduce`, choosing among its elements in `choose`. Groups keep the order in which
//! they first appeared.

mod choose;
mod reduce;

use std::collections::HashMap;

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

use crate::EvalError;
use crate::ast::{Aggregate, Aggregation, Expr, LabelChoice};
use crate::notes::wording;
use crate::step::{Element, Step};

/// Evaluates an aggregation at an instant.
pub(crate) fn evaluate(step: &Step<'_>, aggregate: &Aggregate) -> Result<Vec<Element>, EvalError> {
    let parameter = |tree: &Option<Expr>| tree.as_ref().map_or(Ok(f64::NAN), |tree| step.scalar(tree));
    let elements = match aggregate.aggregation {
        Aggregation::CountValues => {
            let label = match &aggregate.parameter {
                Some(Expr::Text(label)) => label.as_str(),
                _ => "",
            };
            return choose::count_values(label, &aggregate.grouping, step.vector(&aggregate.inner)?);
        }
        _ => step.vector(&aggregate.inner)?,
    };
    let aggregation = aggregate.aggregation;
    match aggregation {
        Aggregation::Topk | Aggregation::Bottomk | Aggregation::Limitk => {
            let k = choose::count_of(aggregation, parameter(&aggregate.parameter)?)?;
            let groups = group(&aggregate.grouping, elements);
            Ok(groups.into_iter().flat_map(|g| choose::some_of(aggregation, k, g.elements)).collect())
        }
        Aggregation::LimitRatio => {
            let mut ratio = parameter(&aggregate.parameter)?;
            step.query.note(|notes| ratio = wording::ratio_capped(notes, None, ratio));
            choose::part_of(ratio, elements)
        }
        _ => {
            let phi = parameter(&aggregate.parameter)?;
            if aggregation == Aggregation::Quantile {
                step.query.note(|notes| wording::quantile_out_of_range(notes, None, phi));
            }
            let fold = |g: Group| Element {
                value: reduce::reduce(aggregation, phi, g.elements.iter().map(|e| e.value)),
                drop_name: g.elements.iter().any(|e| e.drop_name),
                labels: g.labels,
            };
            Ok(group(&aggregate.grouping, elements).into_iter().map(fold).collect())
        }
    }
}

/// The elements with the same grouping labels.
struct Group {
    labels: Labels,
    elements: Vec<Element>,
}

fn group(grouping: &LabelChoice, elements: Vec<Element>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for element in elements {
        let labels = group_labels(grouping, &element.labels);
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            groups.push(Group { labels, elements: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.elements.push(element);
        }
    }
    groups
}

fn group_labels(grouping: &LabelChoice, labels: &Labels) -> Labels {
    match grouping {
        LabelChoice::Only(names) if names.is_empty() => Labels::empty(),
        LabelChoice::Only(names) => labels.filtered(|name| names.iter().any(|n| n == name)),
        LabelChoice::AllBut(names) => {
            labels.filtered(|name| name != METRIC_NAME && !names.iter().any(|n| n == name))
        }
    }
}
