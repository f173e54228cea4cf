//! The store's trait, served: encodes on the caller's side, hands over to the writing and the reading thread, waits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, RwLock, mpsc};
use std::thread::JoinHandle;

use async_trait::async_trait;
use ballast_ports::{Store, StoreError};
use ballast_types::event::{Commit, EventRecord, Record};
use ballast_types::execution::JournalEntry;
use ballast_types::{ExecutionId, Sequence};
use futures::channel::oneshot;

use crate::codec::{self, CodecError};
use crate::index::{EventIndex, JournalIndex};
use crate::log::check_size;
use crate::open::FolderLock;
use crate::reader::{self, Reader};
use crate::records::{Changes, Records};
use crate::writer::{Answer, Request};

/// With more than this on its way to the writer, entries that need not be durable wait all the same.
const QUEUED_BYTES_MAX: usize = 16 << 20;

/// What the threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) records: Records,
    pub(crate) events: RwLock<EventIndex>,
    pub(crate) journal: RwLock<JournalIndex>,
    /// Position of the last durable event.
    pub(crate) last: AtomicU64,
    /// Bytes sent to the writer that it has not taken up.
    pub(crate) queued: AtomicUsize,
    /// Why the store has stopped.
    pub(crate) stopped: OnceLock<String>,
}

impl Shared {
    pub(crate) fn events_folder(&self) -> PathBuf {
        self.folder.join("events")
    }

    pub(crate) fn journal_folder(&self) -> PathBuf {
        self.folder.join("journal")
    }
}

/// The store on disk. Dropping it writes out what waits, ends its threads and frees the folder.
#[derive(Debug)]
pub struct DurableStore {
    pub(crate) shared: Arc<Shared>,
    pub(crate) requests: Option<mpsc::Sender<Request>>,
    pub(crate) reader: Option<Reader>,
    pub(crate) threads: Vec<JoinHandle<()>>,
    /// Given back last.
    pub(crate) _lock: FolderLock,
}

impl DurableStore {
    fn send(&self, request: Request) -> Result<(), StoreError> {
        if let Some(reason) = self.shared.stopped.get() {
            return Err(StoreError::Stopped(reason.clone()));
        }
        let requests = self.requests.as_ref().ok_or_else(ended)?;
        let bytes = request.bytes();
        self.shared.queued.fetch_add(bytes, Ordering::Relaxed);
        requests.send(request).map_err(|_| {
            self.shared.queued.fetch_sub(bytes, Ordering::Relaxed);
            ended()
        })
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(request(answer))?;
        answered.await.map_err(|_| ended())?
    }

    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let reader = self.reader.as_ref().ok_or_else(ended)?;
        reader.run(move || job(&shared)).await
    }
}

#[async_trait]
impl Store for DurableStore {
    async fn commit(&self, commits: Vec<Commit>) -> Result<Sequence, StoreError> {
        if commits.is_empty() {
            return Ok(self.last_sequence());
        }
        let (bodies, changes) = encode_commits(&commits)?;
        self.ask(|answer| Request::Commit { bodies, changes, answer }).await
    }

    async fn records(&self) -> Result<Vec<Record>, StoreError> {
        self.read(|shared| shared.records.all()).await
    }

    async fn events(&self, from: Sequence, limit: usize) -> Result<Vec<EventRecord>, StoreError> {
        self.read(move |shared| reader::events(shared, from, limit)).await
    }

    fn last_sequence(&self) -> Sequence {
        Sequence(self.shared.last.load(Ordering::Acquire))
    }

    async fn journal_append(
        &self,
        execution: &ExecutionId,
        entry: JournalEntry,
        durable: bool,
    ) -> Result<(), StoreError> {
        let body = codec::encode_journal(execution, &entry).map_err(unwritable)?;
        check_size("a journal entry", &body)?;
        let execution = execution.clone();
        if durable || self.shared.queued.load(Ordering::Relaxed) > QUEUED_BYTES_MAX {
            return self
                .ask(|answer| Request::Journal { execution, body, durable, answer: Some(answer) })
                .await;
        }
        self.send(Request::Journal { execution, body, durable, answer: None })
    }

    async fn journal(&self, execution: &ExecutionId) -> Result<Vec<JournalEntry>, StoreError> {
        // Entries that need not be durable may still be on their way to the file.
        self.ask(|answer| Request::Barrier { answer }).await?;
        let execution = execution.clone();
        self.read(move |shared| reader::journal(shared, &execution)).await
    }
}

impl Drop for DurableStore {
    fn drop(&mut self) {
        self.requests = None;
        self.reader = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

fn encode_commits(commits: &[Commit]) -> Result<(Vec<Vec<u8>>, Changes), StoreError> {
    let (mut bodies, mut changes) = (Vec::with_capacity(commits.len()), Changes::default());
    for commit in commits {
        let body = codec::encode(commit).map_err(unwritable)?;
        check_size("an event", &body)?;
        bodies.push(body);
        changes.add(&commit.mutations).map_err(unwritable)?;
    }
    Ok((bodies, changes))
}

fn unwritable(error: CodecError) -> StoreError {
    StoreError::Corrupt(format!("encode for the log: {error}"))
}

fn ended() -> StoreError {
    StoreError::Stopped("its threads have ended".to_owned())
}
