//! The store as others see it: appends go to the log and then to the head, reads see the head only.
//!
//! Writers stand in line behind the log's lock; they hold the head only to judge a batch and to apply it, so that no read
//! waits for the disk. A batch is applied under one lock, so that a read sees all of it or nothing.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ballast_types::ingest::Refused;
use ballast_types::{Interner, Labels, Matcher, QueryError, Queryable, Sample, Series, TimeRange, Timestamp};

use crate::head::{Head, HeadOptions, SeriesId, Verdict};
use crate::log::{Log, OpenReport};
use crate::{TsdbError, head};

/// The bounds of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most series at once; samples that would make more are counted and refused.
    pub series_max: usize,
    /// Most bytes of the names and values of one series' labels; larger ones count as over the limit too.
    pub label_bytes_max: usize,
    /// Most samples that one read may yield.
    pub samples_per_read_max: usize,
    /// Size at which a segment is sealed.
    pub segment_bytes_max: u64,
    /// Samples of a chunk.
    pub chunk_samples: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            series_max: 1_000_000,
            label_bytes_max: 64 << 10,
            samples_per_read_max: 50_000_000,
            segment_bytes_max: 16 << 20,
            chunk_samples: 120,
        }
    }
}

impl Options {
    fn head(&self) -> Head {
        let options = HeadOptions {
            series_max: self.series_max,
            labels_max: usize::MAX,
            label_bytes_max: self.label_bytes_max,
            chunk_samples: self.chunk_samples,
            out_of_order_ms: 0,
        };
        Head::new(options, Interner::default())
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendSummary {
    /// Samples kept; a sample that its series already has counts as kept.
    pub appended: usize,
    /// Samples older than what their series already has, or equal to it in time with another value.
    pub out_of_order: usize,
    /// Samples whose series would have exceeded a limit.
    pub over_limit: usize,
}

/// A series store. Shared by reference between threads.
#[derive(Debug)]
pub struct SeriesDb {
    options: Options,
    head: RwLock<Head>,
    /// Locked before the head, never after it. None for a store without a durable form.
    log: Mutex<Option<Log>>,
}

impl SeriesDb {
    /// A store that forgets everything when it is dropped.
    pub fn in_memory(options: Options) -> Self {
        SeriesDb { head: RwLock::new(options.head()), options, log: Mutex::new(None) }
    }

    /// Opens the store of a folder, which is made where it is not there, and tells what was found. Fails where the folder
    /// is open already; damaged records are skipped and counted.
    pub fn open(folder: &Path, options: Options) -> Result<(Self, OpenReport), TsdbError> {
        let mut head = options.head();
        let mut horizon = None;
        let replay = |labels: &Labels, sample: Sample| {
            if let Verdict::Append { id, .. } = head.reserve(labels, sample) {
                head.apply(id, sample);
            }
        };
        let (log, report) = Log::open(folder, options.segment_bytes_max, replay, |at| horizon = Some(at))?;
        if let Some(horizon) = horizon {
            head.forget_before(horizon);
        }
        Ok((SeriesDb { options, head: RwLock::new(head), log: Mutex::new(Some(log)) }, report))
    }

    /// Appends a sample to each of the series named. Visible as a whole on return, durable once [`SeriesDb::flush`] has
    /// returned. Fails, and keeps nothing of the batch, where the log cannot be written.
    pub fn append(&self, batch: &[(Labels, Sample)]) -> Result<AppendSummary, TsdbError> {
        let mut log = self.lock_log();
        let (accepted, summary) = self.judge(batch);
        if accepted.is_empty() {
            return Ok(summary);
        }
        if let Some(log) = log.as_mut() {
            let written = {
                let head = self.read_head();
                log.append(&accepted, |id| head.labels(id))
            };
            if let Err(error) = written {
                self.write_head().release();
                return Err(error);
            }
        }
        let mut head = self.write_head();
        for (id, sample) in accepted {
            head.apply(id, sample);
        }
        Ok(summary)
    }

    /// Makes all that was appended outlive a crash of the machine. Appends and reads go on meanwhile.
    pub fn flush(&self) -> Result<(), TsdbError> {
        let active = {
            let mut log = self.lock_log();
            match log.as_mut() {
                None => return Ok(()),
                Some(log) if log.is_tainted() => return log.checkpoint(&self.read_head()),
                Some(log) => log.active_file(),
            }
        };
        let (file, path) = active;
        file.sync_data().map_err(|error| {
            // After a failed flush the system may have dropped what it could not write, and a second one would succeed.
            if let Some(log) = self.lock_log().as_mut() {
                log.taint();
            }
            TsdbError::io("flush the segment", &path)(error)
        })
    }

    /// Forgets samples before `horizon`, deletes the segments that only held such, and rewrites the log where most of it
    /// is waste.
    pub fn forget_before(&self, horizon: Timestamp) -> Result<(), TsdbError> {
        let mut log = self.lock_log();
        self.write_head().forget_before(horizon);
        match log.as_mut() {
            Some(log) => log.forget_before(horizon, &self.read_head()),
            None => Ok(()),
        }
    }

    /// How many series have a sample.
    pub fn series_count(&self) -> usize {
        self.read_head().len()
    }

    /// How many samples are kept.
    pub fn sample_count(&self) -> usize {
        self.read_head().sample_count()
    }

    /// Judges a batch and reserves the places of what is accepted.
    fn judge(&self, batch: &[(Labels, Sample)]) -> (Vec<(SeriesId, Sample)>, AppendSummary) {
        let mut accepted = Vec::with_capacity(batch.len());
        let mut summary = AppendSummary::default();
        let mut head = self.write_head();
        for (labels, sample) in batch {
            match head.reserve(labels, *sample) {
                Verdict::Append { id, .. } => {
                    summary.appended += 1;
                    accepted.push((id, *sample));
                }
                Verdict::Repeated => summary.appended += 1,
                Verdict::Refused(Refused::SeriesLimit | Refused::LabelLimit) => summary.over_limit += 1,
                Verdict::Refused(_) => summary.out_of_order += 1,
            }
        }
        (accepted, summary)
    }

    fn lock_log(&self) -> MutexGuard<'_, Option<Log>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_head(&self) -> RwLockReadGuard<'_, head::Head> {
        self.head.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_head(&self) -> RwLockWriteGuard<'_, head::Head> {
        self.head.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queryable for SeriesDb {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        self.read_head().select(matchers, range, self.options.samples_per_read_max)
    }
}
