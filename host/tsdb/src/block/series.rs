//! One series within one block: its samples, its newest sample, and what windows of it come to.

use std::cell::OnceCell;
use std::io;
use std::sync::Arc;

use ballast_types::series::stale_nan;
use ballast_types::{Sample, TimeRange, Timestamp, WindowSummary};

use super::cache::{Cached, Part};
use super::format::{ChunkEntry, Extent, chunk_of, table_of};
use super::table::ChunkTable;
use super::{Block, BlockCache};
use crate::chunk::{ChunkSummary, decode_into};
use crate::frame::{FRAME_BYTES, Frame, first_frame, frames};

/// More chunks than this are read at once and past the cache, so that a long range does not drive out what ticks need.
const CACHED_CHUNKS_MAX: usize = 2;
const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };

/// A series' samples in a block. What is damaged is left out and noted with the cache.
#[derive(Debug)]
pub(crate) struct BlockSeries<'b> {
    block: &'b Block,
    extent: &'b Extent,
    cache: &'b BlockCache,
    table: OnceCell<Arc<ChunkTable>>,
}

impl<'b> BlockSeries<'b> {
    pub(super) fn new(block: &'b Block, extent: &'b Extent, cache: &'b BlockCache) -> Self {
        BlockSeries { block, extent, cache, table: OnceCell::new() }
    }

    /// Whether any of it can lie in a range.
    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        self.extent.summary.first <= range.end && range.start <= self.extent.summary.last
    }

    /// At least how many samples a range has: those of whole chunks. Decodes none.
    pub(crate) fn count_at_least(&self, range: TimeRange) -> usize {
        let summary = &self.extent.summary;
        if !self.overlaps(range) {
            return 0;
        }
        if summary.is_within(range) {
            return summary.count as usize;
        }
        let table = self.table();
        let chunks = table.chunks.get(table.overlapping(range)).unwrap_or_default();
        let whole = chunks.iter().filter(|chunk| chunk.summary.is_within(range));
        whole.map(|chunk| chunk.summary.count as usize).sum()
    }

    /// Appends the samples of a range.
    pub(crate) fn collect(&self, range: TimeRange, samples: &mut Vec<Sample>) {
        if !self.overlaps(range) {
            return;
        }
        let table = self.table();
        let places = table.overlapping(range);
        let chunks = table.chunks.get(places).unwrap_or_default();
        if chunks.len() > CACHED_CHUNKS_MAX {
            return self.collect_run(chunks, range, samples);
        }
        for chunk in chunks {
            samples.extend_from_slice(within(&self.samples_of(chunk), range));
        }
    }

    /// The newest sample of a range.
    pub(crate) fn latest(&self, range: TimeRange) -> Option<Sample> {
        if !self.overlaps(range) {
            return None;
        }
        if self.extent.summary.last <= range.end {
            return Some(newest(&self.extent.summary));
        }
        let table = self.table();
        let chunks = table.chunks.get(table.overlapping(range)).unwrap_or_default();
        chunks.iter().rev().find_map(|chunk| match chunk.summary.last <= range.end {
            true => Some(newest(&chunk.summary)),
            false => within(&self.samples_of(chunk), range).last().copied(),
        })
    }

    /// Adds what a window comes to.
    pub(crate) fn add_window(&self, range: TimeRange, total: &mut Option<WindowSummary>) {
        if !self.overlaps(range) {
            return;
        }
        if self.extent.summary.is_within(range) {
            return add(total, self.extent.summary.window.as_ref());
        }
        let table = self.table();
        let places = table.overlapping(range);
        let (mut from, mut to) = (places.start, places.end);
        let left = self.cut(table, from, range);
        from += usize::from(left.is_some());
        let right = if from < to { self.cut(table, to - 1, range) } else { None };
        to -= usize::from(right.is_some());
        add(total, left.flatten().as_ref());
        add(total, table.summary(from..to).as_ref());
        add(total, right.flatten().as_ref());
    }

    /// What a chunk's part in the range comes to; the outer `None` is a chunk that lies within or is not there.
    fn cut(&self, table: &ChunkTable, place: usize, range: TimeRange) -> Option<Option<WindowSummary>> {
        let chunk = table.chunks.get(place).filter(|chunk| !chunk.summary.is_within(range))?;
        Some(WindowSummary::of(within(&self.samples_of(chunk), range)))
    }

    /// The chunks with their own bytes, for a merge: those that do not end before `start`. Fails where the system does; what
    /// is damaged is left out and noted.
    pub(crate) fn raw(&self, start: Timestamp) -> io::Result<Vec<(ChunkSummary, Vec<u8>)>> {
        let bytes = self.extent.chunk_bytes + u64::from(self.extent.table_bytes);
        let region = self.block.read(self.extent.at, bytes)?;
        let chunk_bytes = usize::try_from(self.extent.chunk_bytes).unwrap_or(usize::MAX);
        let (data, table) = region.split_at_checked(chunk_bytes).unwrap_or_default();
        let chunks = first_frame(table).and_then(|(frame, _)| table_of(&frame, self.extent.chunk_bytes));
        let chunks = chunks.unwrap_or_else(|| {
            self.note_damage(self.extent.chunk_bytes);
            chunks_by_themselves(data)
        });
        let kept = chunks.iter().filter(|chunk| chunk.summary.last >= start);
        let raw = kept.filter_map(|chunk| Some((chunk.summary, self.within_run(data, 0, chunk)?.to_vec())));
        Ok(raw.collect())
    }

    /// A chunk's own bytes within those from an offset on; noted as damaged where they do not check.
    fn within_run<'r>(&self, run: &'r [u8], offset: u64, chunk: &ChunkEntry) -> Option<&'r [u8]> {
        let place = usize::try_from(chunk.offset.checked_sub(offset)?).ok();
        let frame = place.and_then(|place| first_frame(run.get(place..)?));
        let bytes = frame.and_then(|(frame, _)| chunk_of(&frame));
        if bytes.is_none() {
            self.note_damage(chunk.offset);
        }
        bytes
    }

    fn read(&self, offset: u64, bytes: u64) -> Vec<u8> {
        // What cannot be read is as good as damaged, and is told the same way.
        self.block.read(self.extent.at + offset, bytes).unwrap_or_else(|_| {
            self.note_damage(offset);
            Vec::new()
        })
    }

    /// Samples of neighbouring chunks by one read.
    fn collect_run(&self, chunks: &[ChunkEntry], range: TimeRange, samples: &mut Vec<Sample>) {
        let (Some(first), Some(last)) = (chunks.first(), chunks.last()) else { return };
        let end = last.offset.saturating_add(u64::from(last.bytes));
        let run = self.read(first.offset, end.saturating_sub(first.offset));
        for chunk in chunks {
            let Some(bytes) = self.within_run(&run, first.offset, chunk) else { continue };
            if decode_into(bytes, range, samples).is_err() {
                self.note_damage(chunk.offset);
            }
        }
    }

    fn samples_of(&self, chunk: &ChunkEntry) -> Arc<[Sample]> {
        let part = self.part(chunk.offset);
        if let Some(Cached::Samples(samples)) = self.cache.get(part) {
            return samples;
        }
        let mut samples = Vec::with_capacity(chunk.summary.count.min(255) as usize);
        self.collect_run(std::slice::from_ref(chunk), ALL_TIME, &mut samples);
        let samples: Arc<[Sample]> = samples.into();
        self.cache.insert(part, Cached::Samples(samples.clone()));
        samples
    }

    fn table(&self) -> &ChunkTable {
        self.table.get_or_init(|| self.load_table())
    }

    fn load_table(&self) -> Arc<ChunkTable> {
        let part = self.part(self.extent.chunk_bytes);
        if let Some(Cached::Table(table)) = self.cache.get(part) {
            return table;
        }
        let frame = self.read(self.extent.chunk_bytes, u64::from(self.extent.table_bytes));
        let chunks = first_frame(&frame).and_then(|(frame, _)| table_of(&frame, self.extent.chunk_bytes));
        let chunks = chunks.unwrap_or_else(|| {
            self.note_damage(self.extent.chunk_bytes);
            chunks_by_themselves(&self.read(0, self.extent.chunk_bytes))
        });
        let table = Arc::new(ChunkTable::new(chunks));
        self.cache.insert(part, Cached::Table(table.clone()));
        table
    }

    fn part(&self, offset: u64) -> Part {
        (self.block.number, self.extent.at + offset)
    }

    fn note_damage(&self, offset: u64) {
        self.cache.note_damage(self.part(offset));
    }
}

