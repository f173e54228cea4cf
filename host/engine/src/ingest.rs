//! What comes from outside without being fetched: remote write, OTLP, pushes. Bytes are somebody else's; here samples
//! are kept or refused, counted, and bounded.
//!
//! ```text
//! admit (room for the body, or busy) ─► body is read ─► a turn ─► decode ─► window ─► series store
//! ```
//! Invariants: bodies under way never exceed [`ROOM_BYTES`] together, and no more than [`TURNS_MAX`] are unpacked at a
//! time, so that a flood meets a refusal and not the end of the memory; a sample that is refused is counted by its reason
//! and does not spoil the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ballast_ports::{Clock, SeriesStore, StoreError};
use ballast_types::ingest::{Appended, Exemplar, Metadata, Refused};
use ballast_types::{Interner, Labels, Sample, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::dispatcher::Dispatcher;
use crate::scraping::Window;
use crate::telemetry::Telemetry;

/// Most bytes of bodies that are under way at the same time, as they come.
pub const ROOM_BYTES: usize = 64 << 20;
/// Most bodies that are unpacked and kept at the same time.
const TURNS_MAX: usize = 2;
/// What is counted as one unit of room.
const UNIT_BYTES: usize = 1 << 10;
/// How many texts there may be before those that nobody holds are looked for.
const TEXTS_FIRST_SWEEP: usize = 200_000;

/// What came, read and not yet kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// Samples of series; staleness markers are among them.
    pub samples: Vec<(Labels, Sample)>,
    /// Exemplars of series.
    pub exemplars: Vec<(Labels, Exemplar)>,
    /// What metrics are, by name.
    pub metadata: Vec<(Arc<str>, Metadata)>,
    /// When counters began.
    pub created: Vec<(Labels, Timestamp)>,
    /// What could not be read: why, and how often.
    pub unreadable: Vec<(&'static str, usize)>,
}

/// Why nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum IngestError<E> {
    /// The body cannot be read.
    #[error("{0}")]
    Unreadable(E),
    /// The store does not take it.
    #[error(transparent)]
    Store(StoreError),
    /// There is no room for more of its kind.
    #[error("{0}")]
    Full(String),
    /// It broke off.
    #[error("take in samples: {0}")]
    Broken(String),
}

