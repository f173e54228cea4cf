//! What the engine's own tests run on: a store in memory that can be made to fail, a platform that counts, a driven clock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ballast_ports::{Clock, Connector, HttpSend, SeriesStore, Settled, Store, StoreError};
use ballast_types::call::{
    CallClass, CallError, CallErrorKind, Change, Dependency, Deployment, HttpRequest, HttpResponse, Instance,
    LogLine, LogQuery, ServiceEffect, ServiceInfo, Verb,
};
use ballast_types::event::{Commit, EventRecord, Record};
use ballast_types::execution::{Execution, ExecutionState, JournalEntry, RunMode};
use ballast_types::ingest::Appended;
use ballast_types::{
    Digest, ExecutionId, IdempotencyKey, IncidentId, Labels, Matcher, PluginName, QueryError, Queryable,
    Sample, Sequence, Series, ServiceName, TimeRange, Timestamp,
};
use tokio::sync::mpsc;

use crate::bus::Bus;
use crate::core::Core;
use crate::dispatcher::{self, Dispatcher};
use crate::door::DoorShared;
use crate::settings::Settings;
use crate::source::Source;

/// A running execution.
pub(crate) fn execution() -> Execution {
    Execution {
        id: ExecutionId::new("EX-1"),
        incident: IncidentId::new("INC-1"),
        runbook: PluginName::new("fix"),
        digest: Digest::new("0"),
        service: ServiceName::new("api"),
        alert_name: "Errors".into(),
        alert_labels: Labels::empty(),
        parameters: "{}".into(),
        mode: RunMode::Live,
        requested_at: Timestamp::default(),
        state: ExecutionState::Running { since: Timestamp::default(), attempt: 1 },
        objective: None,
        indicator_before: f64::NAN,
        indicator_after: None,
        effects: 0,
        told: Vec::new(),
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        services: Vec::new(),
        targets: Vec::new(),
        policies: Vec::new(),
        discovered_interval: Default::default(),
        features: Default::default(),
        evaluation_interval: std::time::Duration::from_secs(15),
        verification_interval: std::time::Duration::from_secs(1),
        deduplication_window: std::time::Duration::from_secs(300),
        resolve_hold: std::time::Duration::from_secs(60),
        retention: std::time::Duration::from_secs(3600),
        rules_folder: "rules".into(),
        plugins_folder: "plugins".into(),
        data_folder: "data".into(),
    }
}

/// A dispatcher on a store in memory, and a platform with one service.
pub(crate) struct Host {
    pub(crate) shared: Arc<DoorShared>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) platform: Arc<Platform>,
}

impl Host {
    pub(crate) async fn new(class: CallClass) -> Host {
        let store = Arc::new(MemoryStore::default());
        let (clock, platform) = (Arc::new(DrivenClock::default()), Arc::new(Platform::new(class)));
        let core = Core::new(Arc::new(settings()), vec![Record::Execution(execution())]);
        let (dispatcher, inputs) = Dispatcher::new(core);
        let (actions, _) = mpsc::unbounded_channel();
        let run = dispatcher::run(
            dispatcher.clone(),
            inputs,
            store.clone(),
            clock.clone(),
            Bus::default(),
            actions,
        );
        tokio::spawn(run);
        let connector: Arc<dyn Connector> = platform.clone();
        let shared = Arc::new(DoorShared {
            store: store.clone(),
            source: Source {
                local: Arc::new(NoSeries),
                remote: None,
                rulebook: Default::default(),
                features: Default::default(),
            },
            clock,
            connectors: BTreeMap::from([(ServiceName::new("api"), connector)]),
            http: Arc::new(NoHttp),
            dispatcher,
        });
        Host { shared, store, platform }
    }
}

/// A store that forgets with the process. Its journal can be made to fail after a number of writes.
#[derive(Default)]
pub(crate) struct MemoryStore {
    events: AtomicU64,
    journals: Mutex<BTreeMap<ExecutionId, Vec<JournalEntry>>>,
    writes_left: Mutex<Option<usize>>,
    refuses: AtomicBool,
}

