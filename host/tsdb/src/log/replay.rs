//! Reads the segments of a folder back, oldest first, and tells what was there and what was damaged.
//!
//! Nothing is repaired in place: a damaged segment stays as it is until retention or a checkpoint removes it. One segment
//! and one record of it are in memory at a time.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, Timestamp};

use super::record::{Record, decode, is_definition};
use super::{Sealed, segment};
use crate::TsdbError;
use crate::files::remove_if_there;
use crate::frame::{Frame, frames};
use crate::head::SeriesId;

/// Where the records go.
pub(crate) trait Sink {
    /// The one copy of a text.
    fn share(&mut self, text: &str) -> Arc<str>;
    /// The series of these labels, which may be new.
    fn series(&mut self, labels: Labels) -> Option<SeriesId>;
    /// A sample that was kept once, in the order in which they were.
    fn sample(&mut self, series: SeriesId, sample: Sample);
    /// Exemplars that were kept.
    fn exemplars(&mut self, batch: Vec<(Labels, Exemplar)>);
    /// Metadata that was noted.
    fn metadata(&mut self, batch: Vec<(Arc<str>, Metadata)>);
}

/// What the records came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) records: usize,
    pub(crate) samples: usize,
    pub(crate) damaged: usize,
    pub(crate) orphaned: usize,
    pub(crate) horizon: Option<Timestamp>,
}

/// The folder as it was found.
pub(super) struct Replayed {
    pub(super) segments: Vec<Sealed>,
    pub(super) next_number: u64,
    pub(super) tally: Tally,
}

/// Hands everything to `sink`.
pub(super) fn replay(folder: &Path, sink: &mut dyn Sink) -> Result<Replayed, TsdbError> {
    let mut found = Replayed { segments: Vec::new(), next_number: 1, tally: Tally::default() };
    for (number, path) in numbered(folder)? {
        found.next_number = number + 1;
        let bytes = fs::read(&path).map_err(TsdbError::io("read the segment", &path))?;
        if bytes.is_empty() {
            remove_if_there(&path)?;
            continue;
        }
        let newest = read_segment(&bytes, sink, &mut found.tally);
        found.segments.push(Sealed { path, bytes: bytes.len() as u64, newest });
    }
    Ok(found)
}

/// Returns the newest instant. Definitions come first, because one may stand behind what it defines.
pub(crate) fn read_segment(bytes: &[u8], sink: &mut dyn Sink, tally: &mut Tally) -> Timestamp {
    let (frames, damaged) = frames(bytes);
    tally.damaged += damaged;
    let (definitions, rest): (Vec<Frame<'_>>, Vec<Frame<'_>>) = frames.into_iter().partition(is_definition);
    let mut segment = Reading { sink, tally, ids: HashMap::default(), newest: Timestamp::MIN };
    definitions.iter().chain(&rest).for_each(|frame| segment.take(frame));
    segment.newest
}

/// A segment while it is read.
struct Reading<'s> {
    sink: &'s mut dyn Sink,
    tally: &'s mut Tally,
    ids: HashMap<u64, Option<SeriesId>, foldhash::fast::RandomState>,
    newest: Timestamp,
}

impl Reading<'_> {
    fn take(&mut self, frame: &Frame<'_>) {
        let record = decode(frame, &mut |text| self.sink.share(text));
        self.tally.records += usize::from(record.is_some());
        match record {
            None => self.tally.damaged += 1,
            Some(Record::Define(series)) => series.into_iter().for_each(|(id, labels)| {
                self.ids.entry(id).or_insert_with(|| self.sink.series(labels));
            }),
            Some(Record::Samples(samples)) => samples.into_iter().for_each(|(id, one)| self.sample(id, one)),
            Some(Record::Forget(at)) => self.tally.horizon = self.tally.horizon.max(Some(at)),
            Some(Record::Exemplars(batch)) => self.sink.exemplars(batch),
            Some(Record::Metadata(batch)) => self.sink.metadata(batch),
        }
    }

    fn sample(&mut self, id: u64, sample: Sample) {
        self.newest = self.newest.max(sample.at);
        self.tally.samples += 1;
        match self.ids.get(&id) {
            Some(Some(series)) => self.sink.sample(*series, sample),
            Some(None) => {}
            None => self.tally.orphaned += 1,
        }
    }
}

/// The segments of a folder in the order of their numbers.
fn numbered(folder: &Path) -> Result<Vec<(u64, PathBuf)>, TsdbError> {
    let entries = fs::read_dir(folder).map_err(TsdbError::io("list the folder", folder))?;
    let mut segments = Vec::new();
    for entry in entries {
        let path = entry.map_err(TsdbError::io("list the folder", folder))?.path();
        segments.extend(segment::number_of(&path).map(|number| (number, path)));
    }
    segments.sort();
    Ok(segments)
}
