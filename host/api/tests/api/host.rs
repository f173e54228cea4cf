//! A real engine on doubles, and a way to ask its API.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use ballast_engine::{Engine, Parts, Settings, TargetSettings};
use ballast_ports::{ScrapeTarget, SeriesStore};
use ballast_types::event::{Event, EventRecord, Record};
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::service::{Criticality, Service};
use ballast_types::{Labels, Sample, Sequence, ServiceName, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::doubles::{DownScraper, DrivenClock, MemorySeries, MemoryStore, NoHttp, NoPlugins};

/// The instant at which every test begins: 2025-01-31T12:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_738_324_800);

/// One rule that fires at once, one that waits, one that records.
pub(crate) const RULES: &str = r#"groups:
  - name: checkout
    interval: 1m
    rules:
      - alert: HighErrorRate
        expr: error_ratio{service="checkout"} > 0.05
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.service }} fails"}
      - alert: Slow
        expr: error_ratio{service="checkout"} > 0.01
        for: 5m
        labels: {severity: warning}
      - record: service:error_ratio:max
        expr: max by (service) (error_ratio)
"#;

/// What a host is started with.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) rules: Option<&'static str>,
    pub(crate) plugin: Option<&'static [u8]>,
    pub(crate) target: Option<&'static str>,
    pub(crate) store: MemoryStore,
}

/// A running host.
pub(crate) struct Host {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<DrivenClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) series: Arc<MemorySeries>,
    pub(crate) folder: TempDir,
    app: Router,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and body, once it is certain that the answer is a problem of that status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, name: &str) -> Value {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(
            (self.status.as_u16(), problem["status"].as_u64()),
            (status, Some(u64::from(status))),
            "{self:?}"
        );
        assert_eq!(problem["type"], format!("urn:ballast:problem:{name}"), "{self:?}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        problem
    }
}

impl Host {
    /// A host with [`RULES`] and a service whose error ratio is 0.1.
    pub(crate) async fn start() -> Host {
        Host::with(Setup { rules: Some(RULES), ..Setup::default() }).await
    }

    pub(crate) async fn with(setup: Setup) -> Host {
        let folder = TempDir::new().unwrap();
        let settings = settings(&folder, setup.target);
        for made in [&settings.rules_folder, &settings.plugins_folder, &settings.data_folder] {
            std::fs::create_dir_all(made).unwrap();
        }
        if let Some(text) = setup.rules {
            std::fs::write(settings.rules_folder.join("checkout.yml"), text).unwrap();
        }
        if let Some(bytes) = setup.plugin {
            std::fs::write(settings.plugins_folder.join("fix.wasm"), bytes).unwrap();
        }
        let (clock, store) = (Arc::new(DrivenClock::at(START)), Arc::new(setup.store));
        let series = Arc::new(MemorySeries::default());
        let labels = Labels::from_pairs([("__name__", "error_ratio"), ("service", "checkout")]);
        series.append(&[(labels, Sample { at: START, value: 0.1 })]).unwrap();
        let parts = Parts {
            store: store.clone(),
            series: series.clone(),
            clock: clock.clone(),
            runtime: Arc::new(NoPlugins),
            scraper: Arc::new(DownScraper),
            target_sources: Vec::new(),
            label_texts: Default::default(),
            remote: None,
            connectors: Default::default(),
            http: Arc::new(NoHttp),
            version: "9.9.9".into(),
        };
        let engine = Engine::start(parts, settings).await.unwrap();
        Host { app: ballast_api::router(engine.clone()), engine, clock, store, series, folder }
    }

    /// A host whose rule fires already and has opened an incident.
    pub(crate) async fn firing() -> Host {
        let host = Host::start().await;
        host.until(|event| matches!(event, Event::IncidentOpened { .. })).await;
        host
    }

    /// The first event of the log that is wanted, now or as soon as it happens.
    pub(crate) async fn until(&self, wanted: impl Fn(&Event) -> bool) -> EventRecord {
        let mut live = self.engine.subscribe();
        let log = self.engine.events(Sequence(1), usize::MAX).await.unwrap();
        if let Some(record) = log.into_iter().find(|record| wanted(&record.event)) {
            return record;
        }
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), live.recv()).await;
            let record = next.expect("the event does not happen").unwrap();
            if wanted(&record.event) {
                return (*record).clone();
            }
        }
    }

    /// Waits until the first scrape is noted.
    pub(crate) async fn until_scraped(&self) {
        let scraped = || self.engine.targets().first().is_some_and(|target| target.up.is_some());
        let waiting = async {
            while !scraped() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("nothing is scraped");
    }

    /// Lets time pass, a second now and then, until it is so.
    pub(crate) async fn pass_until(&self, is_so: impl Fn() -> bool) {
        let waiting = async {
            let mut turn = 0u32;
            while !is_so() {
                turn += 1;
                if turn.is_multiple_of(64) {
                    self.clock.advance(1_000);
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it never is so");
    }

    /// The headers of an answer and its body, whatever it holds.
    pub(crate) async fn bytes(&self, request: Request<Body>) -> (HeaderMap, Vec<u8>) {
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        (parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &body.to_string()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Replaces the rule file.
    pub(crate) fn write_rules(&self, text: &str) {
        std::fs::write(self.folder.path().join("rules/checkout.yml"), text).unwrap();
    }
}

fn settings(folder: &TempDir, target: Option<&str>) -> Settings {
    let folder = folder.path();
    Settings {
        services: vec![checkout()],
        targets: target.map(target_settings).into_iter().collect(),
        policies: Vec::new(),
        discovered_interval: Default::default(),
        features: Default::default(),
        evaluation_interval: Duration::from_secs(15),
        verification_interval: Duration::from_secs(1),
        deduplication_window: Duration::from_secs(300),
        resolve_hold: Duration::from_secs(60),
        retention: Duration::from_secs(3600),
        rules_folder: folder.join("rules"),
        plugins_folder: folder.join("plugins"),
        data_folder: folder.join("data"),
    }
}

fn target_settings(url: &str) -> TargetSettings {
    TargetSettings {
        target: ScrapeTarget {
            job: "checkout".to_owned(),
            url: url.to_owned(),
            labels: Labels::from_pairs([("job", "checkout")]),
            discovered: Labels::empty(),
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(1),
            options: Default::default(),
        },
        service: ServiceName::new("checkout"),
    }
}

fn checkout() -> Service {
    let objective = |kind, target, indicator: &str| Objective {
        service: ServiceName::new("checkout"),
        kind,
        target,
        indicator: indicator.to_owned(),
        window: Duration::from_secs(30 * 86_400),
    };
    Service {
        name: ServiceName::new("checkout"),
        criticality: Criticality::Critical,
        dependencies: vec![ServiceName::new("payments")],
        objectives: vec![
            objective(IndicatorKind::ErrorRate, 0.01, "error_ratio{service=\"checkout\"}"),
            objective(IndicatorKind::Availability, 0.999, "no_such_series"),
        ],
    }
}

/// A store that holds a record before the host starts.
pub(crate) fn store_with(records: impl IntoIterator<Item = Record>) -> MemoryStore {
    let store = MemoryStore::default();
    records.into_iter().for_each(|record| store.put(record));
    store
}
