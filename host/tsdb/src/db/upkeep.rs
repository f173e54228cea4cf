//! Upkeep: forgets what is too old or too much, writes full windows of time to blocks, merges blocks, and lets go of the
//! log's segments that nothing needs any more.
//!
//! Every step leaves a folder that opens to the same samples. Files are written without holding up appends or reads; what
//! they hold is put in place, and taken from the head, in moments between them.

use std::sync::Arc;

use ballast_types::ingest::Metadata;
use ballast_types::{Labels, Sample, TimeRange, Timestamp};

use super::append::from;
use super::{SeriesDb, Upkeep};
use crate::TsdbError;
use crate::block::{Block, BlockWriter, SPANS_MS, due_merge, merge, window_of};
use crate::files::delete;
use crate::head::SeriesId;
use crate::log::Log;

/// Samples that are at most so much older than the newest go to the head and never to a block.
pub(super) const LATE_MS: i64 = 3_600_000;
/// Series that are looked at in one go, so that nobody waits long for the head.
const SERIES_AT_ONCE: usize = 128;

/// What a round of upkeep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkept {
    /// Blocks written from the head.
    pub written: usize,
    /// Blocks that came of merging others.
    pub merged: usize,
    /// Blocks deleted because all that they held is before the horizon.
    pub too_old: usize,
    /// Blocks deleted because there were more bytes than there may be.
    pub too_many_bytes: usize,
}

impl SeriesDb {
    /// Forgets samples before `horizon`, and the oldest blocks beyond the bound on bytes. Writes blocks of what is full,
    /// and merges those that are due.
    pub fn forget_before(&self, horizon: Timestamp) -> Result<Upkept, TsdbError> {
        let mut upkeep = self.lock_upkeep();
        let mut done = Upkept::default();
        self.move_horizon(horizon)?;
        if upkeep.folder.is_some() {
            self.drop_blocks(|block, horizon| block.meta.end <= horizon, &mut done.too_old)?;
            self.write_blocks(&mut upkeep, &mut done)?;
            self.merge_blocks(&mut upkeep, &mut done)?;
            self.drop_excess(&mut done)?;
        }
        self.trim_log()?;
        Ok(done)
    }

    fn move_horizon(&self, horizon: Timestamp) -> Result<(), TsdbError> {
        let mut log = self.lock_log();
        if let Some(log) = log.as_mut() {
            log.forget_before(horizon)?;
        }
        let mut state = self.write_state();
        state.horizon = state.horizon.max(horizon);
        let horizon = state.horizon;
        state.head.forget_before(horizon);
        Ok(())
    }

    /// Deletes the blocks that are to go, the oldest ones.
    fn drop_blocks(
        &self,
        is_to_go: impl Fn(&Block, Timestamp) -> bool,
        count: &mut usize,
    ) -> Result<(), TsdbError> {
        let gone: Vec<Arc<Block>> = {
            let mut state = self.write_state();
            let horizon = state.horizon;
            let (gone, kept): (Vec<_>, Vec<_>) =
                state.blocks.iter().cloned().partition(|block| is_to_go(block, horizon));
            if gone.is_empty() {
                return Ok(());
            }
            state.blocks = kept.into();
            gone
        };
        *count += gone.len();
        delete(gone.iter().map(|block| block.path.clone()))
    }

    /// Deletes the oldest blocks while there are more bytes than there may be. What they held counts as forgotten.
    fn drop_excess(&self, done: &mut Upkept) -> Result<(), TsdbError> {
        let bytes_max = self.options.bytes_max;
        while bytes_max > 0 && self.disk_bytes() > bytes_max {
            let Some(oldest) = self.read_state().blocks.first().map(|block| block.meta.end) else { break };
            self.move_horizon(oldest)?;
            self.drop_blocks(|block, horizon| block.meta.end <= horizon, &mut done.too_many_bytes)?;
        }
        Ok(())
    }

    /// Writes every window that is complete and that no late sample can reach any more.
    fn write_blocks(&self, upkeep: &mut Upkeep, done: &mut Upkept) -> Result<(), TsdbError> {
        while let Some((start, end)) = self.next_window() {
            // From here on nothing is accepted that the block would lack. Whoever appends holds the log until the head
            // has all of it.
            {
                let _nobody_appends = self.lock_log();
                self.write_state().head.raise_floor(end);
            }
            let block = self.write_block(upkeep, start, end)?;
            done.written += usize::from(block.is_some());
            self.put_in_place(block.map(Arc::new), end);
        }
        Ok(())
    }

    /// The oldest window in the head that is due: a long one where the head goes far back, as after an import.
    fn next_window(&self) -> Option<(Timestamp, Timestamp)> {
        let state = self.read_state();
        let late = LATE_MS.max(self.options.out_of_order_ms);
        let settled = Timestamp::from_millis(state.head.newest()?.as_millis().saturating_sub(late));
        let oldest = state.head.oldest()?.max(state.persisted).max(state.horizon);
        let windows = SPANS_MS.into_iter().map(|span_ms| window_of(oldest, span_ms));
        windows.rev().find(|(start, end)| *end <= settled && state.persisted <= *start)
    }

