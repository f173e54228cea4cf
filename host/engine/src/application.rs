//! The engine as others use it: started once, asked and told through methods of a few lines each.

mod samples;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use ballast_alerting::Problem;
use ballast_ports::{
    Clock, Connector, HttpSend, PluginRuntime, RemoteQueries, Scraper, SeriesStore, Store, StoreError,
    TargetSource,
};
use ballast_types::event::EventRecord;
use ballast_types::execution::JournalEntry;
use ballast_types::{ExecutionId, Interner, Sequence, ServiceName, Timestamp};
use tokio::sync::{RwLock, broadcast, mpsc, watch};
use tokio::task::JoinSet;

use crate::bus::Bus;
use crate::core::{Command, CommandError, Core, Input, Reply};
use crate::dispatcher::{self, Dispatcher};
use crate::door::DoorShared;
use crate::evaluator;
use crate::ingest::Ingest;
use crate::plugins::Plugins;
use crate::push::{self, Pushes};
use crate::query::Asking;
use crate::reload::{self, Reload};
use crate::rulebook::RuleBook;
use crate::runner::{self, Runner};
use crate::scraping::{self, JobStatus, Scraping, TargetStatus};
use crate::settings::Settings;
use crate::shown::Shown;
use crate::source::Source;
use crate::supervision::Broken;
use crate::telemetry::Telemetry;
use crate::verifier;

/// How often the core looks at what only time changes.
const TICK: Duration = Duration::from_secs(1);
/// How often samples are made durable and old ones forgotten.
const FLUSH: Duration = Duration::from_secs(5);

/// The implementations that a host is put together from.
pub struct Parts {
    /// Event log, records, journals.
    pub store: Arc<dyn Store>,
    /// Samples.
    pub series: Arc<dyn SeriesStore>,
    /// The table of label texts that the series store and whoever makes labels share.
    pub label_texts: Interner,
    /// The API that holds the samples which rules judge, where that is not this host.
    pub remote: Option<Arc<dyn RemoteQueries>>,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// The Wasm host.
    pub runtime: Arc<dyn PluginRuntime>,
    /// How targets are scraped.
    pub scraper: Arc<dyn Scraper>,
    /// Where the targets of jobs with discovery come from.
    pub target_sources: Vec<Box<dyn TargetSource>>,
    /// How services are acted on.
    pub connectors: BTreeMap<ServiceName, Arc<dyn Connector>>,
    /// How plugins send HTTP requests.
    pub http: Arc<dyn HttpSend>,
    /// This build's version.
    pub version: String,
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read or written.
    #[error("start the engine: {0}")]
    Store(#[from] StoreError),
    /// The metrics cannot be registered.
    #[error("start the engine: register metrics: {0}")]
    Metrics(String),
}

/// What a reload found wrong. Whatever was good has taken effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReloadReport {
    /// Rule files.
    pub rules: Vec<Problem>,
    /// Components: file and reason.
    pub plugins: Vec<(String, String)>,
}

/// A running host.
pub struct Engine {
    dispatcher: Dispatcher,
    store: Arc<dyn Store>,
    series: Arc<dyn SeriesStore>,
    source: Source,
    clock: Arc<dyn Clock>,
    bus: Bus,
    rulebook: Arc<RuleBook>,
    plugins: Arc<Plugins>,
    scraping: Arc<Scraping>,
    telemetry: Arc<Telemetry>,
    reload: Arc<Reload>,
    asking: Asking,
    ingest: Arc<Ingest>,
    pushes: Arc<Pushes>,
    shown: ArcSwap<Shown>,
    stop: watch::Sender<bool>,
    broken: Broken,
    tasks: RwLock<JoinSet<()>>,
    version: String,
    started_at: Timestamp,
}

