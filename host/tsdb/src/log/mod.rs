//! The durable form of the head: numbered segments in one folder. Segments are only appended to, each opening of the folder
//! begins a new one, and a segment is deleted once all that it holds is forgotten, in a block, or rewritten.
//!
//! Invariant: replaying the segments in the order of their numbers yields the head, up to what was never flushed. Every
//! segment says up to where samples are forgotten, so that each may go without the others.

mod record;
mod replay;
mod segment;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, Timestamp};

use crate::TsdbError;
use crate::files::{delete, remove_if_there, sync_folder};
use crate::head::SeriesId;
pub(crate) use replay::{Sink, Tally, read_segment};
use segment::Segment;

/// A checkpoint is written once there are more sealed segments than this that are small on average...
const SMALL_SEGMENTS_MAX: usize = 32;
/// ...or once they have more bytes than this for each sample in the head, and more than a segment in all.
const BYTES_PER_SAMPLE_MAX: u64 = 64;
/// Samples of a checkpoint's write.
const CHECKPOINT_BATCH: usize = 10_000;

/// The folder of segments.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    sealed: Vec<Sealed>,
    active: Segment,
    active_number: u64,
    segment_bytes_max: u64,
    horizon: Option<Timestamp>,
    /// The system failed to make something durable; only writing everything anew can be trusted.
    tainted: bool,
}

/// A segment that is not written any more.
#[derive(Debug)]
struct Sealed {
    path: PathBuf,
    bytes: u64,
    newest: Timestamp,
}

impl Log {
    /// Replays what is in the folder, which the caller has locked, and begins a new segment.
    pub(crate) fn open(
        folder: &Path,
        segment_bytes_max: u64,
        sink: &mut dyn Sink,
    ) -> Result<(Self, Tally), TsdbError> {
        let replayed = replay::replay(folder, sink)?;
        let (active_number, horizon) = (replayed.next_number, replayed.tally.horizon);
        let active = begin(&segment::path_of(folder, active_number), horizon)?;
        let (sealed, folder) = (replayed.segments, folder.to_owned());
        let log = Log { folder, sealed, active, active_number, segment_bytes_max, horizon, tainted: false };
        sync_folder(&log.folder)?;
        Ok((log, replayed.tally))
    }

