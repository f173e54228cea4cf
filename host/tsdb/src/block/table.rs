//! The chunks of one series within a block, with a ladder of summaries over them: any run of whole chunks is a handful of
//! merges.

use std::ops::Range;

use ballast_types::{TimeRange, WindowSummary};

use super::format::ChunkEntry;
use crate::chunk::Ladder;

/// A table of chunks in order of time.
#[derive(Debug)]
pub(crate) struct ChunkTable {
    pub(crate) chunks: Vec<ChunkEntry>,
    ladder: Ladder,
}

impl ChunkTable {
    pub(crate) fn new(chunks: Vec<ChunkEntry>) -> Self {
        let mut ladder = Ladder::default();
        ladder.cover(chunks.len(), |place| window_of(&chunks, place));
        ChunkTable { chunks, ladder }
    }

    /// About how many bytes it takes in memory; the ladder is a seventh of the chunks.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.chunks.len() * (size_of::<ChunkEntry>() + size_of::<WindowSummary>() / 6)
    }

    /// The places of the chunks that may hold a sample of a range.
    pub(crate) fn overlapping(&self, range: TimeRange) -> Range<usize> {
        let from = self.chunks.partition_point(|chunk| chunk.summary.last < range.start);
        let to = self.chunks.partition_point(|chunk| chunk.summary.first <= range.end);
        from..to.max(from)
    }

    /// What the chunks of some places come to.
    pub(crate) fn summary(&self, places: Range<usize>) -> Option<WindowSummary> {
        self.ladder.over(places, |place| window_of(&self.chunks, place))
    }
}

fn window_of(chunks: &[ChunkEntry], place: usize) -> Option<WindowSummary> {
    chunks.get(place).and_then(|chunk| chunk.summary.window)
}