/// The table from the chunks themselves, where its own frame is damaged.
fn chunks_by_themselves(data: &[u8]) -> Vec<ChunkEntry> {
    let (found, _) = frames(data);
    let entry = |frame: &Frame<'_>| {
        let (bytes, mut samples) = (chunk_of(frame)?, Vec::new());
        decode_into(bytes, ALL_TIME, &mut samples).ok()?;
        let bytes = u32::try_from(bytes.len() + FRAME_BYTES).ok()?;
        Some(ChunkEntry { offset: frame.at as u64, bytes, summary: ChunkSummary::of(&samples)? })
    };
    found.iter().filter_map(entry).collect()
}

/// Adds a later window, in place: a window of thirty days adds many.
fn add(total: &mut Option<WindowSummary>, later: Option<&WindowSummary>) {
    match (total.as_mut(), later) {
        (Some(total), Some(later)) => total.merge(later),
        (None, Some(later)) => *total = Some(*later),
        (_, None) => {}
    }
}

/// The last sample: where it does not count, it is a staleness marker.
fn newest(summary: &ChunkSummary) -> Sample {
    let counted = summary.window.map(|window| window.last).filter(|last| last.at == summary.last);
    counted.unwrap_or(Sample { at: summary.last, value: stale_nan() })
}

fn within(samples: &[Sample], range: TimeRange) -> &[Sample] {
    let from = samples.partition_point(|sample| sample.at < range.start);
    let to = samples.partition_point(|sample| sample.at <= range.end);
    samples.get(from..to).unwrap_or_default()
}
