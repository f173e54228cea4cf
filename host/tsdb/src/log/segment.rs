//! One file of the log: appended to by one writer, then sealed. What is in it is told by `record`, where it belongs by
//! its number; here are only the file, its size, and the labels that it has defined.
//!
//! Labels are defined twice, before and after the first samples that use them: losing a definition would lose the samples
//! of other records, and a damaged byte is to cost its own record only.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, Timestamp};

use super::record::{put_define, put_exemplars, put_forget, put_metadata, put_samples};
use crate::TsdbError;
use crate::head::SeriesId;

/// Most samples of one record, so that a huge batch is not lost with one byte.
const SAMPLES_PER_RECORD: usize = 10_000;
/// Most exemplars or lines of metadata of one record.
const NOTES_PER_RECORD: usize = 500;
/// Definitions are cut into records of about so many bytes.
const DEFINE_BYTES: usize = 1 << 20;

/// The segment that is written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) bytes: u64,
    pub(super) newest: Timestamp,
    defined: HashSet<SeriesId, foldhash::fast::RandomState>,
    /// Kept from write to write, so that a batch reserves no memory.
    buffer: Vec<u8>,
}

impl Segment {
    /// A new, empty file.
    pub(super) fn create(path: PathBuf) -> Result<Self, TsdbError> {
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = Arc::new(file.map_err(TsdbError::io("create the segment", &path))?);
        let (defined, buffer) = (HashSet::default(), Vec::new());
        Ok(Segment { path, file, bytes: 0, newest: Timestamp::MIN, defined, buffer })
    }

    /// Writes a batch. The labels are asked for only where the segment has not defined the series yet.
    pub(super) fn append<'l>(
        &mut self,
        batch: &[(SeriesId, Sample)],
        labels: impl Fn(SeriesId) -> Option<&'l Labels>,
    ) -> Result<(), TsdbError> {
        for part in batch.chunks(SAMPLES_PER_RECORD) {
            let fresh = part.iter().filter(|(id, _)| self.defined.insert(*id));
            let fresh = fresh.filter_map(|(id, _)| Some((id.number(), labels(*id)?.clone())));
            let definitions = definitions(fresh.collect());
            self.buffer.extend(&definitions);
            put_samples(part.iter().map(|(id, sample)| (id.number(), *sample)), &mut self.buffer);
            self.buffer.extend(&definitions);
        }
        let newest = batch.iter().map(|(_, sample)| sample.at).max();
        self.newest = self.newest.max(newest.unwrap_or(Timestamp::MIN));
        self.write()
    }

    /// Notes that everything before an instant is forgotten.
    pub(super) fn forget(&mut self, horizon: Timestamp) -> Result<(), TsdbError> {
        put_forget(horizon, &mut self.buffer);
        self.write()
    }

    /// Writes exemplars.
    pub(super) fn append_exemplars(&mut self, batch: &[(Labels, Exemplar)]) -> Result<(), TsdbError> {
        batch.chunks(NOTES_PER_RECORD).for_each(|part| put_exemplars(part, &mut self.buffer));
        self.write()
    }

    /// Writes metadata.
    pub(super) fn append_metadata(&mut self, batch: &[(Arc<str>, Metadata)]) -> Result<(), TsdbError> {
        batch.chunks(NOTES_PER_RECORD).for_each(|part| put_metadata(part, &mut self.buffer));
        self.write()
    }

    /// Makes all that was written outlive a crash.
    pub(super) fn sync(&self) -> Result<(), TsdbError> {
        self.file.sync_data().map_err(TsdbError::io("flush the segment", &self.path))
    }

    /// Where the write fails half way, the torn record is skipped by whoever reads; its definitions are not trusted.
    fn write(&mut self) -> Result<(), TsdbError> {
        self.bytes += self.buffer.len() as u64;
        let mut file = &*self.file;
        let written = file.write_all(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(DEFINE_BYTES);
        written.map_err(|error| {
            self.defined.clear();
            TsdbError::io("write the segment", &self.path)(error)
        })
    }
}

/// Records that define series; empty where there is none.
fn definitions(series: Vec<(u64, Labels)>) -> Vec<u8> {
    let (mut records, mut part, mut bytes) = (Vec::new(), Vec::new(), 0usize);
    for (id, labels) in series {
        bytes += labels.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        part.push((id, labels));
        if bytes > DEFINE_BYTES {
            put_define(&part, &mut records);
            part.clear();
            bytes = 0;
        }
    }
    if !part.is_empty() {
        put_define(&part, &mut records);
    }
    records
}

/// Number of a segment's file, where it is one.
pub(super) fn number_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".seg")?;
    name.parse().ok()
}

/// The file of a number.
pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.seg"))
}
