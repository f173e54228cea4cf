//! Arithmetic and comparisons between vectors: which series of one side meets which of the other, and the result's labels.
//!
//! Who meets whom is decided by the labels once; at each instant only who is there counts. Invariant: on the side that is
//! "one", each match group has one series at an instant; a result's labels are unique in its group.

use std::collections::HashMap;

use ballast_types::Labels;

use super::apply::{Outcome, apply};
use super::fill::Filling;
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, is_present};
use crate::groups::{Groups, Members, Signature};
use crate::plan::BinaryOp;
use crate::reserved::is_reserved;
use crate::run::Context;
use crate::syntax::ast::{Cardinality, LabelChoice, Operator};
use crate::unify::unify;

/// Matches two vectors and computes where they meet.
pub(super) fn evaluate(
    cx: &Context<'_>,
    op: &BinaryOp,
    left: &Frame,
    right: &Frame,
) -> Result<Frame, EvalError> {
    let right_is_many = matches!(op.cardinality, Cardinality::OneToMany(_));
    let (many, one) = if right_is_many { (right, left) } else { (left, right) };
    let fills = op.fill.iter().any(Option::is_some);
    if !fills && (many.len() == 0 || one.len() == 0) {
        return Ok(Frame::new(cx.steps()));
    }
    let signature = Signature::of(&op.matching);
    let mut groups = Groups::new(signature);
    let places: Vec<usize> = one.headers().iter().map(|header| groups.place(&header.labels)).collect();
    let ones = Members::new(&places, groups.len());
    let meeting = Meeting { op, many, one, right_is_many };
    meeting.refuse_duplicates(&groups, &ones)?;
    let met_places: Vec<Option<usize>> =
        many.headers().iter().map(|header| groups.find(&header.labels)).collect();
    let mut crowd = vec![0_usize; groups.len()];
    for place in met_places.iter().flatten() {
        if let Some(count) = crowd.get_mut(*place) {
            *count += 1;
        }
    }
    cx.budget.afford(many.size())?;
    let mut result = Frame::with_room(many.steps(), many.len());
    let mut met = Met { one_to_one: op.cardinality == Cardinality::OneToOne, seen: HashMap::new() };
    for (index, place) in met_places.iter().enumerate() {
        let Some(place) = place else { continue };
        for other in ones.of(*place) {
            let column = meeting.compute(index, *other, &mut result);
            if crowd.get(*place).is_some_and(|count| *count > 1) {
                met.note(*place, &column.0.labels, column.1)?;
            }
        }
    }
    if fills {
        fill(op, left, right, right_is_many, &mut result);
    }
    result.compact();
    unify(result)
}

/// Adds what each side makes with the number that stands for the other.
fn fill(op: &BinaryOp, left: &Frame, right: &Frame, right_is_many: bool, result: &mut Frame) {
    let [fill_left, fill_right] = op.fill.map(|bits| bits.map(f64::from_bits));
    if let Some(value) = fill_right {
        let there_is_many = !right_is_many;
        Filling { op, there: left, missing: right, value, there_is_left: true, there_is_many }.add(result);
    }
    if let Some(value) = fill_left {
        let there_is_many = right_is_many;
        Filling { op, there: right, missing: left, value, there_is_left: false, there_is_many }.add(result);
    }
}

struct Meeting<'m> {
    op: &'m BinaryOp,
    many: &'m Frame,
    one: &'m Frame,
    right_is_many: bool,
}

