//! One file of the log: appended to by one writer, then sealed. What is in it is told by `record`, where it belongs by
//! its number; here are only the file, its size, and the labels that it has defined.
//!
//! Labels are defined twice, before and after the first samples that use them: losing a definition would lose the samples
//! of other records, and a damaged byte is to cost its own record only.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::{Labels, Sample, Timestamp};

use super::record::{Record, encode};
use crate::TsdbError;
use crate::head::SeriesId;

/// Most samples of one record.
const SAMPLES_PER_RECORD: usize = 50_000;
/// Definitions are cut into records of about so many bytes.
const DEFINE_BYTES: usize = 1 << 20;

/// A batch as its segment writes it.
struct Localised {
    /// Series that the segment has not defined yet.
    fresh: Vec<(u64, Labels)>,
    samples: Vec<(u64, Sample)>,
}

/// The segment that is written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) bytes: u64,
    pub(super) newest: Timestamp,
    ids: HashMap<SeriesId, u64>,
}

impl Segment {
    /// A new, empty file.
    pub(super) fn create(path: PathBuf) -> Result<Self, TsdbError> {
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = Arc::new(file.map_err(TsdbError::io("create the segment", &path))?);
        Ok(Segment { path, file, bytes: 0, newest: Timestamp::MIN, ids: HashMap::new() })
    }

    /// Writes a batch. The labels are asked for only where the segment has not defined the series yet.
    pub(super) fn append<'l>(
        &mut self,
        batch: &[(SeriesId, Sample)],
        labels: impl Fn(SeriesId) -> Option<&'l Labels>,
    ) -> Result<(), TsdbError> {
        let mut bytes = Vec::with_capacity(batch.len() * 14 + 32);
        for part in batch.chunks(SAMPLES_PER_RECORD) {
            let Localised { fresh, samples } = self.localise(part, &labels);
            let definitions = definitions(fresh);
            definitions.iter().for_each(|record| encode(record, &mut bytes));
            encode(&Record::Samples(samples), &mut bytes);
            definitions.iter().for_each(|record| encode(record, &mut bytes));
        }
        let newest = batch.iter().map(|(_, sample)| sample.at).max();
        self.newest = self.newest.max(newest.unwrap_or(Timestamp::MIN));
        self.write(&bytes)
    }

    /// Notes that everything before an instant is forgotten.
    pub(super) fn forget(&mut self, horizon: Timestamp) -> Result<(), TsdbError> {
        let mut bytes = Vec::new();
        encode(&Record::Forget(horizon), &mut bytes);
        self.write(&bytes)
    }

    /// Makes all that was written outlive a crash.
    pub(super) fn sync(&self) -> Result<(), TsdbError> {
        self.file.sync_data().map_err(TsdbError::io("flush the segment", &self.path))
    }

    /// Where the write fails half way, the torn record is skipped by whoever reads; its definitions are not trusted.
    fn write(&mut self, bytes: &[u8]) -> Result<(), TsdbError> {
        self.bytes += bytes.len() as u64;
        let mut file = &*self.file;
        file.write_all(bytes).map_err(|error| {
            self.ids.clear();
            TsdbError::io("write the segment", &self.path)(error)
        })
    }

    /// The batch by the segment's own ids, and the series that it has to define.
    fn localise<'l>(
        &mut self,
        batch: &[(SeriesId, Sample)],
        labels: &impl Fn(SeriesId) -> Option<&'l Labels>,
    ) -> Localised {
        let (mut fresh, mut samples) = (Vec::new(), Vec::with_capacity(batch.len()));
        for (series, sample) in batch {
            let next = series.number();
            let id = *self.ids.entry(*series).or_insert_with(|| {
                fresh.extend(labels(*series).map(|labels| (next, labels.clone())));
                next
            });
            samples.push((id, *sample));
        }
        Localised { fresh, samples }
    }
}

fn definitions(series: Vec<(u64, Labels)>) -> Vec<Record> {
    let (mut records, mut part, mut bytes) = (Vec::new(), Vec::new(), 0usize);
    for (id, labels) in series {
        bytes += labels.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        part.push((id, labels));
        if bytes > DEFINE_BYTES {
            records.push(Record::Define(std::mem::take(&mut part)));
            bytes = 0;
        }
    }
    if !part.is_empty() {
        records.push(Record::Define(part));
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
