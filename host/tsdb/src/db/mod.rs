//! The store as others see it. Appends go to the log and then to the head; upkeep moves what is old from the head into
//! blocks; reads see both as one.
//!
//! Locks, always taken in this order: upkeep, log, state, notes. Upkeep is held by whoever writes blocks, one at a time and
//! for as long as that takes. Writers stand in line behind the log, so that only they wait for the disk. The state, which
//! is the head and the list of blocks, is held for moments: to judge a batch, to apply it, to take what a read needs of it.
//! Blocks are read without any lock.
//!
//! Invariants: the head answers for what is at or after `State::persisted`, the blocks for what is before, so that no sample
//! counts twice; nothing before the head's floor is accepted any more, so that what is being written to a block is complete.

mod append;
mod find;
mod open;
mod read;
mod upkeep;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ballast_types::{Interner, TimeRange, Timestamp};

use crate::block::{Block, BlockCache};
use crate::head::{Exemplars, Head, MetadataTable};
use crate::log::Log;
use crate::{Options, TsdbError};
pub use open::OpenReport;
pub use upkeep::Upkept;

/// A series store. Shared by reference between threads.
#[derive(Debug)]
pub struct SeriesDb {
    options: Options,
    interner: Interner,
    cache: BlockCache,
    upkeep: Mutex<Upkeep>,
    /// None for a store without a durable form.
    log: Mutex<Option<Log>>,
    state: RwLock<State>,
    notes: Mutex<Notes>,
}

/// What comes with samples.
#[derive(Debug)]
struct Notes {
    exemplars: Exemplars,
    metadata: MetadataTable,
}

/// What the keeper of blocks knows.
#[derive(Debug)]
struct Upkeep {
    /// None for a store without a durable form.
    folder: Option<PathBuf>,
    /// The number of the next block.
    next_number: u64,
    /// Holds the folder for this process until it is dropped.
    _lock: Option<std::fs::File>,
}

/// What reads see.
#[derive(Debug)]
struct State {
    head: Head,
    /// In order of time.
    blocks: Arc<[Arc<Block>]>,
    /// Blocks hold everything before.
    persisted: Timestamp,
    /// Everything before is forgotten.
    horizon: Timestamp,
}

impl State {
    /// Whether a range is the head's alone.
    fn is_young(&self, range: TimeRange) -> bool {
        self.blocks.is_empty() || range.start >= self.persisted
    }

    /// The part of a range that is not forgotten.
    fn remembered(&self, range: TimeRange) -> TimeRange {
        TimeRange { start: range.start.max(self.horizon), ..range }
    }

    /// The part of a range that the head answers for.
    fn of_head(&self, range: TimeRange) -> TimeRange {
        TimeRange { start: range.start.max(self.horizon).max(self.persisted), ..range }
    }
}

impl SeriesDb {
    /// Makes all that was appended outlive a crash of the machine. Appends and reads go on meanwhile.
    pub fn flush(&self) -> Result<(), TsdbError> {
        let active = {
            let mut log = self.lock_log();
            match log.as_mut() {
                None => return Ok(()),
                Some(log) if log.is_tainted() => return self.checkpoint(log),
                Some(log) => log.active_file(),
            }
        };
        let (file, path) = active;
        file.sync_data().map_err(|error| {
            // After a failed flush the system may have dropped what it could not write, and a second one would succeed.
            if let Some(log) = self.lock_log().as_mut() {
                log.taint();
            }
            TsdbError::io("flush the segment", &path)(error)
        })
    }

    /// How many parts of blocks turned out damaged when they were read since the store was opened: a chunk, or a table of
    /// chunks. What they held is left out of answers.
    pub fn damaged_parts(&self) -> usize {
        self.cache.damaged()
    }

    /// How many blocks there are.
    pub fn block_count(&self) -> usize {
        self.read_state().blocks.len()
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        let log = self.lock_log().as_ref().map_or(0, Log::bytes);
        log + self.read_state().blocks.iter().map(|block| block.bytes()).sum::<u64>()
    }

    fn lock_upkeep(&self) -> MutexGuard<'_, Upkeep> {
        self.upkeep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_log(&self) -> MutexGuard<'_, Option<Log>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
