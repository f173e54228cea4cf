//! Reads the segments of a folder back, oldest first, and tells what was there and what was damaged.
//!
//! Nothing is repaired in place: a damaged segment stays as it is until retention or a checkpoint removes it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ballast_types::{Labels, Sample, Timestamp};

use super::record::{Record, Scan, scan};
use super::{Sealed, remove_if_there, segment};
use crate::TsdbError;

/// What opening a folder found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Whole records.
    pub records: usize,
    /// Samples in them, repeated ones included.
    pub samples: usize,
    /// Stretches of bytes that hold no whole record: torn or flipped. What they held is lost.
    pub damaged: usize,
    /// Samples whose series' labels are lost in both of their places.
    pub orphaned: usize,
}

/// The folder as it was found.
pub(super) struct Replayed {
    pub(super) segments: Vec<Sealed>,
    pub(super) next_number: u64,
    pub(super) report: OpenReport,
}

/// Hands every sample to `sample`, and at the end the horizon to `forget`.
pub(super) fn replay(
    folder: &Path,
    mut sample: impl FnMut(&Labels, Sample),
    mut forget: impl FnMut(Timestamp),
) -> Result<Replayed, TsdbError> {
    let mut found = Replayed { segments: Vec::new(), next_number: 1, report: OpenReport::default() };
    let mut horizon = None;
    for (number, path) in numbered(folder)? {
        found.next_number = number + 1;
        let bytes = fs::read(&path).map_err(TsdbError::io("read the segment", &path))?;
        if bytes.is_empty() {
            remove_if_there(&path)?;
            continue;
        }
        let Scan { records, damaged } = scan(&bytes);
        found.report.records += records.len();
        found.report.damaged += damaged;
        let newest = apply(&records, &mut sample, &mut found.report, &mut horizon);
        found.segments.push(Sealed { path, bytes: bytes.len() as u64, newest });
    }
    if let Some(horizon) = horizon {
        forget(horizon);
    }
    Ok(found)
}

/// Returns the newest instant. Definitions come first, because one may stand behind what it defines.
fn apply(
    records: &[Record],
    sample: &mut impl FnMut(&Labels, Sample),
    report: &mut OpenReport,
    horizon: &mut Option<Timestamp>,
) -> Timestamp {
    let mut labels: HashMap<u64, &Labels> = HashMap::new();
    for record in records {
        match record {
            Record::Define(series) => labels.extend(series.iter().map(|(id, labels)| (*id, labels))),
            Record::Forget(at) => *horizon = (*horizon).max(Some(*at)),
            Record::Samples(_) => {}
        }
    }
    let mut newest = Timestamp::MIN;
    for (id, one) in records.iter().filter_map(samples_of).flatten() {
        newest = newest.max(one.at);
        match labels.get(id) {
            Some(labels) => sample(labels, *one),
            None => report.orphaned += 1,
        }
        report.samples += 1;
    }
    newest
}

fn samples_of(record: &Record) -> Option<&Vec<(u64, Sample)>> {
    match record {
        Record::Samples(samples) => Some(samples),
        Record::Define(_) | Record::Forget(_) => None,
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