    fn write_block(
        &self,
        upkeep: &mut Upkeep,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Option<Block>, TsdbError> {
        let Some(folder) = upkeep.folder.clone() else { return Ok(None) };
        let mut writer = BlockWriter::create(&folder, upkeep.take_number(), start, end)?;
        let ids = self.read_state().head.ids();
        for ids in ids.chunks(SERIES_AT_ONCE) {
            for (id, labels, samples) in self.samples_of(ids, start, end) {
                writer.series(id, &labels, &samples)?;
            }
        }
        writer.finish()
    }

    fn samples_of(
        &self,
        ids: &[SeriesId],
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<(SeriesId, Labels, Vec<Sample>)> {
        let last = Timestamp::from_millis(end.as_millis().saturating_sub(1));
        let state = self.read_state();
        let range = state.of_head(TimeRange { start, end: last });
        let one = |id: &SeriesId| {
            let mut samples = Vec::new();
            state.head.samples_of(*id, range, &mut samples);
            let labels = state.head.labels(*id).filter(|_| !samples.is_empty())?;
            Some((*id, labels.clone(), samples))
        };
        ids.iter().filter_map(one).collect()
    }

    /// From one moment to the next the block answers for what the head did. Then the head lets go of it, bit by bit:
    /// nobody asks it any more.
    fn put_in_place(&self, block: Option<Arc<Block>>, end: Timestamp) {
        {
            let mut state = self.write_state();
            state.persisted = end;
            state.blocks = state.blocks.iter().cloned().chain(block.clone()).collect();
        }
        let Some(block) = block else { return };
        for part in block.series().chunks(SERIES_AT_ONCE) {
            let mut state = self.write_state();
            for (id, extent) in part {
                let range = TimeRange { start: extent.summary.first, end: extent.summary.last };
                state.head.move_to_disk(*id, range, end);
            }
        }
    }

    fn merge_blocks(&self, upkeep: &mut Upkeep, done: &mut Upkept) -> Result<(), TsdbError> {
        let Some(folder) = upkeep.folder.clone() else { return Ok(()) };
        let due = || {
            let state = self.read_state();
            due_merge(&state.blocks, state.persisted, state.horizon)
        };
        while let Some(due) = due() {
            let labels = |ids: &[SeriesId]| {
                let state = self.read_state();
                ids.iter().map(|id| state.head.labels(*id).cloned()).collect()
            };
            let merged = merge(&folder, upkeep.take_number(), &due, &self.cache, labels)?.map(Arc::new);
            done.merged += 1;
            self.replace(&due.blocks, merged);
            delete(due.blocks.iter().map(|block| block.path.clone()))?;
        }
        Ok(())
    }

    fn replace(&self, old: &[Arc<Block>], new: Option<Arc<Block>>) {
        let mut state = self.write_state();
        let stays = |block: &&Arc<Block>| !old.iter().any(|gone| Arc::ptr_eq(gone, block));
        let mut blocks: Vec<Arc<Block>> = state.blocks.iter().filter(stays).cloned().chain(new).collect();
        blocks.sort_by_key(|block| block.meta.start);
        state.blocks = blocks.into();
    }

    /// Deletes the segments that hold nothing but what is forgotten or in blocks; rewrites the log where it is mostly waste.
    fn trim_log(&self) -> Result<(), TsdbError> {
        let mut log = self.lock_log();
        let Some(log) = log.as_mut() else { return Ok(()) };
        let (needed_from, samples) = {
            let state = self.read_state();
            (state.persisted.max(state.horizon), state.head.sample_count())
        };
        let gone = log.drop_before(needed_from)?;
        let is_wasteful = log.is_wasteful(samples);
        if is_wasteful {
            self.checkpoint(log)?;
        }
        // What metrics are is told seldom, so that it must not go with the segment in which it was.
        match is_wasteful || gone > 0 {
            true => log.append_metadata(&self.noted_metadata()),
            false => Ok(()),
        }
    }

    fn noted_metadata(&self) -> Vec<(Arc<str>, Metadata)> {
        let all = self.lock_notes().metadata.all();
        all.into_iter()
            .flat_map(|(name, lines)| lines.into_iter().map(move |line| (name.clone(), line)))
            .collect()
    }

    /// Writes the head's samples that no block has to the log anew.
    pub(super) fn checkpoint(&self, log: &mut Log) -> Result<(), TsdbError> {
        let state = self.read_state();
        let range = state.of_head(from(Timestamp::MIN));
        let ids = state.head.ids();
        let one = |id: SeriesId| {
            let mut samples = Vec::new();
            state.head.samples_of(id, range, &mut samples);
            Some((id, state.head.labels(id)?, samples))
        };
        log.checkpoint(ids.into_iter().filter_map(one))
    }
}

impl Upkeep {
    fn take_number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }
}
