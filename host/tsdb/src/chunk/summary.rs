//! What is known of a chunk without decoding it.

use ballast_types::{Sample, TimeRange, Timestamp, WindowSummary};

/// Bounds of a chunk's samples, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChunkSummary {
    /// The instant of the first sample, a staleness marker included.
    pub first: Timestamp,
    /// The instant of the last sample, a staleness marker included.
    pub last: Timestamp,
    /// How many samples, staleness markers included.
    pub count: u32,
    /// What the samples come to; staleness markers count for nothing, and `None` is a chunk of nothing else.
    pub window: Option<WindowSummary>,
}

impl ChunkSummary {
    /// The summary of samples in rising time; `None` where there is none.
    pub fn of(samples: &[Sample]) -> Option<ChunkSummary> {
        let (first, last) = (samples.first()?.at, samples.last()?.at);
        Some(ChunkSummary { first, last, count: samples.len() as u32, window: WindowSummary::of(samples) })
    }

    /// Adds the summary of a later chunk.
    pub fn merge(&mut self, later: &ChunkSummary) {
        self.last = later.last;
        self.count += later.count;
        self.window = merged(self.window, later.window);
    }

    /// Whether all samples lie within a range.
    pub fn is_within(&self, range: TimeRange) -> bool {
        range.start <= self.first && self.last <= range.end
    }
}

/// Two neighbouring windows as one.
pub(crate) fn merged(earlier: Option<WindowSummary>, later: Option<WindowSummary>) -> Option<WindowSummary> {
    match (earlier, later) {
        (Some(mut both), Some(later)) => {
            both.merge(&later);
            Some(both)
        }
        (one, other) => one.or(other),
    }
}
