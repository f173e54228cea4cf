//! `count_values`: one element for each value that occurs, with the value as a label.

use std::collections::HashMap;

use ballast_types::Labels;

use super::Grouped;
use crate::EvalError;
use crate::columns::{Frame, Header, is_present};
use crate::numeric::decimal;
use crate::run::Context;

/// How often each value occurs in each group.
pub(super) fn evaluate(cx: &Context<'_>, grouped: &Grouped<'_>) -> Result<Frame, EvalError> {
    let label = cx.text(1);
    if label.is_empty() {
        let reason = "invalid label name \"\"".to_owned();
        return Err(EvalError::Parameter { function: "count_values", reason });
    }
    let steps = grouped.frame.steps();
    let mut columns: Vec<(Header, Vec<f64>)> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for (group, labels) in grouped.groups.labels().enumerate() {
        let drop_name = grouped.drops_name(group);
        let mut known: HashMap<u64, usize> = HashMap::new();
        for column in grouped.columns(group) {
            for (step, value) in column.iter().enumerate().filter(|(_, value)| is_present(**value)) {
                let mut new = || -> Result<usize, EvalError> {
                    let labels = labels.with(label, &decimal(*value));
                    if let Some(place) = places.get(&labels) {
                        return Ok(*place);
                    }
                    cx.budget.afford((columns.len() + 1).saturating_mul(steps))?;
                    places.insert(labels.clone(), columns.len());
                    columns.push((Header { labels, drop_name }, vec![0.0; steps]));
                    Ok(columns.len() - 1)
                };
                let place = match known.get(&value.to_bits()) {
                    Some(place) => *place,
                    None => *known.entry(value.to_bits()).or_insert(new()?),
                };
                if let Some(count) = columns.get_mut(place).and_then(|(_, counts)| counts.get_mut(step)) {
                    *count += 1.0;
                }
            }
        }
    }
    let mut frame = Frame::with_room(steps, columns.len());
    for (header, counts) in columns {
        let there = |count: f64| if count > 0.0 { count } else { crate::columns::ABSENT };
        frame.push(header, counts.into_iter().map(there));
    }
    Ok(frame)
}
