//! `and`, `or` and `unless`: elements pass or do not, with all their labels and their value.

use std::sync::Arc;

use crate::EvalError;
use crate::columns::{ABSENT, Frame, is_present};
use crate::groups::{Groups, Signature};
use crate::run::Context;
use crate::syntax::ast::{LabelChoice, SetOperator};
use crate::unify::unify;

/// The left side in its order; with `or` followed by those of the right that match none of the left.
pub(super) fn evaluate(
    cx: &Context<'_>,
    operator: SetOperator,
    matching: &LabelChoice,
    left: Arc<Frame>,
    right: Arc<Frame>,
) -> Result<Frame, EvalError> {
    let (deciding, decided) = if operator == SetOperator::Or { (&left, &right) } else { (&right, &left) };
    let there = There::new(deciding, Signature::of(matching), cx.budget)?;
    let wanted = operator == SetOperator::And;
    let mut kept = Frame::clone(decided);
    for (header, column) in kept.columns_mut() {
        match there.of(&header.labels) {
            None if wanted => column.fill(ABSENT),
            None => {}
            Some(there) => {
                let others = column.iter_mut().zip(there).filter(|(_, there)| **there != wanted);
                others.for_each(|(value, _)| *value = ABSENT);
            }
        }
    }
    kept.compact();
    if operator != SetOperator::Or {
        return Ok(kept);
    }
    let mut either = Arc::unwrap_or_clone(left);
    for (header, column) in kept.columns() {
        either.push(header.clone(), column.iter().copied());
    }
    unify(either)
}

/// At which instants each match group has an element.
struct There<'c, 'f> {
    groups: Groups<'c, 'f>,
    there: Vec<bool>,
    steps: usize,
}

impl<'c, 'f> There<'c, 'f> {
    fn new(
        frame: &'f Frame,
        signature: Signature<'c>,
        budget: &crate::run::Budget,
    ) -> Result<Self, EvalError> {
        let mut groups = Groups::new(signature);
        let steps = frame.steps();
        budget.afford(frame.size())?;
        let mut there: Vec<bool> = Vec::new();
        for (header, column) in frame.columns() {
            let from = groups.place(&header.labels) * steps;
            there.resize(there.len().max(from + steps), false);
            let slots = there.get_mut(from..from + steps).unwrap_or_default();
            slots.iter_mut().zip(column).for_each(|(slot, value)| *slot |= is_present(*value));
        }
        Ok(There { groups, there, steps })
    }

    /// `None` where the group has no series at all.
    fn of(&self, labels: &ballast_types::Labels) -> Option<&[bool]> {
        let from = self.groups.find(labels)? * self.steps;
        self.there.get(from..from + self.steps)
    }
}