/// Room for a body, given back when it is dropped.
#[derive(Debug)]
pub struct Admission(#[expect(dead_code, reason = "held, never read")] OwnedSemaphorePermit);

/// The way in.
pub(crate) struct Ingest {
    pub(crate) series: Arc<dyn SeriesStore>,
    clock: Arc<dyn Clock>,
    dispatcher: Dispatcher,
    telemetry: Arc<Telemetry>,
    room: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// Texts of labels that decoders share.
    texts: Interner,
    swept_at: AtomicUsize,
}

impl Ingest {
    pub(crate) fn new(
        series: Arc<dyn SeriesStore>,
        clock: Arc<dyn Clock>,
        dispatcher: Dispatcher,
        telemetry: Arc<Telemetry>,
        texts: Interner,
    ) -> Self {
        Ingest {
            series,
            clock,
            dispatcher,
            telemetry,
            room: Arc::new(Semaphore::new(ROOM_BYTES / UNIT_BYTES)),
            turns: Arc::new(Semaphore::new(TURNS_MAX)),
            texts,
            swept_at: AtomicUsize::new(TEXTS_FIRST_SWEEP / 2),
        }
    }

    /// The table of texts for decoders.
    pub(crate) fn texts(&self) -> &Interner {
        &self.texts
    }

    /// Room for a body of so many bytes; `None` where there is none now.
    pub(crate) fn admit(&self, bytes: usize) -> Option<Admission> {
        let units = u32::try_from(bytes / UNIT_BYTES + 1).unwrap_or(u32::MAX);
        let admitted = self.room.clone().try_acquire_many_owned(units).ok().map(Admission);
        if admitted.is_none() {
            self.telemetry.ingested("busy");
        }
        admitted
    }

    /// Decodes in a turn and keeps what comes out of it. The admission lasts until then.
    pub(crate) async fn take_in<X: Send + 'static, E: Send + 'static>(
        self: &Arc<Self>,
        admission: Admission,
        decode: impl FnOnce() -> Result<(Received, X), E> + Send + 'static,
    ) -> Result<(Appended, X), IngestError<E>> {
        let ingest = self.clone();
        let work = move || {
            let (received, told) = decode().map_err(IngestError::Unreadable)?;
            Ok((ingest.keep(received).map_err(IngestError::Store)?, told))
        };
        let done = self.in_turn(admission, work).await;
        self.telemetry.ingested(match &done {
            Ok((appended, _)) if appended.refused_total() > 0 => "partly",
            done => outcome(done),
        });
        done
    }

    /// The same for what a job pushes.
    pub(crate) async fn take_push<E: Send + 'static>(
        &self,
        admission: Admission,
        push: impl FnOnce() -> Result<(), IngestError<E>> + Send + 'static,
    ) -> Result<(), IngestError<E>> {
        let done = self.in_turn(admission, push).await;
        self.telemetry.ingested(outcome(&done));
        done
    }

    async fn in_turn<T: Send + 'static, E: Send + 'static>(
        &self,
        admission: Admission,
        work: impl FnOnce() -> Result<T, IngestError<E>> + Send + 'static,
    ) -> Result<T, IngestError<E>> {
        // The semaphore is never closed.
        let turn = self.turns.clone().acquire_owned().await;
        let working = tokio::task::spawn_blocking(move || {
            let _held = (turn, admission);
            work()
        });
        working.await.unwrap_or_else(|error| Err(IngestError::Broken(error.to_string())))
    }

    /// Keeps what may be kept. Blocking.
    pub(crate) fn keep(&self, mut received: Received) -> Result<Appended, StoreError> {
        let window = Window::around(self.clock.now(), self.dispatcher.core().settings().retention);
        for (reason, count) in &received.unreadable {
            self.telemetry.unreadable(reason, *count);
        }
        let mut appended = Appended::default();
        received.samples.retain(|(labels, sample)| {
            let refused = window.refuses(sample.at).is_some();
            if refused {
                appended.refuse(Refused::Timestamp, labels, sample.at);
            }
            !refused
        });
        received.exemplars.retain(|(_, exemplar)| window.refuses(exemplar.at).is_none());
        let first = first_samples(&received);
        received.created.retain(|(labels, at)| {
            window.refuses(*at).is_none() && first.get(labels).is_some_and(|first| at < first)
        });
        self.series.note_metadata(&received.metadata);
        if !received.created.is_empty() {
            self.series.append_created(&received.created)?;
        }
        appended.add(self.series.append(&received.samples)?);
        self.series.append_exemplars(&received.exemplars);
        self.telemetry.appended(&appended);
        drop(received);
        self.sweep();
        Ok(appended)
    }

    /// Forgets texts that nobody holds any more, once there may be many of them.
    fn sweep(&self) {
        if self.texts.len() < self.swept_at.load(Ordering::Relaxed).saturating_mul(2) {
            return;
        }
        self.texts.sweep();
        self.swept_at.store(self.texts.len().max(TEXTS_FIRST_SWEEP / 2), Ordering::Relaxed);
    }
}

/// The earliest sample of each series that says since when it counts: a zero at that instant or later would be no beginning.
fn first_samples(received: &Received) -> HashMap<Labels, Timestamp> {
    let mut first: HashMap<Labels, Timestamp> = HashMap::new();
    if received.created.is_empty() {
        return first;
    }
    for (labels, sample) in &received.samples {
        let known = first.entry(labels.clone()).or_insert(sample.at);
        *known = (*known).min(sample.at);
    }
    first
}

fn outcome<T, E>(done: &Result<T, IngestError<E>>) -> &'static str {
    match done {
        Ok(_) => "success",
        Err(IngestError::Unreadable(_)) => "unreadable",
        Err(IngestError::Full(_)) => "full",
        Err(IngestError::Store(_) | IngestError::Broken(_)) => "failure",
    }
}
