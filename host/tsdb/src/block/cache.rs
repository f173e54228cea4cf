//! What was read of blocks lately, within a bound of bytes: tables of chunks, and the samples of chunks at the ends of windows.
//!
//! Two generations: what is used goes into the young one, and when that is full it becomes the old one and the old one
//! goes. So what is used stays, no list is kept in order, and a long scan costs at most half. It also keeps count of what
//! was found damaged, each part once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ballast_types::Sample;

use super::table::ChunkTable;

const SHARDS: usize = 8;

/// A part of a block: the block's number, and where the part begins in its file.
pub(crate) type Part = (u64, u64);

/// A part as it is kept.
#[derive(Clone, Debug)]
pub(crate) enum Cached {
    Table(Arc<ChunkTable>),
    Samples(Arc<[Sample]>),
}

impl Cached {
    fn weight(&self) -> usize {
        let own = match self {
            Cached::Table(table) => table.weight(),
            Cached::Samples(samples) => size_of_val::<[Sample]>(samples),
        };
        own + size_of::<(Part, Cached)>() * 2
    }
}

/// The cache of all blocks of a store.
#[derive(Debug)]
pub(crate) struct BlockCache {
    shard_bytes_max: usize,
    shards: [Mutex<Shard>; SHARDS],
    damaged: Mutex<HashSet<Part>>,
}

#[derive(Debug, Default)]
struct Shard {
    young: HashMap<Part, Cached, foldhash::fast::RandomState>,
    old: HashMap<Part, Cached, foldhash::fast::RandomState>,
    young_bytes: usize,
}

impl BlockCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let damaged = Mutex::default();
        BlockCache { shard_bytes_max: bytes_max / SHARDS, shards: Default::default(), damaged }
    }

    pub(crate) fn get(&self, part: Part) -> Option<Cached> {
        let mut shard = self.shard(part);
        if let Some(found) = shard.young.get(&part) {
            return Some(found.clone());
        }
        let found = shard.old.remove(&part)?;
        shard.insert(part, found.clone(), self.shard_bytes_max);
        Some(found)
    }

    pub(crate) fn insert(&self, part: Part, value: Cached) {
        self.shard(part).insert(part, value, self.shard_bytes_max);
    }

    /// Notes that a part cannot be read.
    pub(crate) fn note_damage(&self, part: Part) {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).insert(part);
    }

    /// How many parts could not be read.
    pub(crate) fn damaged(&self) -> usize {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn shard(&self, (block, at): Part) -> MutexGuard<'_, Shard> {
        // Parts lie some hundred bytes apart; the product spreads them.
        let place = (block ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61;
        let [first, ..] = &self.shards;
        self.shards.get(place as usize).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn insert(&mut self, part: Part, value: Cached, bytes_max: usize) {
        self.young_bytes += value.weight();
        self.young.insert(part, value);
        if self.young_bytes > bytes_max / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::Timestamp;

    #[test]
    fn what_is_used_stays_and_the_bytes_stay_bounded() {
        let cache = BlockCache::new(512 << 10);
        let samples: Arc<[Sample]> = vec![Sample { at: Timestamp::MIN, value: 0.0 }; 100].into();
        for at in 1..10_000 {
            cache.insert((1, at), Cached::Samples(samples.clone()));
            assert!(at == 1 || cache.get((1, 1)).is_some());
        }
        let kept = (1..10_000).filter(|at| cache.get((1, *at)).is_some()).count();
        assert!((100..330).contains(&kept), "{kept}");
    }
}
