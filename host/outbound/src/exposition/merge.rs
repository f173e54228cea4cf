//! Joins a sample's labels with its target's, as Prometheus does with `honor_labels: false`.
//!
//! Texts are shared: a scrape of ten thousand series has a few dozen label names and a few hundred values, so each is
//! kept once.

use std::collections::HashMap;
use std::sync::Arc;

use ballast_types::Labels;

use super::line::LabelPair;

/// Most texts that are shared; values beyond are most likely ids that come once.
const INTERNED_MAX: usize = 4096;

pub(super) struct LabelMerge<'t> {
    target: &'t Labels,
    interned: HashMap<Box<str>, Arc<str>>,
}

impl<'t> LabelMerge<'t> {
    pub(super) fn new(target: &'t Labels) -> Self {
        LabelMerge { target, interned: HashMap::new() }
    }

    /// All labels of a sample. The target's win; the sample's own of the same name gets `exported_` in front, as often
    /// as it takes to be free.
    pub(super) fn labels(&mut self, sample: &[LabelPair<'_>]) -> Labels {
        let mut pairs: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(sample.len() + self.target.len());
        let mut taken: Vec<Arc<str>> = Vec::new();
        for (name, value) in sample.iter().filter(|(_, value)| !value.is_empty()) {
            let name = match self.target.get(name) {
                None => self.intern(name),
                Some(_) => {
                    let free = exported_name(name, self.target, sample, &taken);
                    taken.push(Arc::clone(&free));
                    free
                }
            };
            pairs.push((name, self.intern(value)));
        }
        pairs.extend(self.target.pairs().iter().cloned());
        Labels::from_pairs(pairs)
    }

    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.interned.get(text) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = Arc::from(text);
        if self.interned.len() < INTERNED_MAX {
            self.interned.insert(Box::from(text), Arc::clone(&shared));
        }
        shared
    }
}

fn exported_name(name: &str, target: &Labels, sample: &[LabelPair<'_>], taken: &[Arc<str>]) -> Arc<str> {
    let mut free = format!("exported_{name}");
    while target.get(&free).is_some()
        || sample.iter().any(|(other, _)| *other == *free)
        || taken.iter().any(|other| **other == *free)
    {
        free.insert_str(0, "exported_");
    }
    Arc::from(free)
}
