//! Opens blocks: the meta and the frames of series are read, data is not.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::{Labels, TimeRange, Timestamp};

use super::format::{Extent, META_BYTES, Meta, series_of};
use super::write::number_of;
use super::{Block, BlockCache, BlockSeries};
use crate::TsdbError;
use crate::files::remove_if_there;
use crate::frame::{first_frame, frames};
use crate::head::SeriesId;

/// The blocks of a folder.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// In order of time.
    pub(crate) blocks: Vec<Arc<Block>>,
    /// The number of the next block.
    pub(crate) next_number: u64,
    /// Parts that are damaged: a series' frame, one of the two metas, a whole file.
    pub(crate) damaged: usize,
}

/// Who knows the series of blocks.
pub(crate) trait Register {
    /// The one copy of a text.
    fn share(&mut self, text: &str) -> Arc<str>;
    /// The series of these labels, which has samples within these bounds on disk.
    fn series(&mut self, labels: Labels, samples: TimeRange) -> Option<SeriesId>;
}

/// Opens all blocks, and deletes those that a crash left behind when a larger one had taken their place.
pub(crate) fn open_all(folder: &Path, register: &mut dyn Register) -> Result<Opened, TsdbError> {
    for leftover in ["block.tmp", "block-series.tmp"] {
        remove_if_there(&folder.join(leftover))?;
    }
    let (mut opened, mut headers) = (Opened { next_number: 1, ..Opened::default() }, Vec::new());
    for (number, path) in numbered(folder)? {
        opened.next_number = number + 1;
        match Header::read(number, path)? {
            Some(header) => headers.push(header),
            None => opened.damaged += 1,
        }
    }
    for header in &headers {
        let replaces = |other: &Header| other.number > header.number && other.meta.covers(&header.meta);
        if headers.iter().any(replaces) {
            remove_if_there(&header.path)?;
            continue;
        }
        let (block, damaged) = header.open(register)?;
        opened.damaged += damaged;
        opened.blocks.push(Arc::new(block));
    }
    opened.blocks.sort_by_key(|block| block.meta.start);
    Ok(opened)
}

/// A block's file and its meta.
struct Header {
    number: u64,
    path: PathBuf,
    meta: Meta,
    /// As long as it is, which damage may have made shorter.
    file_bytes: u64,
    damaged: usize,
}

impl Header {
    /// `None` where neither meta can be read. The file is left as it is, for whoever wants to look at it.
    fn read(number: u64, path: PathBuf) -> Result<Option<Header>, TsdbError> {
        let file = File::open(&path).map_err(TsdbError::io("open the block", &path))?;
        let file_bytes = file.metadata().map_err(TsdbError::io("open the block", &path))?.len();
        let meta_at = |at: u64| {
            let mut bytes = [0; META_BYTES];
            file.read_exact_at(&mut bytes, at).ok()?;
            first_frame(&bytes).and_then(|(frame, _)| Meta::of(&frame))
        };
        let (first, last) = (meta_at(0), meta_at(file_bytes.saturating_sub(META_BYTES as u64)));
        let damaged = usize::from(first.is_none()) + usize::from(last.is_none());
        Ok(first.or(last).map(|meta| Header { number, path, meta, file_bytes, damaged }))
    }

    fn open(&self, register: &mut dyn Register) -> Result<(Block, usize), TsdbError> {
        let file = File::open(&self.path).map_err(TsdbError::io("open the block", &self.path))?;
        let end = self.meta.bytes.saturating_sub(META_BYTES as u64).min(self.file_bytes);
        let length = usize::try_from(end.saturating_sub(self.meta.series_at)).unwrap_or(0);
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, self.meta.series_at)
            .map_err(TsdbError::io("read the block", &self.path))?;
        let (series, mut damaged) = read_series(&bytes, register);
        damaged = damaged.max(usize::try_from(self.meta.series).unwrap_or(0).saturating_sub(series.len()));
        let meta = Meta { bytes: self.meta.bytes.min(self.file_bytes), ..self.meta };
        let block = Block { number: self.number, path: self.path.clone(), meta, file, series };
        Ok((block, self.damaged + damaged))
    }
}

/// The series of some frames in the order of ids, and how much of it is damaged.
fn read_series(bytes: &[u8], register: &mut dyn Register) -> (Vec<(SeriesId, Extent)>, usize) {
    let (found, mut damaged) = frames(bytes);
    let mut series = Vec::with_capacity(found.len());
    for frame in &found {
        let known = series_of(frame, &mut |text| register.share(text));
        let entry = known.and_then(|(labels, extent)| {
            let range = TimeRange { start: extent.summary.first, end: extent.summary.last };
            Some((register.series(labels, range)?, extent))
        });
        damaged += usize::from(entry.is_none());
        series.extend(entry);
    }
    series.sort_by_key(|(id, _)| *id);
    series.dedup_by_key(|(id, _)| *id);
    (series, damaged)
}

fn numbered(folder: &Path) -> Result<Vec<(u64, PathBuf)>, TsdbError> {
    let entries = fs::read_dir(folder).map_err(TsdbError::io("list the folder", folder))?;
    let mut blocks = Vec::new();
    for entry in entries {
        let path = entry.map_err(TsdbError::io("list the folder", folder))?.path();
        blocks.extend(number_of(&path).map(|number| (number, path)));
    }
    blocks.sort();
    Ok(blocks)
}

/// Reads all there is in a file that may hold anything, for fuzzing: returns how many samples were found.
pub(crate) fn read_everything(path: &Path, register: &mut dyn Register) -> usize {
    let Ok(Some(header)) = Header::read(1, path.to_owned()) else { return 0 };
    let Ok((block, _)) = header.open(register) else { return 0 };
    let cache = BlockCache::new(1 << 20);
    let all = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };
    let mut samples = Vec::new();
    for (_, extent) in block.series() {
        let series = BlockSeries::new(&block, extent, &cache);
        series.collect(all, &mut samples);
        let range = TimeRange { start: extent.summary.first, end: extent.summary.last };
        let half = TimeRange { end: range.start, ..range };
        let _looked_at = (series.window(half), series.latest(half), series.count_at_least(half));
        samples.truncate(1 << 16);
    }
    samples.len()
}
