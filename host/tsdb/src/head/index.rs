//! The inverted index: label, value, series. It only narrows a search down; the matchers have the last word.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ballast_types::{Labels, MatchOp, Matcher};

use super::SeriesId;

/// Ids in rising order, because ids are given out in rising order.
type Postings = Vec<SeriesId>;

/// Which series have which label.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_label: HashMap<Arc<str>, BTreeMap<Arc<str>, Postings>>,
}

impl Index {
    pub(super) fn add(&mut self, id: SeriesId, labels: &Labels) {
        for (name, value) in labels.pairs() {
            let values = self.by_label.entry(name.clone()).or_default();
            values.entry(value.clone()).or_default().push(id);
        }
    }

    pub(super) fn remove(&mut self, id: SeriesId, labels: &Labels) {
        for (name, value) in labels.pairs() {
            let Some(values) = self.by_label.get_mut(name) else { continue };
            if let Some(postings) = values.get_mut(value) {
                if let Ok(place) = postings.binary_search(&id) {
                    postings.remove(place);
                }
                if postings.is_empty() {
                    values.remove(value);
                }
            }
            if values.is_empty() {
                self.by_label.remove(name);
            }
        }
    }

    /// Every series that can match, by the most selective equality, else by a pattern; `None` where only all will do.
    pub(super) fn candidates(&self, matchers: &[Matcher]) -> Option<Postings> {
        let required = |m: &&Matcher| !m.matches_value("");
        let equal = matchers.iter().filter(required).filter(|m| m.op() == MatchOp::Equal);
        if let Some(fewest) = equal.map(|m| self.of_value(m)).min_by_key(|postings| postings.len()) {
            return Some(fewest.to_vec());
        }
        matchers.iter().find(required).map(|matcher| self.of_pattern(matcher))
    }

    fn of_value(&self, matcher: &Matcher) -> &[SeriesId] {
        let values = self.by_label.get(matcher.name());
        values.and_then(|values| values.get(matcher.value())).map_or(&[], Vec::as_slice)
    }

    fn of_pattern(&self, matcher: &Matcher) -> Postings {
        let values = self.by_label.get(matcher.name()).into_iter().flatten();
        values
            .filter(|(value, _)| matcher.matches_value(value))
            .flat_map(|(_, ids)| ids.iter().copied())
            .collect()
    }
}
