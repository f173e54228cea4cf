//! From the encoded labels of a series to its labels, for all senders together.
//!
//! Two halves: what is used moves to the young one; when that is full the old one goes and the young one becomes old. So
//! what is used stays, what is not goes, and nothing is counted per use.

use std::collections::HashMap;

use ballast_types::{Interner, Labels};
use foldhash::fast::RandomState;

type Half = HashMap<Box<[u8]>, Labels, RandomState>;

/// Beside its key: the entry and about what the labels take.
const ENTRY_BYTES: usize = 256;

/// Labels of series seen before, by their encoded form. Bounded in bytes.
pub struct LabelCache {
    young: Half,
    old: Half,
    young_bytes: usize,
    half_bytes_max: usize,
    interner: Interner,
}

impl LabelCache {
    /// A cache of about `bytes_max` bytes whose labels share their texts through `interner`.
    pub fn new(interner: Interner, bytes_max: usize) -> Self {
        let half_bytes_max = bytes_max / 2;
        LabelCache { young: Half::default(), old: Half::default(), young_bytes: 0, half_bytes_max, interner }
    }

    /// How many series are known.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn get(&mut self, key: &[u8]) -> Option<Labels> {
        if let Some(labels) = self.young.get(key) {
            return Some(labels.clone());
        }
        let (key, labels) = self.old.remove_entry(key)?;
        self.put(key, labels.clone());
        Some(labels)
    }

    pub(super) fn put(&mut self, key: Box<[u8]>, labels: Labels) {
        let bytes = key.len() + ENTRY_BYTES;
        if self.young_bytes + bytes > self.half_bytes_max {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if bytes <= self.half_bytes_max {
            self.young_bytes += bytes;
            self.young.insert(key, labels);
        }
    }

    pub(super) fn interner(&self) -> &Interner {
        &self.interner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_size_is_bounded() {
        let mut cache = LabelCache::new(Interner::default(), 20 * (ENTRY_BYTES + 4));
        let key = |i: u32| Box::from(i.to_le_bytes());
        for i in 0..1000u32 {
            cache.put(key(i), Labels::empty());
            assert!(cache.get(&0u32.to_le_bytes()).is_some());
            assert!(cache.len() <= 20);
        }
        assert!(cache.get(&500u32.to_le_bytes()).is_none());
    }
}
