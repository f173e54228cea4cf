//! One series in memory: its labels and its chunks, the last of which grows.

use std::collections::VecDeque;

use ballast_types::{Labels, Sample, TimeRange, Timestamp};

use super::columns::Chunk;
use super::{SeriesId, Verdict};

/// A series. Its samples rise strictly in time over all chunks.
#[derive(Debug)]
pub(crate) struct HeadSeries {
    labels: Labels,
    chunks: VecDeque<Chunk>,
    /// The newest sample that was accepted, applied or not. It outlives the sample itself being forgotten.
    newest: Option<Sample>,
}

impl HeadSeries {
    pub(super) fn new(labels: Labels) -> Self {
        HeadSeries { labels, chunks: VecDeque::new(), newest: None }
    }

    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    pub(super) fn reserve(&mut self, id: SeriesId, sample: Sample) -> Verdict {
        match self.newest {
            Some(newest) if same(newest, sample) => Verdict::Repeated,
            Some(newest) if sample.at <= newest.at => Verdict::OutOfOrder,
            _ => {
                self.newest = Some(sample);
                Verdict::Append(id)
            }
        }
    }

    pub(super) fn release(&mut self) {
        self.newest = self.chunks.back().and_then(Chunk::last);
    }

    pub(super) fn push(&mut self, sample: Sample, chunk_samples: usize) {
        match self.chunks.back_mut() {
            Some(chunk) if chunk.len() < chunk_samples => chunk.push(sample),
            _ => {
                let mut chunk = Chunk::default();
                chunk.push(sample);
                self.chunks.push_back(chunk);
            }
        }
    }

    pub(super) fn sample_count(&self) -> usize {
        self.chunks.iter().map(Chunk::len).sum()
    }

    pub(crate) fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        self.chunks.iter().flat_map(Chunk::iter)
    }

    pub(super) fn count_in(&self, range: TimeRange) -> usize {
        self.overlapping(range).map(|chunk| chunk.count_in(range)).sum()
    }

    pub(super) fn samples_in(&self, range: TimeRange) -> Vec<Sample> {
        let mut samples = Vec::new();
        self.overlapping(range).for_each(|chunk| chunk.collect_into(range, &mut samples));
        samples
    }

    pub(super) fn forget_before(&mut self, horizon: Timestamp) {
        while let Some(first) = self.chunks.front_mut() {
            first.forget_before(horizon);
            if !first.is_empty() {
                return;
            }
            self.chunks.pop_front();
        }
    }

    /// The chunks that may hold a sample of the range; they are in order of time.
    fn overlapping(&self, range: TimeRange) -> impl Iterator<Item = &Chunk> {
        let before = |chunk: &Chunk| chunk.last().is_some_and(|last| last.at < range.start);
        let first = self.chunks.partition_point(before);
        let within = move |chunk: &&Chunk| chunk.first().is_some_and(|first| first.at <= range.end);
        self.chunks.range(first..).take_while(within)
    }
}

/// By bits, so that staleness markers and other NaNs are what they are.
fn same(a: Sample, b: Sample) -> bool {
    a.at == b.at && a.value.to_bits() == b.value.to_bits()
}