    /// Writes a batch to the operating system; it outlives this process, and after a flush a crash of the machine.
    pub(crate) fn append<'l>(
        &mut self,
        batch: &[(SeriesId, Sample)],
        labels: impl Fn(SeriesId) -> Option<&'l Labels>,
    ) -> Result<(), TsdbError> {
        self.make_room()?;
        self.active.append(batch, labels)
    }

    /// Writes exemplars.
    pub(crate) fn append_exemplars(&mut self, batch: &[(Labels, Exemplar)]) -> Result<(), TsdbError> {
        self.make_room()?;
        self.active.append_exemplars(batch)
    }

    /// Writes metadata.
    pub(crate) fn append_metadata(&mut self, batch: &[(Arc<str>, Metadata)]) -> Result<(), TsdbError> {
        self.make_room()?;
        self.active.append_metadata(batch)
    }

    /// The file to flush, so that it can be done without holding the log.
    pub(crate) fn active_file(&self) -> (Arc<File>, PathBuf) {
        (self.active.file.clone(), self.active.path.clone())
    }

    /// Notes that a flush failed.
    pub(crate) fn taint(&mut self) {
        self.tainted = true;
    }

    /// Whether only a checkpoint makes the log durable again.
    pub(crate) fn is_tainted(&self) -> bool {
        self.tainted
    }

    /// Bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.sealed.iter().map(|segment| segment.bytes).sum::<u64>() + self.active.bytes
    }

    /// Notes up to where samples are forgotten.
    pub(crate) fn forget_before(&mut self, horizon: Timestamp) -> Result<(), TsdbError> {
        if self.horizon.is_some_and(|known| known >= horizon) {
            return Ok(());
        }
        self.active.forget(horizon)?;
        self.horizon = Some(horizon);
        Ok(())
    }

    /// Deletes the sealed segments that hold nothing at or after an instant; tells how many.
    pub(crate) fn drop_before(&mut self, at: Timestamp) -> Result<usize, TsdbError> {
        let (gone, kept): (Vec<Sealed>, Vec<Sealed>) =
            std::mem::take(&mut self.sealed).into_iter().partition(|segment| segment.newest < at);
        self.sealed = kept;
        let count = gone.len();
        delete(gone.into_iter().map(|segment| segment.path))?;
        Ok(count)
    }

    /// Whether what is left is mostly waste, given how many samples the head has.
    pub(crate) fn is_wasteful(&self, head_samples: usize) -> bool {
        let bytes: u64 = self.sealed.iter().map(|segment| segment.bytes).sum();
        let many = self.sealed.len() > SMALL_SEGMENTS_MAX
            && bytes / 4 < self.segment_bytes_max.saturating_mul(self.sealed.len() as u64) / 8;
        let fair = (head_samples as u64).saturating_mul(BYTES_PER_SAMPLE_MAX).max(self.segment_bytes_max);
        many || bytes > fair
    }

    /// Writes all of these series, which are the head, into one segment and deletes those before it. A crash at any point
    /// leaves either the old segments, or both, and samples that are replayed twice count once.
    pub(crate) fn checkpoint<'h>(
        &mut self,
        head: impl Iterator<Item = (SeriesId, &'h Labels, Vec<Sample>)>,
    ) -> Result<(), TsdbError> {
        let temporary = self.folder.join("checkpoint.tmp");
        remove_if_there(&temporary)?;
        let mut snapshot = begin(&temporary, self.horizon)?;
        for (id, labels, samples) in head {
            let samples: Vec<(SeriesId, Sample)> = samples.into_iter().map(|sample| (id, sample)).collect();
            for batch in samples.chunks(CHECKPOINT_BATCH) {
                snapshot.append(batch, |_| Some(labels))?;
            }
        }
        snapshot.sync()?;
        self.put_in_place(snapshot)
    }

    /// Whatever can fail comes before the first change of what this process believes.
    fn put_in_place(&mut self, snapshot: Segment) -> Result<(), TsdbError> {
        let place = segment::path_of(&self.folder, self.active_number + 1);
        let number = self.active_number + 2;
        let next = begin(&segment::path_of(&self.folder, number), self.horizon)?;
        if let Err(error) = fs::rename(&snapshot.path, &place) {
            remove_if_there(&next.path)?;
            return Err(TsdbError::io("put in place the checkpoint", &place)(error));
        }
        let checkpoint = Sealed { path: place, bytes: snapshot.bytes, newest: snapshot.newest };
        let sealed = std::mem::replace(&mut self.sealed, vec![checkpoint]);
        let active = std::mem::replace(&mut self.active, next);
        self.active_number = number;
        sync_folder(&self.folder)?;
        self.tainted = false;
        delete(sealed.into_iter().map(|segment| segment.path).chain([active.path]))
    }

    /// Seals the active segment where it is full, and begins the next.
    fn make_room(&mut self) -> Result<(), TsdbError> {
        if self.active.bytes < self.segment_bytes_max {
            return Ok(());
        }
        self.active.sync()?;
        let next = begin(&segment::path_of(&self.folder, self.active_number + 1), self.horizon)?;
        self.active_number += 1;
        let done = std::mem::replace(&mut self.active, next);
        self.sealed.push(Sealed { path: done.path, bytes: done.bytes, newest: done.newest });
        sync_folder(&self.folder)
    }
}

/// A new segment. What fails leaves no file behind that would be in the way of the next attempt.
fn begin(path: &Path, horizon: Option<Timestamp>) -> Result<Segment, TsdbError> {
    let mut segment = Segment::create(path.to_owned())?;
    if let Some(error) = horizon.and_then(|horizon| segment.forget(horizon).err()) {
        remove_if_there(path)?;
        return Err(error);
    }
    Ok(segment)
}
