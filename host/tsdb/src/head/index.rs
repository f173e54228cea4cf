//! The inverted index: label, value, series. It narrows a search down as far as that is cheaper than a look at each series
//! that is left, and says which matchers are still to be tried.
//!
//! Invariant: the ids of a posting rise, because ids are given out in rising order; a series is in one posting a label.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use ballast_types::{Labels, MatchOp, Matcher};

use super::SeriesId;
use super::pattern::{Shape, shape};

/// Ids in rising order.
pub(super) type Postings = Vec<SeriesId>;
/// The series of each value of a label.
pub(super) type Values = BTreeMap<Arc<str>, Postings>;

/// Intersecting with a list is worth it up to this many entries for each candidate; beyond, a look at each candidate's
/// labels is quicker.
const ENTRIES_PER_CANDIDATE: usize = 16;
/// With several lists, which have to be brought in order first, up to this many.
const ENTRIES_OF_SEVERAL_PER_CANDIDATE: usize = 2;

/// Which series have which label.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_label: HashMap<Arc<str>, Values, foldhash::fast::RandomState>,
}

/// What the index knows of a selection.
#[derive(Debug)]
pub(super) struct Narrowed<'m> {
    /// Among these are all series that match; `None` is among all there are.
    pub(super) candidates: Option<Postings>,
    /// What the index has not seen to.
    pub(super) untried: Vec<&'m Matcher>,
}

/// The postings that a matcher asks for, one for each value; none for a pattern that is yet to be tried on each value.
struct Wanted<'i, 'm> {
    matcher: &'m Matcher,
    values: Option<&'i Values>,
    lists: Option<Vec<&'i [SeriesId]>>,
    prefix: String,
}

impl Index {
    /// Adds a series with the largest id so far.
    pub(super) fn add(&mut self, id: SeriesId, labels: &Labels) {
        for (name, value) in labels.pairs() {
            let values = match self.by_label.get_mut(name) {
                Some(values) => values,
                None => self.by_label.entry(name.clone()).or_default(),
            };
            match values.get_mut(value) {
                Some(postings) => postings.push(id),
                None => {
                    values.insert(value.clone(), vec![id]);
                }
            }
        }
    }

    /// Removes series, in the order of their ids; each posting is gone through once, however many of its series go.
    pub(super) fn remove_all(&mut self, gone: &[(SeriesId, &Labels)]) {
        let touched: BTreeSet<_> = gone.iter().flat_map(|(_, labels)| labels.pairs()).collect();
        for (name, value) in touched {
            let Some(values) = self.by_label.get_mut(name) else { continue };
            if let Some(postings) = values.get_mut(value) {
                postings.retain(|id| gone.binary_search_by_key(id, |(id, _)| *id).is_err());
                if postings.is_empty() {
                    values.remove(value);
                }
            }
            if values.is_empty() {
                self.by_label.remove(name);
            }
        }
    }

    /// The labels with their values.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&Arc<str>, &Values)> {
        self.by_label.iter()
    }

    /// The values of a label.
    pub(super) fn values(&self, name: &str) -> Option<&Values> {
        self.by_label.get(name)
    }

    /// Intersects what the matchers ask for, the shortest lists first.
    pub(super) fn narrow<'m>(&self, matchers: &'m [Matcher]) -> Narrowed<'m> {
        // What an absent label satisfies too says nothing about where to look.
        let (untried, required): (Vec<&Matcher>, Vec<&Matcher>) =
            matchers.iter().partition(|matcher| matcher.matches_value(""));
        let mut narrowed = Narrowed { candidates: None, untried };
        let mut wanted: Vec<Wanted<'_, 'm>> = required.into_iter().map(|m| self.wanted(m)).collect();
        wanted.sort_by_key(|wanted| (wanted.lists.is_none(), wanted.entries()));
        wanted.iter().for_each(|wanted| narrowed.intersect(wanted));
        narrowed
    }

    fn wanted<'m>(&self, matcher: &'m Matcher) -> Wanted<'_, 'm> {
        let values = self.values(matcher.name());
        let list = |value: &str| values.and_then(|values| values.get(value)).map(Vec::as_slice);
        let mut wanted = Wanted { matcher, values, lists: None, prefix: String::new() };
        match matcher.op() {
            MatchOp::Equal => wanted.lists = Some(list(matcher.value()).into_iter().collect()),
            MatchOp::Regex => match shape(matcher.value()) {
                Shape::Literals(texts) => {
                    wanted.lists = Some(texts.iter().filter_map(|text| list(text)).collect());
                }
                Shape::Prefix(prefix) => wanted.prefix = prefix,
            },
            MatchOp::NotEqual | MatchOp::NotRegex => {}
        }
        wanted
    }
}

impl<'i> Wanted<'i, '_> {
    /// How much there is to go through: entries of the lists, or values to try.
    fn entries(&self) -> usize {
        match &self.lists {
            Some(lists) => lists.iter().map(|list| list.len()).sum(),
            None => self.values.map_or(0, BTreeMap::len),
        }
    }

    /// The lists, for which a pattern is tried on each value that begins as it does.
    fn resolve(&self) -> Vec<&'i [SeriesId]> {
        let (Some(values), None) = (self.values, &self.lists) else {
            return self.lists.clone().unwrap_or_default();
        };
        let from = (Bound::Included(self.prefix.as_str()), Bound::Unbounded);
        let within = values.range::<str, _>(from).take_while(|(value, _)| value.starts_with(&self.prefix));
        within
            .filter(|(value, _)| self.matcher.matches_value(value))
            .map(|(_, postings)| &**postings)
            .collect()
    }
}

impl<'m> Narrowed<'m> {
    fn intersect(&mut self, wanted: &Wanted<'_, 'm>) {
        let Some(candidates) = &mut self.candidates else {
            self.candidates = Some(union(&wanted.resolve()));
            return;
        };
        if wanted.values.is_none() {
            return candidates.clear();
        }
        match wanted.lists.as_deref() {
            Some([one]) if one.len() <= candidates.len() * ENTRIES_PER_CANDIDATE => {
                retain_within(candidates, one);
            }
            Some(lists) if wanted.entries() <= candidates.len() * ENTRIES_OF_SEVERAL_PER_CANDIDATE => {
                retain_within(candidates, &union(lists));
            }
            _ => self.untried.push(wanted.matcher),
        }
    }
}

/// The ids of several lists that have none in common.
fn union(lists: &[&[SeriesId]]) -> Postings {
    let mut all = lists.concat();
    // The stable sort merges stretches that are in order already, and the lists are.
    if lists.len() > 1 {
        all.sort();
    }
    all
}

/// Keeps the ids that are in the other list too.
fn retain_within(ids: &mut Postings, mut other: &[SeriesId]) {
    ids.retain(|id| {
        // Doubling steps: long stretches that nobody asks for cost little.
        let mut step = 1;
        while other.get(step).is_some_and(|next| next < id) {
            step *= 2;
        }
        let near = other.get(..=step).unwrap_or(other);
        let skipped = near.partition_point(|next| next < id);
        other = other.get(skipped..).unwrap_or_default();
        other.first() == Some(id)
    });
}