impl Engine {
    /// Reads the state back, loads rules and plugins, resumes what was under way, and starts every task.
    pub async fn start(parts: Parts, settings: Settings) -> Result<Arc<Engine>, StartError> {
        let settings = Arc::new(settings);
        let core = Core::new(settings.clone(), parts.store.records().await?);
        let unfinished = core.unfinished();
        let (dispatcher, inputs) = Dispatcher::new(core);
        let telemetry = Arc::new(Telemetry::new().map_err(|error| StartError::Metrics(error.to_string()))?);
        let (bus, rulebook) =
            (Bus::default(), Arc::new(RuleBook::open(&settings.data_folder, settings.features)));
        let plugins = Arc::new(Plugins::new(parts.runtime, &settings.data_folder));
        let (action_sender, actions) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let (store, clock) = (parts.store.clone(), parts.clock.clone());
        let resume = action_sender.clone();
        let broken = Broken::default();
        let dispatching =
            dispatcher::run(dispatcher.clone(), inputs, store, clock, bus.clone(), action_sender);
        tasks.spawn(broken.clone().watch("dispatcher", dispatching));

        let source = Source {
            local: parts.series.clone(),
            remote: parts.remote,
            rulebook: rulebook.clone(),
            features: settings.features,
        };
        let shared = Arc::new(DoorShared {
            store: parts.store.clone(),
            source: source.clone(),
            clock: parts.clock.clone(),
            connectors: parts.connectors,
            http: parts.http,
            dispatcher: dispatcher.clone(),
        });
        let scraping = Arc::new(Scraping {
            scraper: parts.scraper,
            series: parts.series.clone(),
            clock: parts.clock.clone(),
            dispatcher: dispatcher.clone(),
            telemetry: telemetry.clone(),
            statuses: Default::default(),
            broken: broken.clone(),
        });
        let reload = Arc::new(Reload {
            dispatcher: dispatcher.clone(),
            rulebook: rulebook.clone(),
            plugins: plugins.clone(),
            telemetry: telemetry.clone(),
            one_at_a_time: Default::default(),
        });
        let (stop, _) = watch::channel(false);
        let started_at = parts.clock.now();
        let asking = Asking::new(source.clone(), parts.clock.clone());
        let ingest = Arc::new(Ingest::new(
            parts.series.clone(),
            parts.clock.clone(),
            dispatcher.clone(),
            telemetry.clone(),
            parts.label_texts,
        ));
        let engine = Arc::new(Engine {
            dispatcher,
            store: parts.store,
            series: parts.series,
            source,
            clock: parts.clock.clone(),
            bus,
            rulebook,
            plugins: plugins.clone(),
            scraping: scraping.clone(),
            telemetry,
            reload,
            asking,
            pushes: Arc::new(Pushes::new(ingest.clone(), parts.clock.clone())),
            ingest,
            shown: ArcSwap::default(),
            stop,
            broken,
            tasks: RwLock::new(tasks),
            version: parts.version,
            started_at,
        });
        engine.begin(settings, shared, parts.target_sources, resume, unfinished, actions).await;
        Ok(engine)
    }

