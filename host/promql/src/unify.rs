//! Columns that came to have the same labels become one, where they are never there at the same instant.

use std::collections::HashMap;

use ballast_types::Labels;

use crate::EvalError;
use crate::columns::{Frame, Header, is_present};

/// One column for all with the same labels that drop their name alike; an error where two with the same labels are there
/// at one instant.
pub(crate) fn unify(frame: Frame) -> Result<Frame, EvalError> {
    let mut first: HashMap<&Labels, usize, foldhash::fast::RandomState> =
        HashMap::with_capacity_and_hasher(frame.len(), Default::default());
    let all_differ = frame.headers().iter().enumerate().all(|(i, h)| first.insert(&h.labels, i).is_none());
    if all_differ {
        return Ok(frame);
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<&Labels, usize, foldhash::fast::RandomState> = HashMap::default();
    for (index, header) in frame.headers().iter().enumerate() {
        let place = *places.entry(&header.labels).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.push(index);
        }
    }
    let mut unified = Frame::with_room(frame.steps(), groups.len());
    for group in &groups {
        refuse_overlap(&frame, group)?;
        merge(&frame, group, &mut unified);
    }
    Ok(unified)
}

/// An error where two of the columns are there at one instant.
fn refuse_overlap(frame: &Frame, group: &[usize]) -> Result<(), EvalError> {
    let [first, _, ..] = group else { return Ok(()) };
    let mut there = vec![false; frame.steps()];
    for column in group.iter().map(|index| frame.column(*index)) {
        for (there, _) in there.iter_mut().zip(column).filter(|(_, value)| is_present(**value)) {
            if std::mem::replace(there, true) {
                let labels = frame.headers().get(*first).map(|header| header.labels.clone());
                return Err(EvalError::DuplicateSeries(labels.unwrap_or_default()));
            }
        }
    }
    Ok(())
}

/// Adds one column for those that drop their name, and one for those that keep it.
fn merge(frame: &Frame, group: &[usize], unified: &mut Frame) {
    for drop_name in [false, true] {
        let alike = |index: &&usize| frame.headers().get(**index).is_some_and(|h| h.drop_name == drop_name);
        let Some(header) = group.iter().find(alike).and_then(|index| frame.headers().get(*index)) else {
            continue;
        };
        let merged = unified.push_absent(Header::clone(header));
        for column in group.iter().filter(alike).map(|index| frame.column(*index)) {
            for (slot, value) in merged.iter_mut().zip(column).filter(|(_, value)| is_present(**value)) {
                *slot = *value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::ABSENT;

    fn frame(columns: &[[f64; 2]]) -> Frame {
        let mut frame = Frame::new(2);
        for column in columns {
            frame.push(Header::new(Labels::from_pairs([("a", "b")])), *column);
        }
        frame
    }

    #[test]
    fn columns_that_never_meet_become_one() {
        let unified = unify(frame(&[[1.0, ABSENT], [ABSENT, 2.0]])).unwrap();
        assert_eq!((unified.len(), unified.column(0)), (1, &[1.0, 2.0][..]));
        assert!(matches!(unify(frame(&[[1.0, ABSENT], [1.0, 2.0]])), Err(EvalError::DuplicateSeries(_))));
    }
}
