//! Series by some of their labels: whom an operator matches, an aggregation puts together, a histogram has as buckets.
//!
//! Groups are found by a hash over the labels that count, without making a set of them for each series.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

use crate::syntax::ast::LabelChoice;

/// The labels that count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature<'c> {
    names: &'c [String],
    only: bool,
    /// Whether the metric name counts where it is not among the names.
    metric_name: bool,
}

impl<'c> Signature<'c> {
    /// What `on`, `ignoring`, `by` and `without` mean: the metric name counts only where it is asked for.
    pub(crate) fn of(choice: &'c LabelChoice) -> Self {
        match choice {
            LabelChoice::Only(names) => Signature { names, only: true, metric_name: false },
            LabelChoice::AllBut(names) => Signature { names, only: false, metric_name: false },
        }
    }

    /// All labels but these, the metric name among those that count.
    pub(crate) fn all_but(names: &'c [String]) -> Self {
        Signature { names, only: false, metric_name: true }
    }

    /// Whether a label counts.
    pub(crate) fn counts(&self, name: &str) -> bool {
        match self.only {
            true => self.names.iter().any(|n| n == name),
            false => (self.metric_name || name != METRIC_NAME) && !self.names.iter().any(|n| n == name),
        }
    }

    /// The labels that count.
    pub(crate) fn labels(&self, labels: &Labels) -> Labels {
        if self.is_nothing() {
            return Labels::empty();
        }
        labels.filtered(|name| self.counts(name))
    }

    fn is_nothing(&self) -> bool {
        self.only && self.names.is_empty()
    }

    fn pairs<'l>(&'l self, labels: &'l Labels) -> impl Iterator<Item = (&'l str, &'l str)> {
        labels.iter().filter(|(name, _)| self.counts(name))
    }
}

/// Which group each of many label sets belongs to; groups are numbered in the order in which they first appeared.
pub(crate) struct Groups<'c, 'l> {
    signature: Signature<'c>,
    state: foldhash::fast::RandomState,
    /// The last group of each hash.
    heads: HashMap<u64, usize, foldhash::fast::RandomState>,
    /// One label set of each group, and the group before it with the same hash.
    groups: Vec<(&'l Labels, Option<usize>)>,
}

impl<'c, 'l> Groups<'c, 'l> {
    /// No groups yet.
    pub(crate) fn new(signature: Signature<'c>) -> Self {
        Groups { signature, state: Default::default(), heads: HashMap::default(), groups: Vec::new() }
    }

    /// The group of these labels, a new one where there is none.
    pub(crate) fn place(&mut self, labels: &'l Labels) -> usize {
        let hash = self.hash(labels);
        if let Some(found) = self.at(hash, labels) {
            return found;
        }
        let place = self.groups.len();
        let before = self.heads.insert(hash, place);
        self.groups.push((labels, before));
        place
    }

    /// The group of these labels, where there is one.
    pub(crate) fn find(&self, labels: &Labels) -> Option<usize> {
        self.at(self.hash(labels), labels)
    }

    /// The labels that count.
    pub(crate) fn signature(&self) -> Signature<'c> {
        self.signature
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The labels of each group.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Labels> {
        self.groups.iter().map(|(labels, _)| self.signature.labels(labels))
    }

    fn hash(&self, labels: &Labels) -> u64 {
        if self.signature.is_nothing() {
            return 0;
        }
        let mut hasher = self.state.build_hasher();
        for (name, value) in self.signature.pairs(labels) {
            hasher.write_u64(((name.len() as u64) << 32) | value.len() as u64);
            hasher.write(name.as_bytes());
            hasher.write(value.as_bytes());
        }
        hasher.finish()
    }

    fn at(&self, hash: u64, labels: &Labels) -> Option<usize> {
        let mut next = self.heads.get(&hash).copied();
        while let Some(place) = next {
            let (other, before) = self.groups.get(place)?;
            if self.signature.is_nothing() || self.signature.pairs(other).eq(self.signature.pairs(labels)) {
                return Some(place);
            }
            next = *before;
        }
        None
    }
}

/// The members of each group, in their order.
#[derive(Debug)]
pub(crate) struct Members {
    /// Where each group begins, and where the last ends.
    begins: Vec<usize>,
    all: Vec<usize>,
}

impl Members {
    /// From the group of each member.
    pub(crate) fn new(places: &[usize], groups: usize) -> Self {
        let mut begins = vec![0; groups + 1];
        for place in places {
            if let Some(count) = begins.get_mut(place + 1) {
                *count += 1;
            }
        }
        let mut before = 0;
        for count in &mut begins {
            before += *count;
            *count = before;
        }
        let (mut next, mut all) = (begins.clone(), vec![0; places.len()]);
        for (member, place) in places.iter().enumerate() {
            let Some(next) = next.get_mut(*place) else { continue };
            if let Some(slot) = all.get_mut(*next) {
                *slot = member;
            }
            *next += 1;
        }
        Members { begins, all }
    }

    /// The members of a group.
    pub(crate) fn of(&self, group: usize) -> &[usize] {
        let bound = |at: usize| self.begins.get(at).copied().unwrap_or(self.all.len());
        self.all.get(bound(group)..bound(group + 1)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_of_the_labels_that_count() {
        let all = [
            [("__name__", "x"), ("a", "1")],
            [("__name__", "y"), ("a", "1")],
            [("__name__", "x"), ("b", "1")],
        ];
        let all: Vec<Labels> = all.into_iter().map(Labels::from_pairs).collect();
        let places = |signature: Signature<'_>| -> Vec<usize> {
            let mut groups = Groups::new(signature);
            all.iter().map(|labels| groups.place(labels)).collect()
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(places(Signature::of(&LabelChoice::AllBut(Vec::new()))), [0, 0, 1]);
        assert_eq!(places(Signature::of(&LabelChoice::AllBut(names(&["a", "b"])))), [0, 0, 0]);
        assert_eq!(places(Signature::of(&LabelChoice::Only(Vec::new()))), [0, 0, 0]);
        assert_eq!(places(Signature::of(&LabelChoice::Only(names(&["__name__"])))), [0, 1, 0]);
        assert_eq!(places(Signature::all_but(&names(&["a", "b"]))), [0, 1, 0]);
    }

    #[test]
    fn members_keep_their_order() {
        let members = Members::new(&[1, 0, 1, 3], 4);
        let all: Vec<&[usize]> = (0..5).map(|group| members.of(group)).collect();
        assert_eq!(all, [&[1][..], &[0, 2], &[], &[3], &[]]);
    }
}
