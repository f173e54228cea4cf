//! Opening: lock the folder, scan the logs, bring sled up to date from the event log's tail, start the threads.
//!
//! Invariant: after opening, the records are exactly what the log's commits fold to, whatever state sled was found in.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock, RwLock, mpsc};

use ballast_ports::StoreError;

use crate::codec;
use crate::index::{EventIndex, JournalIndex};
use crate::log::{Log, Scan, io};
use crate::reader::{Reader, each_commit};
use crate::records::{Changes, Mark, Records};
use crate::store::{DurableStore, Shared};
use crate::writer::Writer;

/// So many commits are folded at once when sled catches up.
const FOLD_COMMITS_MAX: u32 = 256;

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Commits in the event log.
    pub commits: u64,
    /// Entries in the journal log.
    pub journal_entries: u64,
    /// Commits that sled did not have yet.
    pub folded: u64,
    /// What could not be read, one sentence each; the rest is there.
    pub damaged: Vec<String>,
    /// Whether sled was missing or set aside, and folded anew from the whole log.
    pub rebuilt: bool,
}

/// Sizes, for tests and unusual disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// A segment of a log ends beyond so many bytes.
    pub segment_bytes_max: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions { segment_bytes_max: 32 << 20 }
    }
}

/// Keeps other processes out until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl DurableStore {
    /// Opens or creates a store in a folder.
    ///
    /// Fails with [`StoreError::InUse`] where another store has it, with [`StoreError::Io`] where the disk fails, and with
    /// [`StoreError::Corrupt`] where the log is of a later version. Damage does not fail: it is in the report.
    pub fn open(folder: impl AsRef<Path>) -> Result<(DurableStore, OpenReport), StoreError> {
        DurableStore::open_with(folder, StoreOptions::default())
    }

    /// As [`DurableStore::open`], with sizes of one's own.
    pub fn open_with(
        folder: impl AsRef<Path>,
        options: StoreOptions,
    ) -> Result<(DurableStore, OpenReport), StoreError> {
        let folder = folder.as_ref();
        let lock = lock_folder(folder)?;
        let mut report = OpenReport::default();
        let opened_records = Records::open(&folder.join("records"));
        let folded = opened_records.as_ref().map(|(_, mark)| *mark).unwrap_or_default();
        let (events, index, crc_at_mark) = open_events(folder, options, folded.position, &mut report)?;
        let (journal, journal_index, journal_position) = open_journal(folder, options, &mut report)?;
        let (records, mut mark) = settle_records(folder, opened_records, crc_at_mark, &mut report)?;
        let last = events.1;
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            records,
            events: RwLock::new(index),
            journal: RwLock::new(journal_index),
            last: AtomicU64::new(last),
            queued: AtomicUsize::new(0),
            stopped: OnceLock::new(),
        });
        report.folded = catch_up(&shared, &mut mark)?;
        let writer =
            Writer { shared: Arc::clone(&shared), events: events.0, journal, journal_position, mark };
        Ok((start(shared, writer, lock)?, report))
    }
}

fn start(shared: Arc<Shared>, writer: Writer, lock: FolderLock) -> Result<DurableStore, StoreError> {
    let (requests, queue) = mpsc::channel();
    let (reader, reading) = Reader::start(&shared.folder)?;
    let writing =
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run(&queue));
    let writing = writing.map_err(io("start a thread for", &shared.folder))?;
    Ok(DurableStore {
        shared,
        requests: Some(requests),
        reader: Some(reader),
        threads: vec![writing, reading],
        _lock: lock,
    })
}

fn lock_folder(folder: &Path) -> Result<FolderLock, StoreError> {
    fs::create_dir_all(folder).map_err(io("create", folder))?;
    let path = folder.join("lock");
    let file = File::options().append(true).create(true).open(&path).map_err(io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: folder.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(io("lock", &path)(error)),
    }
}

type OpenedEvents = ((Log, u64), EventIndex, Option<u32>);

/// The event log, its index, and the checksum of the event at `mark`.
fn open_events(
    folder: &Path,
    options: StoreOptions,
    mark: u64,
    report: &mut OpenReport,
) -> Result<OpenedEvents, StoreError> {
    let (mut index, mut crc_at_mark) = (EventIndex::default(), None);
    let (log, scan) = Log::open(&folder.join("events"), options.segment_bytes_max, |place, frame| {
        index.push(frame.position, place);
        if frame.position == mark {
            crc_at_mark = Some(frame.crc);
        }
        Ok(())
    })?;
    let Scan { records, last, damaged } = scan;
    report.commits = records;
    report.damaged.extend(damaged);
    Ok(((log, last), index, crc_at_mark))
}

fn open_journal(
    folder: &Path,
    options: StoreOptions,
    report: &mut OpenReport,
) -> Result<(Log, JournalIndex, u64), StoreError> {
    let mut index = JournalIndex::default();
    let (log, scan) = Log::open(&folder.join("journal"), options.segment_bytes_max, |place, frame| {
        let execution = codec::journal_execution(frame.body).map_err(|error| {
            StoreError::Corrupt(format!("read journal entry {}: {error}", frame.position))
        })?;
        index.push(&execution, place);
        Ok(())
    })?;
    report.journal_entries = scan.records;
    report.damaged.extend(scan.damaged);
    Ok((log, index, scan.last))
}

/// Keeps sled where it fits the log, else sets it aside and begins anew.
fn settle_records(
    folder: &Path,
    opened: Result<(Records, Mark), String>,
    crc_at_mark: Option<u32>,
    report: &mut OpenReport,
) -> Result<(Records, Mark), StoreError> {
    let unfit = match opened {
        Ok((records, mark)) if mark.position == 0 => {
            report.rebuilt = report.commits > 0;
            return Ok((records, mark));
        }
        Ok((records, mark)) if crc_at_mark == Some(mark.crc) => return Ok((records, mark)),
        Ok((records, mark)) => {
            drop(records);
            format!("they are of event {}, which the log has not or has otherwise", mark.position)
        }
        Err(reason) => reason,
    };
    let (from, to) = (folder.join("records"), free_name(folder));
    report.damaged.push(format!("{}: set aside, {unfit}", from.display()));
    report.rebuilt = true;
    fs::rename(&from, &to).map_err(io("set aside", &from))?;
    Records::open(&from).map_err(|reason| StoreError::Corrupt(format!("create {}: {reason}", from.display())))
}

fn free_name(folder: &Path) -> PathBuf {
    let mut number = 1_u32;
    loop {
        let path = folder.join(format!("records.set-aside-{number}"));
        if !path.exists() {
            return path;
        }
        number += 1;
    }
}

/// Folds what the log has beyond the mark.
fn catch_up(shared: &Shared, mark: &mut Mark) -> Result<u64, StoreError> {
    let (mut folded, mut waiting, mut changes) = (0, None, Changes::default());
    each_commit(shared, mark.position + 1, |position, crc, commit| {
        changes
            .add(&commit.mutations)
            .map_err(|error| StoreError::Corrupt(format!("fold event {position}: {error}")))?;
        folded += 1;
        waiting = Some((position, crc));
        if folded % u64::from(FOLD_COMMITS_MAX) == 0 {
            waiting = None;
            shared.records.fold(mark, position, crc, std::mem::take(&mut changes))?;
        }
        Ok(true)
    })?;
    if let Some((position, crc)) = waiting {
        shared.records.fold(mark, position, crc, changes)?;
    }
    Ok(folded)
}
