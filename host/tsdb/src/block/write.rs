//! Writes a block: into a temporary file, flushed, and only then under its name.
//!
//! Series are written one at a time, so that a block of any size takes little memory; their frames go to a second file
//! first, because they stand together at the end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ballast_types::{Labels, Sample, Timestamp};

use super::format::{CHUNK, ChunkEntry, META_BYTES, put_series, put_table};
use super::places::Places;
use super::source::Source;
use super::{Block, Extent, Meta};
use crate::TsdbError;
use crate::chunk::{Chunk, ChunkSummary};
use crate::files::{remove_if_there, sync_folder};
use crate::frame::put_frame;
use crate::head::SeriesId;

/// Samples of a chunk: half an hour at 15 s. Larger ones make smaller tables, smaller ones cheaper ends of windows.
pub(super) const CHUNK_SAMPLES: usize = 120;

/// A block that is being written. Dropped before [`BlockWriter::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct BlockWriter {
    folder: PathBuf,
    number: u64,
    meta: Meta,
    data: Output,
    series_frames: Output,
    extents: Vec<(SeriesId, Extent)>,
    buffer: Vec<u8>,
}

/// A temporary file.
#[derive(Debug)]
struct Output {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl BlockWriter {
    /// A block of some windows of time that will have a number.
    pub(crate) fn create(
        folder: &Path,
        number: u64,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Self, TsdbError> {
        let mut data = Output::create(folder.join("block.tmp"))?;
        let series_frames = Output::create(folder.join("block-series.tmp"))?;
        // Its place is kept; what it says is known at the end.
        data.write(&[0; META_BYTES])?;
        let meta = Meta { start, end, series_at: 0, bytes: 0, series: 0, samples: 0 };
        let (folder, extents, buffer) = (folder.to_owned(), Vec::new(), Vec::new());
        Ok(BlockWriter { folder, number, meta, data, series_frames, extents, buffer })
    }

    /// Writes a series. Series come in the order of their ids, each with samples in rising time.
    pub(crate) fn series(
        &mut self,
        id: SeriesId,
        labels: &Labels,
        samples: &[Sample],
    ) -> Result<(), TsdbError> {
        let chunk = |part: &[Sample]| Some((ChunkSummary::of(part)?, Chunk::encode(part)?.bytes().to_vec()));
        let chunks: Vec<_> = samples.chunks(CHUNK_SAMPLES).filter_map(chunk).collect();
        self.series_of_chunks(id, labels, &chunks)
    }

    /// Writes a series whose chunks are there already, in order of time.
    pub(crate) fn series_of_chunks(
        &mut self,
        id: SeriesId,
        labels: &Labels,
        chunks: &[(ChunkSummary, Vec<u8>)],
    ) -> Result<(), TsdbError> {
        let Some((first, rest)) = chunks.split_first() else { return Ok(()) };
        let mut summary = first.0;
        rest.iter().for_each(|(later, _)| summary.merge(later));
        let entries = self.put_chunks(chunks);
        let chunk_bytes = self.buffer.len() as u64;
        put_table(&entries, &mut self.buffer);
        let table_bytes = self.buffer.len() as u64 - chunk_bytes;
        let table_bytes = u32::try_from(table_bytes).unwrap_or(u32::MAX);
        let extent = Extent { at: self.data.bytes, chunk_bytes, table_bytes, summary };
        self.data.write(&self.buffer)?;
        self.buffer.clear();
        put_series(labels, &extent, &mut self.buffer);
        self.series_frames.write(&self.buffer)?;
        self.buffer.clear();
        self.meta.samples += u64::from(summary.count);
        self.extents.push((id, extent));
        Ok(())
    }

    /// Completes the block and puts it in place; `None` where it has no series. A crash leaves it out or whole.
    pub(crate) fn finish(mut self) -> Result<Option<Block>, TsdbError> {
        if self.extents.is_empty() {
            return Ok(None);
        }
        self.complete()?;
        let place = path_of(&self.folder, self.number);
        fs::rename(&self.data.path, &place).map_err(TsdbError::io("put in place the block", &place))?;
        sync_folder(&self.folder)?;
        let file = File::open(&place).map_err(TsdbError::io("open the block", &place))?;
        let series = Places::new(std::mem::take(&mut self.extents));
        Ok(Some(Block {
            number: self.number,
            path: place,
            meta: self.meta,
            source: Source::File(file),
            series,
        }))
    }

    /// The frames of series behind the data, and the meta at both ends.
    fn complete(&mut self) -> Result<(), TsdbError> {
        self.meta.series_at = self.data.bytes;
        self.meta.series = self.extents.len() as u64;
        self.meta.bytes = self.data.bytes + self.series_frames.bytes + META_BYTES as u64;
        let mut meta = Vec::with_capacity(META_BYTES);
        self.meta.put(&mut meta);
        let (data, frames) = (&mut self.data, &mut self.series_frames);
        let mut write = || -> io::Result<()> {
            frames.file.flush()?;
            frames.file.get_mut().rewind()?;
            io::copy(frames.file.get_mut(), &mut data.file)?;
            data.file.write_all(&meta)?;
            data.file.flush()?;
            data.file.get_ref().write_all_at(&meta, 0)?;
            data.file.get_ref().sync_all()
        };
        write().map_err(TsdbError::io("write the block", &self.data.path))
    }

    fn put_chunks(&mut self, chunks: &[(ChunkSummary, Vec<u8>)]) -> Vec<ChunkEntry> {
        self.buffer.clear();
        let mut entries = Vec::with_capacity(chunks.len());
        for (summary, bytes) in chunks {
            let offset = self.buffer.len();
            put_frame(CHUNK, &mut self.buffer, |buffer| buffer.extend(bytes));
            let bytes = u32::try_from(self.buffer.len() - offset).unwrap_or(u32::MAX);
            entries.push(ChunkEntry { offset: offset as u64, bytes, summary: *summary });
        }
        entries
    }
}

impl Output {
    fn create(path: PathBuf) -> Result<Self, TsdbError> {
        remove_if_there(&path)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = BufWriter::new(file.map_err(TsdbError::io("create the block", &path))?);
        Ok(Output { path, file, bytes: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TsdbError> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(TsdbError::io("write the block", &self.path))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // After the rename there is no such file any more. What cannot be deleted now is when the next block is begun.
        let _not_there = fs::remove_file(&self.path);
    }
}

/// Number of a block's file, where it is one.
pub(super) fn number_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".blk")?;
    name.parse().ok()
}

/// The file of a number.
pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.blk"))
}
