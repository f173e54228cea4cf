//! What the tests put in the place of the disk, the network and the time: a store and series in memory, a clock that is
//! driven, targets that answer as told, and a sandbox that knows no component.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ballast_ports::{
    Clock, Door, HttpSend, PluginRuntime, RunFailure, RunRequest, ScrapeError, ScrapeSession, ScrapeTarget,
    Scraper, Selectors, SeriesStore, Store, StoreError,
};
use ballast_types::call::{CallError, CallErrorKind, HttpRequest, HttpResponse};
use ballast_types::event::{Commit, EventRecord, Mutation, Record, RecordKey};
use ballast_types::execution::{JournalEntry, Outcome};
use ballast_types::ingest::{Appended, Exemplar, Metadata, Refused};
use ballast_types::plugin::{Grant, InstalledPlugin};
use ballast_types::{
    Digest, ExecutionId, IdempotencyKey, Labels, Matcher, QueryError, Queryable, Sample, Sequence, Series,
    TimeRange, Timestamp,
};
use tokio::sync::watch;

/// A clock that stands still until it is told to go on.
pub(crate) struct DrivenClock(watch::Sender<Timestamp>);

impl DrivenClock {
    pub(crate) fn at(now: Timestamp) -> Self {
        DrivenClock(watch::channel(now).0)
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.0.send_modify(|now| *now = *now + std::time::Duration::from_millis(millis));
    }
}

#[async_trait]
impl Clock for DrivenClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let mut now = self.0.subscribe();
        now.wait_for(|now| *now >= until).await.unwrap();
    }
}

/// The log, the records and the journals in memory.
#[derive(Default)]
pub(crate) struct MemoryStore {
    state: Mutex<State>,
    /// Whether reading the log and the journals fails.
    pub(crate) broken: AtomicBool,
}

#[derive(Default)]
struct State {
    events: Vec<EventRecord>,
    records: BTreeMap<RecordKey, Record>,
    journals: BTreeMap<ExecutionId, Vec<JournalEntry>>,
}

impl MemoryStore {
    fn check(&self) -> Result<(), StoreError> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(StoreError::Stopped("the disk at /var/lib/secret is gone".into())),
            false => Ok(()),
        }
    }

    pub(crate) fn put(&self, record: Record) {
        self.state.lock().unwrap().records.insert(record.key(), record);
    }

    pub(crate) fn put_journal(&self, execution: &ExecutionId, journal: Vec<JournalEntry>) {
        self.state.lock().unwrap().journals.insert(execution.clone(), journal);
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, commits: Vec<Commit>) -> Result<Sequence, StoreError> {
        let mut state = self.state.lock().unwrap();
        let first = state.events.len() as u64 + 1;
        for (sequence, commit) in (first..).zip(commits) {
            for mutation in commit.mutations {
                match mutation {
                    Mutation::Put(record) => drop(state.records.insert(record.key(), *record)),
                    Mutation::Remove(key) => drop(state.records.remove(&key)),
                }
            }
            state.events.push(EventRecord {
                sequence: Sequence(sequence),
                at: commit.at,
                event: commit.event,
            });
        }
        Ok(Sequence(first))
    }

    async fn records(&self) -> Result<Vec<Record>, StoreError> {
        Ok(self.state.lock().unwrap().records.values().cloned().collect())
    }

    async fn events(&self, from: Sequence, limit: usize) -> Result<Vec<EventRecord>, StoreError> {
        self.check()?;
        let state = self.state.lock().unwrap();
        Ok(state.events.iter().filter(|record| record.sequence >= from).take(limit).cloned().collect())
    }

    fn last_sequence(&self) -> Sequence {
        Sequence(self.state.lock().unwrap().events.len() as u64)
    }

    async fn journal_append(
        &self,
        execution: &ExecutionId,
        entry: JournalEntry,
        _: bool,
    ) -> Result<(), StoreError> {
        self.state.lock().unwrap().journals.entry(execution.clone()).or_default().push(entry);
        Ok(())
    }

    async fn journal(&self, execution: &ExecutionId) -> Result<Vec<JournalEntry>, StoreError> {
        self.check()?;
        Ok(self.state.lock().unwrap().journals.get(execution).cloned().unwrap_or_default())
    }
}

/// Series in memory, in order of time.
#[derive(Default)]
pub(crate) struct MemorySeries {
    samples: Mutex<BTreeMap<Labels, Vec<Sample>>>,
    exemplars: Mutex<BTreeMap<Labels, Vec<Exemplar>>>,
    metadata: Mutex<BTreeMap<Arc<str>, Vec<Metadata>>>,
}