    /// Loads before anything is evaluated, so that no alert fires past a runbook that is about to be there.
    async fn begin(
        self: &Arc<Self>,
        settings: Arc<Settings>,
        shared: Arc<DoorShared>,
        sources: Vec<Box<dyn TargetSource>>,
        resume: mpsc::UnboundedSender<crate::core::Action>,
        unfinished: Vec<crate::core::Action>,
        actions: mpsc::UnboundedReceiver<crate::core::Action>,
    ) {
        let event = ballast_types::event::Event::HostStarted { version: self.version.clone() };
        if let Err(error) = self.dispatcher.submit(Input::Told(event)).await {
            tracing::warn!(%error, "cannot note the start");
        }
        self.reload.everything().await;
        let mut tasks = self.tasks.write().await;
        let pushed = push::run(self.pushes.clone(), settings.evaluation_interval);
        let declared = scraping::declared(self.scraping.clone(), settings.targets.clone());
        tasks.spawn(self.broken.clone().watch("scraper", declared));
        for source in sources {
            let discovered = scraping::discovered(self.scraping.clone(), source);
            tasks.spawn(self.broken.clone().watch("discovery", discovered));
        }
        let evaluation = evaluator::Evaluation {
            rulebook: self.rulebook.clone(),
            series: self.series.clone(),
            source: self.source.clone(),
            clock: self.clock.clone(),
            dispatcher: self.dispatcher.clone(),
            telemetry: self.telemetry.clone(),
            ticks: Default::default(),
            written: Default::default(),
            filled_at: self.started_at + evaluator::time_to_fill(&settings),
        };
        tasks.spawn(
            self.broken
                .clone()
                .watch("evaluator", evaluator::run(Arc::new(evaluation), self.reload.subscribe().await)),
        );
        tasks.spawn(self.broken.clone().watch("verifier", verifier::run(shared.clone())));
        tasks.spawn(self.broken.clone().watch(
            "runner",
            runner::run(Arc::new(Runner { shared, plugins: self.plugins.clone() }), actions),
        ));
        tasks.spawn(self.broken.clone().watch("reloader", reload::watch(self.reload.clone(), settings)));
        tasks.spawn(self.broken.clone().watch("pushes", pushed));
        tasks.spawn(self.broken.clone().watch("tick", tick(self.dispatcher.clone(), self.clock.clone())));
        tasks.spawn(self.broken.clone().watch(
            "housekeeping",
            housekeeping(self.dispatcher.clone(), self.series.clone(), self.clock.clone()),
        ));
        for action in unfinished {
            // The runner was spawned above and holds the other end.
            let _ = resume.send(action);
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// This build's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Since when it runs.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Looks at the state; the closure must be quick, because decisions wait for it.
    pub fn look<T>(&self, at: impl FnOnce(&Core) -> T) -> T {
        at(&self.dispatcher.core())
    }

    /// Does what a person wants; returns once it is durable.
    pub async fn command(&self, command: Command) -> Result<Reply, CommandError> {
        self.dispatcher.submit(Input::Command(command)).await
    }

    /// The rules in force and how they go.
    pub fn rulebook(&self) -> &RuleBook {
        &self.rulebook
    }

    /// The plugins in force.
    pub fn plugins(&self) -> &Plugins {
        &self.plugins
    }

    /// What is known of each scrape target.
    pub fn targets(&self) -> Vec<TargetStatus> {
        self.scraping.statuses.targets()
    }

    /// What discovery found for each job.
    pub fn scrape_jobs(&self) -> BTreeMap<String, JobStatus> {
        self.scraping.statuses.jobs()
    }

    /// Names of the host's own tasks that broke off; with any, it must be restarted.
    pub fn broken_tasks(&self) -> Vec<&'static str> {
        self.broken.names()
    }

    /// Whether decisions can be made durable; while they cannot, nothing acts.
    pub fn can_write(&self) -> bool {
        self.dispatcher.can_write()
    }

    /// Says how the host was started, for those who ask.
    pub fn show(&self, shown: Shown) {
        self.shown.store(Arc::new(shown));
    }

    /// How the host was started, as far as it was told.
    pub fn shown(&self) -> Arc<Shown> {
        self.shown.load_full()
    }

    /// Listens to events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.bus.subscribe()
    }

    /// Events of the log from a position on.
    pub async fn events(&self, from: Sequence, limit: usize) -> Result<Vec<EventRecord>, StoreError> {
        self.store.events(from, limit).await
    }

    /// Position of the last event.
    pub fn last_sequence(&self) -> Sequence {
        self.store.last_sequence()
    }

    /// Every call that an execution made.
    pub async fn journal(&self, execution: &ExecutionId) -> Result<Vec<JournalEntry>, StoreError> {
        self.store.journal(execution).await
    }

    /// Reads rules and plugins again.
    pub async fn reload(&self) -> ReloadReport {
        self.reload.everything().await
    }

    /// Ballast's own metrics in the text format.
    pub fn metrics(&self) -> Result<String, String> {
        let core = self.dispatcher.core();
        let (series, events) = (self.series.series_count(), self.store.last_sequence().0);
        self.telemetry.render(&core, series, events).map_err(|error| error.to_string())
    }

    /// Ends once [`Engine::stop`] was called.
    pub async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // An error means that the engine itself is gone, which is as good.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Stops every task and makes the samples durable. Executions under way go on after the next start.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        self.tasks.write().await.shutdown().await;
        if let Err(error) = self.series.flush() {
            tracing::error!(%error, "cannot make the last samples durable");
        }
    }
}

async fn tick(dispatcher: Dispatcher, clock: Arc<dyn Clock>) {
    loop {
        if dispatcher.submit(Input::Tick).await.is_err() {
            return;
        }
        clock.sleep_until(clock.now() + TICK).await;
    }
}

async fn housekeeping(dispatcher: Dispatcher, series: Arc<dyn SeriesStore>, clock: Arc<dyn Clock>) {
    loop {
        clock.sleep_until(clock.now() + FLUSH).await;
        let horizon = clock.now() - dispatcher.core().settings().retention;
        let series = series.clone();
        let kept =
            tokio::task::spawn_blocking(move || series.flush().and_then(|()| series.forget_before(horizon)));
        match kept.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot make samples durable"),
            Err(error) => tracing::error!(%error, "the series store's housekeeping broke off"),
        }
    }
}
