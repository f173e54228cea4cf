//! Folds each group to one number an instant.

use super::Grouped;
use crate::columns::{ABSENT, Frame, Header, is_present};
use crate::numeric::{KahanSum, Mean, Variance, larger, quantile, smaller};
use crate::syntax::ast::Aggregation;

/// One column for each group.
pub(super) fn fold(aggregation: Aggregation, grouped: &Grouped<'_>) -> Frame {
    match aggregation {
        Aggregation::Sum => each(grouped, KahanSum::starting_at, KahanSum::plus, KahanSum::total),
        Aggregation::Avg => each(grouped, |v| Mean::default().plus(v), Mean::plus, Mean::result),
        Aggregation::Min => each(grouped, |v| v, smaller, |v| v),
        Aggregation::Max => each(grouped, |v| v, larger, |v| v),
        Aggregation::Count => each(grouped, |_| 1.0, |count, _| count + 1.0, |count| count),
        Aggregation::Stddev => {
            each(grouped, |v| Variance::default().plus_plain(v), Variance::plus_plain, |v| v.result().sqrt())
        }
        Aggregation::Stdvar => {
            each(grouped, |v| Variance::default().plus_plain(v), Variance::plus_plain, Variance::result)
        }
        // `group`; the others choose among their elements and never come here.
        _ => each(grouped, |_| (), |(), _| (), |()| 1.0),
    }
}

fn each<S: Copy>(
    grouped: &Grouped<'_>,
    first: impl Fn(f64) -> S,
    plus: impl Fn(S, f64) -> S,
    result: impl Fn(S) -> f64,
) -> Frame {
    let steps = grouped.frame.steps();
    let mut frame = Frame::with_room(steps, grouped.groups.len());
    let mut states: Vec<Option<S>> = vec![None; steps];
    for (group, labels) in grouped.groups.labels().enumerate() {
        states.fill(None);
        for column in grouped.columns(group) {
            for (state, value) in states.iter_mut().zip(column).filter(|(_, value)| is_present(**value)) {
                *state = Some(match *state {
                    Some(before) => plus(before, *value),
                    None => first(*value),
                });
            }
        }
        let header = Header { labels, drop_name: grouped.drops_name(group) };
        frame.push(header, states.iter().map(|state| state.map_or(ABSENT, &result)));
    }
    frame
}

/// The φ-quantile of each group.
pub(super) fn quantiles(phis: &[f64], grouped: &Grouped<'_>) -> Frame {
    let steps = grouped.frame.steps();
    let mut frame = Frame::with_room(steps, grouped.groups.len());
    for (group, labels) in grouped.groups.labels().enumerate() {
        let at = |(step, phi): (usize, &f64)| {
            let values = grouped.columns(group).filter_map(|column| column.get(step).copied());
            let values: Vec<f64> = values.filter(|value| is_present(*value)).collect();
            if values.is_empty() { ABSENT } else { quantile(*phi, values) }
        };
        let header = Header { labels, drop_name: grouped.drops_name(group) };
        frame.push(header, phis.iter().enumerate().map(at));
    }
    frame
}