impl Meeting<'_> {
    /// Adds what a series of the many makes with one of the other side.
    fn compute<'r>(&self, many: usize, one: usize, result: &'r mut Frame) -> (Header, &'r [f64]) {
        let (Some(header), Some(other)) = (self.many.headers().get(many), self.one.headers().get(one)) else {
            return (Header::new(Labels::empty()), &[]);
        };
        let labels = result_labels(self.op, &header.labels, &other.labels);
        let header = Header { labels, drop_name: header.drop_name || self.op.returns_bool };
        let slots = result.push_absent(header.clone());
        let pairs = self.many.column(many).iter().zip(self.one.column(one));
        let (op, right_is_many) = (self.op, self.right_is_many);
        for (slot, (many, one)) in slots.iter_mut().zip(pairs) {
            if is_present(*many) && is_present(*one) {
                let (left, right) = if right_is_many { (*one, *many) } else { (*many, *one) };
                *slot = match apply(op, left, right) {
                    Outcome::Computed(value) => value,
                    Outcome::Kept => left,
                    Outcome::Dropped => ABSENT,
                };
            }
        }
        (header, slots)
    }

    /// An error where a match group has two series of the "one" side at an instant at which the other side has any.
    fn refuse_duplicates(&self, groups: &Groups<'_, '_>, ones: &Members) -> Result<(), EvalError> {
        let mut any: Option<Vec<bool>> = None;
        for group in 0..groups.len() {
            let [_, _, ..] = ones.of(group) else { continue };
            let any = any.get_or_insert_with(|| somebody(self.many));
            let mut first: Vec<Option<usize>> = vec![None; any.len()];
            for index in ones.of(group) {
                for ((slot, value), any) in first.iter_mut().zip(self.one.column(*index)).zip(&*any) {
                    if !is_present(*value) || !*any {
                        continue;
                    }
                    if let Some(other) = slot.replace(*index) {
                        return Err(self.duplicate(groups, *index, other));
                    }
                }
            }
        }
        Ok(())
    }

    fn duplicate(&self, groups: &Groups<'_, '_>, index: usize, other: usize) -> EvalError {
        let labels = |index: usize| self.one.headers().get(index).map(Header::shown).unwrap_or_default();
        let side = if self.right_is_many { "left" } else { "right" };
        let key = groups.signature().labels(&labels(index));
        EvalError::Matching(format!(
            "found duplicate series for the match group {key} on the {side} hand-side of the operation: [{}, {}];\
             many-to-many matching not allowed: matching labels must be unique on one side",
            labels(index),
            labels(other)
        ))
    }
}

/// At which instants a vector has an element.
fn somebody(frame: &Frame) -> Vec<bool> {
    let mut any = vec![false; frame.steps()];
    for (_, column) in frame.columns() {
        any.iter_mut().zip(column).for_each(|(any, value)| *any |= is_present(*value));
    }
    any
}

/// What was met in the match groups of which the many side has several series.
struct Met {
    one_to_one: bool,
    seen: HashMap<(usize, Labels), Vec<bool>>,
}

impl Met {
    fn note(&mut self, group: usize, labels: &Labels, column: &[f64]) -> Result<(), EvalError> {
        let key = if self.one_to_one { Labels::empty() } else { labels.clone() };
        let seen = self.seen.entry((group, key)).or_insert_with(|| vec![false; column.len()]);
        for (seen, _) in seen.iter_mut().zip(column).filter(|(_, value)| is_present(**value)) {
            if std::mem::replace(seen, true) {
                let reason = match self.one_to_one {
                    true => "many-to-one matching must be explicit (group_left/group_right)",
                    false => "grouping labels must ensure unique matches",
                };
                return Err(EvalError::Matching(format!("multiple matches for labels: {reason}")));
            }
        }
        Ok(())
    }
}

/// Labels of the many side; one to one only those that matched; with those that `group_x` names taken from the one side.
pub(super) fn result_labels(op: &BinaryOp, many: &Labels, one: &Labels) -> Labels {
    let computes = matches!(op.operator, Operator::Arithmetic(_));
    let keep_name = |name: &str| !(computes && is_reserved(name));
    match &op.cardinality {
        Cardinality::ManyToOne(included) | Cardinality::OneToMany(included) => {
            let kept = many.filtered(keep_name);
            if included.is_empty() {
                return kept;
            }
            kept.with_all(included.iter().map(|name| (name.as_str(), one.get(name).unwrap_or_default())))
        }
        Cardinality::OneToOne | Cardinality::ManyToMany => many.filtered(|name| {
            keep_name(name)
                && match &op.matching {
                    LabelChoice::Only(names) => names.iter().any(|n| n == name),
                    LabelChoice::AllBut(names) => !names.iter().any(|n| n == name),
                }
        }),
    }
}
