//! Blocks: immutable files of the samples of some windows of time, and how they are read.
//!
//! Of each series in a block only its place and the summary of all its samples are in memory. The table of its chunks and
//! the chunks at the ends of a window are read when they are needed, by `pread` through a bounded cache. A window that
//! covers a block needs neither.
//!
//! Invariants: a file under its final name was complete and flushed; nothing in it ever changes; the blocks of a store do
//! not overlap, but for the moment between a merged block's appearance and the end of those that it was merged from.

mod cache;
mod format;
mod merge;
mod open;
mod places;
mod series;
mod set;
mod source;
mod table;
mod write;

use std::io;
use std::path::PathBuf;

use crate::head::SeriesId;
pub(crate) use cache::BlockCache;
pub(crate) use format::decode_any;
use format::{Extent, Meta};
pub(crate) use merge::merge;
pub(crate) use open::{Register, open_all, read_everything};
use places::Places;
pub(crate) use series::BlockSeries;
pub(crate) use set::{SPANS_MS, due_merge, window_of};
use source::Source;
pub(crate) use write::BlockWriter;

/// A block that is open. Deleting its file does not disturb who reads it.
#[derive(Debug)]
pub(crate) struct Block {
    /// Later files have larger numbers.
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) meta: Meta,
    source: Source,
    series: Places,
}

impl Block {
    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.meta.bytes
    }

    /// Every series with its extent, in the order of ids.
    pub(crate) fn series(&self) -> &[(SeriesId, Extent)] {
        self.series.all()
    }

    /// A series' samples here.
    pub(crate) fn find<'b>(&'b self, id: SeriesId, cache: &'b BlockCache) -> Option<BlockSeries<'b>> {
        self.series.find(id).map(|extent| BlockSeries::new(self, extent, cache))
    }

    /// Bytes of the file; fewer where they are not all there. Fails where the system does.
    fn read(&self, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        // A wrong length is not to reserve memory.
        let bytes = bytes.min(self.meta.bytes.saturating_sub(at));
        self.source.read(at, usize::try_from(bytes).unwrap_or(0))
    }
}