impl Queryable for MemorySeries {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        let within = |sample: &&Sample| range.start <= sample.at && sample.at <= range.end;
        let all = self.samples.lock().unwrap();
        let wanted = all.iter().filter(|(labels, _)| matchers.iter().all(|matcher| matcher.matches(labels)));
        let series = wanted.map(|(labels, samples)| Series {
            labels: labels.clone(),
            samples: samples.iter().filter(within).copied().collect(),
        });
        Ok(series.filter(|series| !series.samples.is_empty()).collect())
    }
}

impl SeriesStore for MemorySeries {
    fn append(&self, batch: &[(Labels, Sample)]) -> Result<Appended, StoreError> {
        let (mut all, mut appended) = (self.samples.lock().unwrap(), Appended::default());
        for (labels, sample) in batch {
            let series = all.entry(labels.clone()).or_default();
            let known = series.iter().find(|known| known.at == sample.at);
            match (known, series.last()) {
                (Some(known), _) if known.value.to_bits() == sample.value.to_bits() => appended.kept += 1,
                (Some(_), _) => appended.refuse(Refused::Duplicate, labels, sample.at),
                (None, Some(last)) if last.at > sample.at => {
                    appended.refuse(Refused::OutOfOrder, labels, sample.at);
                }
                _ => {
                    series.push(*sample);
                    appended.kept += 1;
                }
            }
        }
        Ok(appended)
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget_before(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn series_count(&self) -> usize {
        self.samples.lock().unwrap().len()
    }

    fn append_exemplars(&self, batch: &[(Labels, Exemplar)]) {
        let mut all = self.exemplars.lock().unwrap();
        for (labels, exemplar) in batch {
            all.entry(labels.clone()).or_default().push(exemplar.clone());
        }
    }

    fn exemplars(&self, selectors: Selectors<'_>, range: TimeRange) -> Vec<(Labels, Vec<Exemplar>)> {
        let wanted = |labels: &Labels| selectors.iter().any(|all| all.iter().all(|one| one.matches(labels)));
        let all = self.exemplars.lock().unwrap();
        let within = all.iter().filter(|(labels, _)| wanted(labels)).map(|(labels, of)| {
            (labels.clone(), of.iter().filter(|one| range.contains(one.at)).cloned().collect::<Vec<_>>())
        });
        within.filter(|(_, of)| !of.is_empty()).collect()
    }

    fn note_metadata(&self, batch: &[(Arc<str>, Metadata)]) {
        let mut all = self.metadata.lock().unwrap();
        for (name, metadata) in batch {
            let known = all.entry(name.clone()).or_default();
            if !known.contains(metadata) {
                known.push(metadata.clone());
            }
        }
    }

    fn metadata(&self) -> Vec<(Arc<str>, Vec<Metadata>)> {
        self.metadata.lock().unwrap().iter().map(|(name, of)| (name.clone(), of.clone())).collect()
    }
}

/// Every target is down.
pub(crate) struct DownScraper;

impl Scraper for DownScraper {
    fn open(&self, target: &ScrapeTarget) -> Result<Box<dyn ScrapeSession>, ScrapeError> {
        Err(ScrapeError::Unreachable { url: target.url.clone(), reason: "connection refused".into() })
    }
}

/// A sandbox that finds no component fit.
pub(crate) struct NoPlugins;

#[async_trait]
impl PluginRuntime for NoPlugins {
    async fn install(&self, _: Vec<u8>) -> Result<InstalledPlugin, RunFailure> {
        Err(RunFailure::Unfit("these bytes are no component".into()))
    }

    fn is_installed(&self, _: &Digest) -> bool {
        false
    }

    fn check_grant(&self, digest: &Digest, _: &Grant) -> Result<(), RunFailure> {
        Err(RunFailure::Unknown(digest.clone()))
    }

    async fn run_runbook(&self, request: RunRequest, _: Arc<dyn Door>) -> Result<Outcome, RunFailure> {
        Err(RunFailure::Unknown(request.digest))
    }
}

/// A network that answers nobody.
pub(crate) struct NoHttp;

#[async_trait]
impl HttpSend for NoHttp {
    async fn send(&self, _: &HttpRequest, _: &IdempotencyKey) -> Result<HttpResponse, CallError> {
        Err(CallError::new(CallErrorKind::Unavailable, "there is no network"))
    }
}
