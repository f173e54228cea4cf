//! Aggregations that keep elements of a group rather than folding them: the top, the bottom, any few, a part.

use super::Grouped;
use crate::EvalError;
use crate::columns::{ABSENT, Frame, is_present};
use crate::functions::ratio::is_in_ratio;
use crate::functions::{order, parameters};
use crate::syntax::ast::Aggregation;

/// The k of an aggregation at each instant: below 1 is 0, a fraction is cut off; NaN and what no integer holds are refused.
pub(super) fn counts(aggregation: Aggregation, values: &[f64]) -> Result<Vec<usize>, EvalError> {
    let refuse = |reason: String| EvalError::Parameter { function: name_of(aggregation), reason };
    parameters::counts(values).map_err(refuse)
}

fn name_of(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Topk => "topk",
        Aggregation::Bottomk => "bottomk",
        _ => "limitk",
    }
}

/// The k elements of each group, best first and NaN last; of equal ones the earlier.
pub(super) fn some_of(aggregation: Aggregation, counts: &[usize], grouped: &Grouped<'_>) -> Frame {
    let frame = grouped.frame;
    let mut chosen = Chosen::new(frame);
    let mut there: Vec<(usize, f64)> = Vec::new();
    for group in 0..grouped.groups.len() {
        for (step, count) in counts.iter().enumerate() {
            there.clear();
            let value =
                |member: &usize| (*member, frame.column(*member).get(step).copied().unwrap_or(ABSENT));
            there.extend(grouped.members.of(group).iter().map(value).filter(|(_, value)| is_present(*value)));
            match aggregation {
                Aggregation::Topk => there.sort_by(|a, b| order::descending(a.1, b.1)),
                Aggregation::Bottomk => there.sort_by(|a, b| order::ascending(a.1, b.1)),
                _ => {}
            }
            there.iter().take(*count).for_each(|(member, value)| chosen.keep(*member, step, *value));
        }
    }
    chosen.frame()
}

/// The part of the elements that a ratio from -1 to 1 chooses at each instant.
pub(super) fn part_of(ratios: &[f64], frame: &Frame) -> Result<Frame, EvalError> {
    let refuse = |reason: String| EvalError::Parameter { function: "limit_ratio", reason };
    parameters::refuse_nan_ratio(ratios).map_err(refuse)?;
    let mut chosen = Chosen::new(frame);
    for (member, (header, column)) in frame.columns().enumerate() {
        let mut last = (f64::NAN, false);
        for (step, (value, ratio)) in column.iter().zip(ratios).enumerate() {
            if last.0 != *ratio {
                last = (*ratio, is_in_ratio(*ratio, &header.labels));
            }
            if last.1 && is_present(*value) {
                chosen.keep(member, step, *value);
            }
        }
    }
    Ok(chosen.frame())
}

/// Elements that are kept, in the order in which they were chosen.
struct Chosen<'f> {
    all: &'f Frame,
    values: Vec<f64>,
    order: Vec<usize>,
    is_in: Vec<bool>,
}

impl<'f> Chosen<'f> {
    fn new(all: &'f Frame) -> Self {
        Chosen { all, values: vec![ABSENT; all.size()], order: Vec::new(), is_in: vec![false; all.len()] }
    }

    fn keep(&mut self, member: usize, step: usize, value: f64) {
        if let Some(slot) = self.values.get_mut(member * self.all.steps() + step) {
            *slot = value;
        }
        if let Some(is_in) = self.is_in.get_mut(member).filter(|is_in| !**is_in) {
            *is_in = true;
            self.order.push(member);
        }
    }

    fn frame(self) -> Frame {
        let steps = self.all.steps();
        let mut frame = Frame::with_room(steps, self.order.len());
        for member in self.order {
            let from = member * steps;
            if let (Some(header), Some(column)) =
                (self.all.headers().get(member), self.values.get(from..from + steps))
            {
                frame.push(header.clone(), column.iter().copied());
            }
        }
        frame
    }
}
