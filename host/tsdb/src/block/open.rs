//! Opens blocks: the meta and the frames of series are read, data is not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::{Labels, TimeRange};

use super::format::{Extent, META_BYTES, Meta, series_of};
use super::places::Places;
use super::source::Source;
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
        let file = File::open(&path).map_err(TsdbError::io("open the block", &path))?;
        let header = Header::read(number, path.clone(), Source::File(file));
        match header.map_err(TsdbError::io("read the block", &path))? {
            Some(header) => headers.push(header),
            None => opened.damaged += 1,
        }
    }
    let metas: Vec<(u64, Meta)> = headers.iter().map(|header| (header.number, header.meta)).collect();
    for header in headers {
        if metas.iter().any(|(number, meta)| *number > header.number && meta.covers(&header.meta)) {
            remove_if_there(&header.path)?;
            continue;
        }
        let path = header.path.clone();
        let (block, damaged) = header.open(register).map_err(TsdbError::io("read the block", &path))?;
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
    source: Source,
    meta: Meta,
    damaged: usize,
}

impl Header {
    /// `None` where neither meta can be read. The file is left as it is, for whoever wants to look at it.
    fn read(number: u64, path: PathBuf, source: Source) -> io::Result<Option<Header>> {
        let bytes = source.len()?;
        let meta_at = |at: u64| {
            let bytes = source.read(at, META_BYTES).ok()?;
            first_frame(&bytes).and_then(|(frame, _)| Meta::of(&frame))
        };
        let (first, last) = (meta_at(0), meta_at(bytes.saturating_sub(META_BYTES as u64)));
        let damaged = usize::from(first.is_none()) + usize::from(last.is_none());
        let Some(meta) = first.or(last) else { return Ok(None) };
        // Damage may have made the file shorter than it was.
        let meta = Meta { bytes: meta.bytes.min(bytes), ..meta };
        Ok(Some(Header { number, path, source, meta, damaged }))
    }

    fn open(self, register: &mut dyn Register) -> io::Result<(Block, usize)> {
        let end = self.meta.bytes.saturating_sub(META_BYTES as u64);
        let length = usize::try_from(end.saturating_sub(self.meta.series_at)).unwrap_or(0);
        let bytes = match length {
            0 => Vec::new(),
            _ => self.source.read(self.meta.series_at, length)?,
        };
        let (series, mut damaged) = read_series(&bytes, register);
        // A number of series that the file cannot hold is not believed.
        let announced = usize::try_from(self.meta.series.min(self.meta.bytes)).unwrap_or(0);
        damaged = damaged.max(announced.saturating_sub(series.len()));
        let Header { number, path, source, meta, .. } = self;
        let series = Places::new(series);
        Ok((Block { number, path, meta, source, series }, self.damaged + damaged))
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

/// Reads all there is in bytes that may be anything, for fuzzing; tells how many samples were found.
pub(crate) fn read_everything(bytes: &[u8], register: &mut dyn Register) -> usize {
    let source = Source::Bytes(bytes.to_vec());
    let Ok(Some(header)) = Header::read(1, PathBuf::new(), source) else { return 0 };
    let Ok((block, _)) = header.open(register) else { return 0 };
    let (cache, mut found) = (BlockCache::new(1 << 20), 0);
    for (_, extent) in block.series() {
        let series = BlockSeries::new(&block, extent, &cache);
        let range = TimeRange { start: extent.summary.first, end: extent.summary.last };
        let part = TimeRange { end: range.start, ..range };
        series.add_window(part, &mut None);
        let _looked_at = (series.latest(part), series.count_at_least(part));
        let mut samples = Vec::new();
        series.collect(range, &mut samples);
        found += samples.len();
    }
    found
}
