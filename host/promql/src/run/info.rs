//! `info`: adds to each series the labels of the info series that speak of the same target.
//!
//! Targets are told apart by `instance` and `job`. Of several info series of one name the newest counts; a label that the
//! series has already stays as it is (Prometheus documentation, "info()").

use std::collections::HashMap;

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, Matcher};

use super::{Context, Outcome};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, is_present};
use crate::groups::{Groups, Members, Signature};
use crate::plan::Matchers;
use crate::syntax::ast::LabelChoice;
use crate::unify::unify;

/// The first input with labels of the second; the third has the times of the second's samples.
pub(super) fn evaluate(cx: &mut Context<'_>, own: &Matchers) -> Result<Outcome, EvalError> {
    let (base, infos, stamps) = (cx.vector(0), cx.vector(1), cx.vector(2));
    let targets = LabelChoice::Only(vec!["instance".to_owned(), "job".to_owned()]);
    let mut groups = Groups::new(Signature::of(&targets));
    let places: Vec<usize> = infos.headers().iter().map(|header| groups.place(&header.labels)).collect();
    let members = Members::new(&places, groups.len());
    let joining = Joining { own, infos: &infos, stamps: &stamps };
    let mut result = Frame::new(cx.steps());
    for (header, column) in base.columns() {
        let candidates = groups.find(&header.labels).map_or(&[][..], |group| members.of(group));
        let is_info = joining.is_info(&header.labels);
        let mut columns: HashMap<Vec<usize>, Option<usize>> = HashMap::new();
        let mut made: Vec<(Header, Vec<f64>)> = Vec::new();
        for (step, value) in column.iter().enumerate().filter(|(_, value)| is_present(**value)) {
            let chosen = if is_info { Vec::new() } else { joining.at(step, candidates)? };
            let place = *columns.entry(chosen).or_insert_with_key(|chosen| {
                let labels = if is_info {
                    Some(header.labels.clone())
                } else {
                    joining.labels(&header.labels, chosen)
                };
                let header = Header { labels: labels?, drop_name: header.drop_name };
                made.push((header, vec![ABSENT; column.len()]));
                Some(made.len() - 1)
            });
            let slot =
                place.and_then(|place| made.get_mut(place)).and_then(|(_, values)| values.get_mut(step));
            if let Some(slot) = slot {
                *slot = *value;
            }
        }
        made.into_iter().for_each(|(header, values)| result.push(header, values));
        cx.budget.afford(result.size())?;
    }
    unify(result).map(Outcome::vector)
}

struct Joining<'j> {
    own: &'j Matchers,
    infos: &'j Frame,
    stamps: &'j Frame,
}

impl Joining<'_> {
    /// What is asked of labels other than the name.
    fn asked(&self) -> impl Iterator<Item = &Matcher> {
        self.own.0.iter().filter(|matcher| matcher.name() != METRIC_NAME)
    }

    /// Whether a series is such an info series itself; it stays as it is.
    fn is_info(&self, labels: &Labels) -> bool {
        let name = labels.metric_name().unwrap_or_default();
        let mut names = self.own.0.iter().filter(|matcher| matcher.name() == METRIC_NAME).peekable();
        match names.peek() {
            None => name == "target_info",
            Some(_) => names.all(|matcher| matcher.matches_value(name)),
        }
    }

    /// The info series that count at an instant: of each name the newest.
    fn at(&self, step: usize, candidates: &[usize]) -> Result<Vec<usize>, EvalError> {
        let mut newest: Vec<(&str, f64, usize)> = Vec::new();
        for index in candidates.iter().copied() {
            let (Some(header), Some(stamp)) =
                (self.infos.headers().get(index), self.stamps.column(index).get(step).copied())
            else {
                continue;
            };
            if !is_present(stamp) {
                continue;
            }
            let name = header.labels.metric_name().unwrap_or_default();
            match newest.iter_mut().find(|(other, ..)| *other == name) {
                Some((_, other, _)) if *other == stamp => {
                    let labels = &header.labels;
                    return Err(EvalError::Matching(format!(
                        "found duplicate series for info metric {labels}"
                    )));
                }
                Some(slot) if slot.1 < stamp => *slot = (name, stamp, index),
                Some(_) => {}
                None => newest.push((name, stamp, index)),
            }
        }
        Ok(newest.into_iter().map(|(.., index)| index).collect())
    }

    /// The labels together; `None` where something was asked for that nothing has.
    fn labels(&self, base: &Labels, chosen: &[usize]) -> Option<Labels> {
        let infos = chosen.iter().filter_map(|index| self.infos.headers().get(*index));
        let asked = |name: &str| self.asked().next().is_none() || self.asked().any(|m| m.name() == name);
        let more: Vec<(&str, &str)> = infos
            .flat_map(|header| header.labels.iter())
            .filter(|(name, _)| *name != METRIC_NAME && asked(name) && base.get(name).is_none())
            .collect();
        let nothing_found = more.is_empty() && !self.asked().all(|matcher| matcher.matches_value(""));
        (!nothing_found).then(|| base.with_all(more))
    }
}