impl MemoryStore {
    /// Whether commits are refused for good, as one that is too large is.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    pub(crate) fn fail_after(&self, writes: Option<usize>) {
        *self.writes_left.lock().unwrap() = writes;
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, commits: Vec<Commit>) -> Result<Sequence, StoreError> {
        if self.refuses.load(Ordering::SeqCst) {
            let source = std::io::ErrorKind::InvalidInput.into();
            return Err(StoreError::Io { action: "append".into(), source });
        }
        Ok(Sequence(self.events.fetch_add(commits.len() as u64, Ordering::SeqCst) + 1))
    }

    async fn records(&self) -> Result<Vec<Record>, StoreError> {
        Ok(Vec::new())
    }

    async fn events(&self, _from: Sequence, _limit: usize) -> Result<Vec<EventRecord>, StoreError> {
        Ok(Vec::new())
    }

    fn last_sequence(&self) -> Sequence {
        Sequence(self.events.load(Ordering::SeqCst))
    }

    async fn journal_append(&self, id: &ExecutionId, entry: JournalEntry, _: bool) -> Result<(), StoreError> {
        if let Some(left) = &mut *self.writes_left.lock().unwrap() {
            *left = left.checked_sub(1).ok_or_else(|| StoreError::Stopped("cut off".into()))?;
        }
        self.journals.lock().unwrap().entry(id.clone()).or_default().push(entry);
        Ok(())
    }

    async fn journal(&self, id: &ExecutionId) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(self.journals.lock().unwrap().get(id).cloned().unwrap_or_default())
    }
}

/// A service that keeps the keys of what was done to it.
pub(crate) struct Platform {
    class: CallClass,
    performed: Mutex<Vec<(IdempotencyKey, String)>>,
    forgetful: Mutex<bool>,
}

impl Platform {
    pub(crate) fn new(class: CallClass) -> Self {
        Platform { class, performed: Mutex::default(), forgetful: Mutex::default() }
    }

    /// What was done, in order.
    pub(crate) fn performed(&self) -> Vec<String> {
        self.performed.lock().unwrap().iter().map(|(key, what)| format!("{key} {what}")).collect()
    }

    /// From now on it cannot tell what was done.
    pub(crate) fn forget(&self) {
        *self.forgetful.lock().unwrap() = true;
    }

    fn change(effect: &ServiceEffect, preview: bool) -> Change {
        let would = if preview { "would " } else { "" };
        Change { detail: format!("{would}{} {}", effect.verb.name(), effect.arguments), preview }
    }
}

#[async_trait]
impl Connector for Platform {
    async fn describe(&self) -> Result<ServiceInfo, CallError> {
        Ok(ServiceInfo { service: ServiceName::new("api"), version: "2".into(), replicas: 1 })
    }

    async fn instances(&self) -> Result<Vec<Instance>, CallError> {
        Ok(Vec::new())
    }

    async fn deployments(&self) -> Result<Vec<Deployment>, CallError> {
        Ok(Vec::new())
    }

    async fn dependencies(&self) -> Result<Vec<Dependency>, CallError> {
        Ok(Vec::new())
    }

    async fn logs(&self, _: &LogQuery) -> Result<Vec<LogLine>, CallError> {
        Ok(Vec::new())
    }

    fn class(&self, _: Verb) -> CallClass {
        self.class
    }

    async fn apply(&self, effect: &ServiceEffect, key: &IdempotencyKey) -> Result<Change, CallError> {
        let mut performed = self.performed.lock().unwrap();
        let known = performed.iter().any(|(own, _)| own == key);
        assert!(!known || self.class == CallClass::IdempotentEffect, "{key} was performed twice");
        if !known {
            performed.push((key.clone(), format!("{} {}", effect.verb.name(), effect.arguments)));
        }
        Ok(Platform::change(effect, false))
    }

    async fn preview(&self, effect: &ServiceEffect) -> Result<Change, CallError> {
        Ok(Platform::change(effect, true))
    }

    async fn settle(&self, effect: &ServiceEffect, key: &IdempotencyKey) -> Settled {
        if *self.forgetful.lock().unwrap() {
            return Settled::Unknown;
        }
        match self.performed.lock().unwrap().iter().any(|(own, _)| own == key) {
            true => Settled::Performed(Ok(Platform::change(effect, false))),
            false => Settled::NotPerformed,
        }
    }
}

/// Time stands still until somebody waits for it.
#[derive(Default)]
struct DrivenClock(AtomicI64);

#[async_trait]
impl Clock for DrivenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// Nothing here lasts: a deadline is never reached, so that only what is really done counts.
    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}

struct NoSeries;

impl Queryable for NoSeries {
    fn select(&self, _: &[Matcher], _: TimeRange) -> Result<Vec<Series>, QueryError> {
        Ok(Vec::new())
    }
}

impl SeriesStore for NoSeries {
    fn append(&self, _: &[(Labels, Sample)]) -> Result<Appended, StoreError> {
        Ok(Appended::default())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget_before(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn series_count(&self) -> usize {
        0
    }
}

struct NoHttp;

#[async_trait]
impl HttpSend for NoHttp {
    async fn send(&self, _: &HttpRequest, _: &IdempotencyKey) -> Result<HttpResponse, CallError> {
        Err(CallError::new(CallErrorKind::Unavailable, "send a request: there is no network here"))
    }
}
