//! One copy of each label name and value, shared by all series that have it.
//!
//! Who makes labels (a scrape, an ingest) and who keeps them (the series store) share one table, so that neither holds a
//! second copy. Strings that nobody holds any more go with [`Interner::sweep`].

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Labels;
use crate::labels::LabelPair;

const SHARDS: usize = 16;

type Shard = Mutex<HashSet<Arc<str>, foldhash::fast::RandomState>>;

/// A table of shared strings. A clone is the same table.
#[derive(Clone, Debug, Default)]
pub struct Interner(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    hashes: foldhash::fast::RandomState,
    shards: [Shard; SHARDS],
}

impl Interner {
    /// The one copy of a text.
    pub fn text(&self, text: &str) -> Arc<str> {
        let mut shard = self.shard(text);
        if let Some(known) = shard.get(text) {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(text);
        shard.insert(new.clone());
        new
    }

    /// The same labels over shared strings; the very same set where they are shared already.
    pub fn labels(&self, labels: &Labels) -> Labels {
        let shared: Vec<LabelPair> = labels.iter().map(|(n, v)| (self.text(n), self.text(v))).collect();
        let same = |(ours, theirs): (&LabelPair, &LabelPair)| {
            Arc::ptr_eq(&ours.0, &theirs.0) && Arc::ptr_eq(&ours.1, &theirs.1)
        };
        match shared.iter().zip(labels.pairs()).all(same) {
            true => labels.clone(),
            false => Labels::from_sorted(shared.into()),
        }
    }

    /// Drops the strings that only this table still holds.
    pub fn sweep(&self) {
        for shard in &self.0.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).retain(|text| Arc::strong_count(text) > 1);
        }
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, text: &str) -> MutexGuard<'_, HashSet<Arc<str>, foldhash::fast::RandomState>> {
        let place = self.0.hashes.hash_one(text) as usize % SHARDS;
        self.0.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_one_copy_until_nobody_holds_it() {
        let interner = Interner::default();
        let one = interner.labels(&Labels::from_pairs([("job", "api"), ("zone", "a")]));
        let two = interner.labels(&Labels::from_pairs([("job", "api"), ("zone", "b")]));
        assert!(Arc::ptr_eq(&one.pairs()[0].1, &two.pairs()[0].1));
        assert!(std::ptr::eq(interner.labels(&one).pairs(), one.pairs()));
        assert_eq!(interner.len(), 5);
        drop(two);
        interner.sweep();
        assert_eq!(interner.len(), 4);
    }
}
