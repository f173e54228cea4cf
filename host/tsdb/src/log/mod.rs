//! The durable form: numbered segments in one folder, held by one process. Segments are only appended to, each opening of
//! the folder begins a new one, and a segment is deleted once all that it holds is forgotten or rewritten.
//!
//! Invariant: replaying the segments in the order of their numbers yields the head, up to what was never flushed.

mod record;
mod replay;
mod segment;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_types::{Labels, Sample, Timestamp};

use crate::TsdbError;
use crate::head::{Head, SeriesId};
pub use replay::OpenReport;
use segment::Segment;

/// A checkpoint is written once there are more sealed segments than this...
const SEALED_MAX: usize = 32;
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
    /// The system failed to make something durable; only writing everything anew can be trusted.
    tainted: bool,
    /// Holds the folder for this process until it is dropped.
    _lock: File,
}

/// A segment that is not written any more.
#[derive(Debug)]
struct Sealed {
    path: PathBuf,
    bytes: u64,
    newest: Timestamp,
}

impl Log {
    /// Takes the folder, replays what is there, and begins a new segment.
    pub(crate) fn open(
        folder: &Path,
        segment_bytes_max: u64,
        replay_into: impl FnMut(&Labels, Sample),
        forget: impl FnMut(Timestamp),
    ) -> Result<(Self, OpenReport), TsdbError> {
        fs::create_dir_all(folder).map_err(TsdbError::io("create the folder", folder))?;
        let lock = lock(folder)?;
        let replayed = replay::replay(folder, replay_into, forget)?;
        let active_number = replayed.next_number;
        let active = Segment::create(segment::path_of(folder, active_number))?;
        let sealed = replayed.segments;
        let folder = folder.to_owned();
        let log =
            Log { folder, sealed, active, active_number, segment_bytes_max, tainted: false, _lock: lock };
        log.sync_folder()?;
        Ok((log, replayed.report))
    }

    /// Writes a batch to the operating system; it outlives this process, and after a flush a crash of the machine.
    pub(crate) fn append<'l>(
        &mut self,
        batch: &[(SeriesId, Sample)],
        labels: impl Fn(SeriesId) -> Option<&'l Labels>,
    ) -> Result<(), TsdbError> {
        if self.active.bytes >= self.segment_bytes_max {
            self.rotate()?;
        }
        self.active.append(batch, labels)
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

    /// Deletes what is wholly forgotten; writes a checkpoint where what is left is mostly waste.
    pub(crate) fn forget_before(&mut self, horizon: Timestamp, head: &Head) -> Result<(), TsdbError> {
        self.active.forget(horizon)?;
        let (gone, kept): (Vec<Sealed>, Vec<Sealed>) =
            std::mem::take(&mut self.sealed).into_iter().partition(|segment| segment.newest < horizon);
        self.sealed = kept;
        delete(gone.into_iter().map(|segment| segment.path))?;
        let bytes: u64 = self.sealed.iter().map(|segment| segment.bytes).sum();
        let fair =
            (head.sample_count() as u64).saturating_mul(BYTES_PER_SAMPLE_MAX).max(self.segment_bytes_max);
        if self.sealed.len() > SEALED_MAX || bytes > fair {
            self.checkpoint(head)?;
        }
        Ok(())
    }

    /// Writes the whole head into one segment and deletes those before it. A crash at any point leaves either the old
    /// segments, or both, and samples that are replayed twice count once.
    pub(crate) fn checkpoint(&mut self, head: &Head) -> Result<(), TsdbError> {
        let temporary = self.folder.join("checkpoint.tmp");
        remove_if_there(&temporary)?;
        let mut snapshot = Segment::create(temporary.clone())?;
        for (id, series) in head.iter() {
            let samples: Vec<(SeriesId, Sample)> = series.samples().map(|sample| (id, sample)).collect();
            for batch in samples.chunks(CHECKPOINT_BATCH) {
                snapshot.append(batch, |id| head.labels(id))?;
            }
        }
        snapshot.sync()?;
        // Whatever can fail comes before the first change of what this process believes.
        let (place, number) =
            (segment::path_of(&self.folder, self.active_number + 1), self.active_number + 2);
        let next = Segment::create(segment::path_of(&self.folder, number))?;
        if let Err(error) = fs::rename(&temporary, &place) {
            remove_if_there(&next.path)?;
            return Err(TsdbError::io("put in place the checkpoint", &place)(error));
        }
        let checkpoint = Sealed { path: place, bytes: snapshot.bytes, newest: snapshot.newest };
        let sealed = std::mem::replace(&mut self.sealed, vec![checkpoint]);
        let active = std::mem::replace(&mut self.active, next);
        self.active_number = number;
        self.sync_folder()?;
        self.tainted = false;
        delete(sealed.into_iter().map(|segment| segment.path).chain([active.path]))
    }

    fn rotate(&mut self) -> Result<(), TsdbError> {
        self.active.sync()?;
        self.begin_segment()?;
        self.sync_folder()
    }

    /// Seals the active segment and begins the next.
    fn begin_segment(&mut self) -> Result<(), TsdbError> {
        let next = Segment::create(segment::path_of(&self.folder, self.active_number + 1))?;
        self.active_number += 1;
        let done = std::mem::replace(&mut self.active, next);
        self.sealed.push(Sealed { path: done.path, bytes: done.bytes, newest: done.newest });
        Ok(())
    }

    fn sync_folder(&self) -> Result<(), TsdbError> {
        let sync = File::open(&self.folder).and_then(|folder| folder.sync_all());
        sync.map_err(TsdbError::io("flush the folder", &self.folder))
    }
}

/// Takes the folder for this process; the lock ends with the file handle, also when the process is killed.
fn lock(folder: &Path) -> Result<File, TsdbError> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(TsdbError::io("open the lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TsdbError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(TsdbError::io("lock", &path)(error)),
    }
}

fn delete(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), TsdbError> {
    paths.into_iter().try_for_each(|path| remove_if_there(&path))
}

fn remove_if_there(path: &Path) -> Result<(), TsdbError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TsdbError::io("delete", path)(error))
        }
        _ => Ok(()),
    }
}
