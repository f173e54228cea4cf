//! Labels while they are being rewritten: few, unsorted, each name once.

use std::sync::Arc;

use crate::labels::LabelPair;
use crate::{Interner, Labels};

/// A set of labels that rules change. A label with an empty value is no label.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    pairs: Vec<LabelPair>,
}

impl LabelsBuilder {
    /// Starts with a set.
    pub fn of(labels: &Labels) -> Self {
        LabelsBuilder { pairs: labels.pairs().to_vec() }
    }

    /// The value of a label; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| **known == *name).map_or("", |(_, value)| value)
    }

    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: impl AsRef<str> + Into<Arc<str>>, value: impl AsRef<str> + Into<Arc<str>>) {
        if value.as_ref().is_empty() {
            return self.remove(name.as_ref());
        }
        match self.pairs.iter_mut().find(|(known, _)| **known == *name.as_ref()) {
            Some((_, old)) => *old = value.into(),
            None => self.pairs.push((name.into(), value.into())),
        }
    }

    /// Sets a label that is not there yet.
    pub fn set_missing(
        &mut self,
        name: impl AsRef<str> + Into<Arc<str>>,
        value: impl AsRef<str> + Into<Arc<str>>,
    ) {
        if self.get(name.as_ref()).is_empty() {
            self.set(name, value);
        }
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) {
        self.pairs.retain(|(known, _)| **known != *name);
    }

    /// Keeps the labels whose names `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.pairs.retain(|(name, _)| keep(name));
    }

    /// Name and value pairs, in no order.
    pub fn pairs(&self) -> &[LabelPair] {
        &self.pairs
    }

    /// The set.
    pub fn labels(&self) -> Labels {
        let mut pairs = self.pairs.clone();
        pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Labels::from_sorted(pairs.into())
    }

    /// The set over shared texts.
    pub fn interned(&self, interner: &Interner) -> Labels {
        let mut pairs: Vec<LabelPair> =
            self.pairs.iter().map(|(n, v)| (interner.text(n), interner.text(v))).collect();
        pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Labels::from_sorted(pairs.into())
    }
}
