//! Merges neighbouring blocks into one. Chunks are copied as they are, so that merging costs reading and writing but no
//! decoding; only small neighbours are joined. What is damaged is left behind, and noted.

use std::path::Path;
use std::sync::Arc;

use ballast_types::{Labels, TimeRange, Timestamp};

use super::write::{BlockWriter, CHUNK_SAMPLES};
use super::{Block, BlockCache};
use crate::TsdbError;
use crate::chunk::{Chunk, ChunkSummary, decode_into};
use crate::head::SeriesId;

const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };

/// What a merge is to make.
#[derive(Debug)]
pub(crate) struct Merge {
    /// In order of time; at least two.
    pub(crate) blocks: Vec<Arc<Block>>,
    /// The windows that the merged block stands for.
    pub(crate) start: Timestamp,
    /// The first instant after them.
    pub(crate) end: Timestamp,
    /// Chunks that end before this are left behind.
    pub(crate) horizon: Timestamp,
}

/// Writes the merged block. `labels` gives the labels of many series at once, in their order.
pub(crate) fn merge(
    folder: &Path,
    number: u64,
    merge: &Merge,
    cache: &BlockCache,
    labels: impl Fn(&[SeriesId]) -> Vec<Option<Labels>>,
) -> Result<Option<Block>, TsdbError> {
    let mut writer = BlockWriter::create(folder, number, merge.start, merge.end)?;
    for ids in all_ids(&merge.blocks).chunks(256) {
        for (id, labels) in ids.iter().zip(labels(ids)) {
            let Some(labels) = labels else { continue };
            let mut chunks = Vec::new();
            for block in &merge.blocks {
                let Some(series) = block.find(*id, cache) else { continue };
                let found = series.raw(merge.horizon);
                chunks.extend(found.map_err(TsdbError::io("read the block", &block.path))?);
            }
            writer.series_of_chunks(*id, &labels, &joined(chunks))?;
        }
    }
    writer.finish()
}

fn all_ids(blocks: &[Arc<Block>]) -> Vec<SeriesId> {
    let ids = blocks.iter().flat_map(|block| block.series());
    let mut ids: Vec<SeriesId> = ids.map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

type Raw = (ChunkSummary, Vec<u8>);

/// The same samples in fewer chunks, where neighbours fit into one.
fn joined(chunks: Vec<Raw>) -> Vec<Raw> {
    let mut all: Vec<Raw> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let small = |last: &&mut Raw| (last.0.count + chunk.0.count) as usize <= CHUNK_SAMPLES;
        match all.last_mut().filter(small).and_then(|last| Some((join(last, &chunk)?, last))) {
            Some((both, last)) => *last = both,
            None => all.push(chunk),
        }
    }
    all
}

fn join(earlier: &Raw, later: &Raw) -> Option<Raw> {
    let mut samples = Vec::with_capacity(CHUNK_SAMPLES);
    decode_into(&earlier.1, ALL_TIME, &mut samples).ok()?;
    decode_into(&later.1, ALL_TIME, &mut samples).ok()?;
    Some((ChunkSummary::of(&samples)?, Chunk::encode(&samples)?.bytes().to_vec()))
}
