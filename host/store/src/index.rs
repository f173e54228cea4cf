//! Where things lie in the logs, in memory. Rebuilt by the scan that opening makes anyway.
//!
//! Invariant: an index names only what has been written; the event index only what is durable.

use std::collections::HashMap;

use ballast_types::ExecutionId;

use crate::log::Place;

/// A block holds at most so many events …
const BLOCK_EVENTS_MAX: u64 = 64;
/// … and ends beyond so many bytes.
const BLOCK_BYTES_MAX: u32 = 256 << 10;

/// A run of neighbouring events: what is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Position of its first event.
    pub(crate) first: u64,
    /// Position of its last event.
    pub(crate) last: u64,
    /// The bytes from its first event to its last.
    pub(crate) place: Place,
}

/// A sparse index of the event log.
#[derive(Debug, Default)]
pub(crate) struct EventIndex {
    blocks: Vec<Block>,
}

impl EventIndex {
    /// Takes in the next event.
    pub(crate) fn push(&mut self, position: u64, place: Place) {
        match self.blocks.last_mut() {
            Some(block) if block.has_room_for(position, place) => {
                block.last = position;
                block.place.end = place.end;
            }
            _ => self.blocks.push(Block { first: position, last: position, place }),
        }
    }

    /// The first block with an event at or after a position.
    pub(crate) fn block_from(&self, position: u64) -> Option<Block> {
        let at = self.blocks.partition_point(|block| block.last < position);
        self.blocks.get(at).copied()
    }
}

impl Block {
    fn has_room_for(&self, position: u64, place: Place) -> bool {
        self.place.segment == place.segment
            && position.saturating_sub(self.first) < BLOCK_EVENTS_MAX
            && self.place.end.saturating_sub(self.place.start) < BLOCK_BYTES_MAX
    }
}

/// Every entry of every execution's journal.
#[derive(Debug, Default)]
pub(crate) struct JournalIndex {
    executions: HashMap<ExecutionId, Vec<Place>>,
}

impl JournalIndex {
    /// Takes in the next entry of an execution.
    pub(crate) fn push(&mut self, execution: &ExecutionId, place: Place) {
        match self.executions.get_mut(execution) {
            Some(places) => places.push(place),
            None => {
                self.executions.insert(execution.clone(), vec![place]);
            }
        }
    }

    /// Where an execution's entries lie, oldest first.
    pub(crate) fn places(&self, execution: &ExecutionId) -> Vec<Place> {
        self.executions.get(execution).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_found_through_its_block() {
        let mut index = EventIndex::default();
        for position in 1..=200 {
            let (segment, at) = (if position < 100 { 1 } else { 2 }, position as u32 * 10);
            index.push(position, Place { segment, start: at, end: at + 10 });
        }
        for position in 1..=200 {
            let block = index.block_from(position).unwrap();
            assert!(block.first <= position && position <= block.last);
            assert_eq!(block.place.segment, if position < 100 { 1 } else { 2 });
            assert!(block.last - block.first < BLOCK_EVENTS_MAX);
        }
        assert_eq!(index.block_from(201), None);
    }
}
