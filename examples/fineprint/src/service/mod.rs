//! One service process: its state, its listeners, its routes, the loop that obeys the supervisor. It ends when its stdin
//! closes, whatever it does at that moment.

mod connections;
mod fleet;
mod lifeline;
mod memory;
mod metrics;
mod request;
mod slots;
mod upstream;
mod work;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::sync::{mpsc, watch};

use self::fleet::Fleet;
use self::metrics::Metrics;
use self::request::{Failure, Route, serve};
use crate::error::PlatformError;
use crate::parameters::{Parameter, Parameters};
use crate::protocol::{Affliction, Command, ReplicaStatus, Report};
use crate::release::Release;
use crate::topology::{ServiceName, Upstream};

pub(crate) use self::lifeline::{Lifeline, speak_and_listen};

/// A leaking model replica keeps so many blocks of 1 MiB every [`LEAK_TICK`]: 24 MiB a second.
const LEAK_BLOCKS: usize = 6;
const LEAK_TICK: Duration = Duration::from_millis(250);
const RATE_TICK: Duration = Duration::from_millis(500);

/// The command line of a service process.
#[derive(Debug, clap::Args)]
pub(crate) struct ServiceOptions {
    /// Which service.
    name: ServiceName,
    /// The release to run as.
    #[arg(long)]
    version: String,
    /// Port for requests.
    #[arg(long)]
    http_port: u16,
    /// Port for `/metrics`.
    #[arg(long)]
    metrics_port: u16,
    /// Replicas to start.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// A dependency, `name=url`; repeatable.
    #[arg(long)]
    upstream: Vec<Upstream>,
    /// A tunable, `name=value`; repeatable.
    #[arg(long)]
    set: Vec<String>,
    /// Start slow (the world outside is).
    #[arg(long)]
    slow: bool,
}

/// The state that all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    name: ServiceName,
    release: Release,
    fleet: Fleet,
    metrics: Metrics,
    client: reqwest::Client,
    upstreams: Vec<Upstream>,
    reports: mpsc::Sender<Report>,
    slow: AtomicBool,
    records: Mutex<BTreeMap<u64, String>>,
    next_record: AtomicU64,
}

impl Service {
    fn new(options: ServiceOptions, reports: mpsc::Sender<Report>) -> Result<Self, PlatformError> {
        let mut parameters = Parameters::defaults(options.name);
        for pair in &options.set {
            let known = pair.split_once('=').and_then(|(name, value)| {
                let parameter = Parameter::of(options.name, name)?;
                Some((parameter, parameter.read(value).ok()?))
            });
            let (parameter, value) = known.ok_or_else(|| PlatformError::Start {
                name: options.name.to_string(),
                reason: format!("--set {pair} is not a parameter of it within its bounds"),
            })?;
            parameters.set(parameter, value);
        }
        Ok(Self {
            name: options.name,
            release: Release::new(&options.version),
            fleet: Fleet::start(options.name, options.replicas.max(1), parameters),
            metrics: Metrics::new(options.name, &options.version)?,
            client: crate::http::client()?,
            upstreams: options.upstream,
            reports,
            slow: AtomicBool::new(options.slow),
            records: Mutex::default(),
            next_record: AtomicU64::new(1),
        })
    }

    fn upstream(&self, to: ServiceName) -> Result<&str, Failure> {
        let known = self.upstreams.iter().find(|upstream| upstream.name == to);
        known.map(|upstream| upstream.url.as_str()).ok_or_else(|| {
            Failure::new(
                StatusCode::BAD_GATEWAY,
                "not-configured",
                format!("no address of {to} is configured"),
            )
        })
    }

    /// Tells the supervisor; where it does not read fast enough, the report is lost rather than the service held up.
    fn report(&self, report: Report) {
        let _full_or_gone = self.reports.try_send(report);
    }

    /// Does what the supervisor asks, except draining, which the process's loop does.
    fn obey(&self, command: Command) -> Result<Vec<ReplicaStatus>, String> {
        match command {
            Command::Status | Command::Drain => {}
            Command::SetReplicas(count) => self.fleet.set_replicas(count),
            Command::RestartReplica(id) => self.fleet.restart_replica(&id)?,
            Command::SetParameter { name, value } => {
                let parameter = Parameter::of(self.name, &name).ok_or("unknown parameter")?;
                self.fleet.set_parameter(parameter, value);
            }
            Command::Afflict(Affliction::Slow, begin) => self.slow.store(begin, Relaxed),
            Command::Afflict(affliction, begin) => self.fleet.afflict(affliction, begin),
        }
        Ok(self.fleet.status())
    }
}

/// Runs one service until it is drained or its stdin closes.
///
/// # Errors
/// Where a port cannot be bound or the set-up fails.
pub(crate) async fn run(options: ServiceOptions) -> Result<(), PlatformError> {
    let (http_port, metrics_port) = (options.http_port, options.metrics_port);
    let lifeline = Lifeline::take()?;
    let (reports, outgoing) = mpsc::channel(1024);
    let service = Arc::new(Service::new(options, reports)?);
    let http = crate::http::listen_shared(http_port)?;
    let metrics = crate::http::listen_shared(metrics_port)?;
    let (drain, draining) = watch::channel(false);
    tokio::spawn(keep_time(Arc::clone(&service)));
    tokio::spawn(serve_until(metrics, metrics_router(Arc::clone(&service)), draining.clone()));
    service.report(Report::Ready);
    let obeying = Arc::clone(&service);
    tokio::spawn(speak_and_listen(lifeline, outgoing, drain, move |command| obeying.obey(command)));
    serve_until(http, router(service), draining).await;
    Ok(())
}

/// Serves until draining begins and the requests that run have ended.
pub(crate) async fn serve_until(
    listener: tokio::net::TcpListener,
    router: Router,
    mut draining: watch::Receiver<bool>,
) {
    let until = async move {
        drop(draining.wait_for(|begun| *begun).await);
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
        tracing::error!("failed to serve: {error}");
    }
}

async fn keep_time(service: Arc<Service>) {
    let mut leak = tokio::time::interval(LEAK_TICK);
    let mut rate = tokio::time::interval(RATE_TICK);
    loop {
        tokio::select! {
            _ = leak.tick() => {
                for replica in service.fleet.replicas() {
                    if let Some(memory) = &replica.memory {
                        memory.leak(LEAK_BLOCKS);
                    }
                }
            }
            _ = rate.tick() => service.metrics.sample(),
        }
    }
}

fn metrics_router(service: Arc<Service>) -> Router {
    Router::new().route("/metrics", get(metrics_page)).with_state(service)
}

async fn metrics_page(State(service): State<Arc<Service>>) -> Response {
    match service.metrics.page(&service.fleet) {
        Ok(page) => ([("content-type", "text/plain; version=0.0.4")], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn router(service: Arc<Service>) -> Router {
    let own = match service.name {
        ServiceName::ApiGateway => {
            Router::new().route("/documents", post(gateway_documents)).route("/infer", post(gateway_infer))
        }
        ServiceName::DocumentProcessing => Router::new().route("/documents", post(documents)),
        ServiceName::ModelManagement => Router::new().route("/infer", post(infer)),
        ServiceName::DocumentStore => {
            Router::new().route("/records", post(write_record)).route("/records/{id}", get(read_record))
        }
    };
    own.route("/health", get(health)).with_state(service)
}

const DOCUMENTS: Route = Route { method: "POST", path: "/documents" };
const INFER: Route = Route { method: "POST", path: "/infer" };

async fn gateway_documents(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    serve(service, DOCUMENTS, |service, _| async move {
        work::forward(&service, ServiceName::DocumentProcessing, "/documents", &body).await
    })
    .await
}

async fn gateway_infer(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    serve(service, INFER, |service, _| async move {
        work::forward(&service, ServiceName::ModelManagement, "/infer", &body).await
    })
    .await
}

async fn documents(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    serve(
        service,
        DOCUMENTS,
        |service, replica| async move { work::process(&service, &replica, &body).await },
    )
    .await
}

async fn infer(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    serve(service, INFER, |service, replica| async move { work::infer(&service, &replica, &body).await })
        .await
}

async fn write_record(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let route = Route { method: "POST", path: "/records" };
    serve(service, route, |service, _| async move { work::write_record(&service, &body).await }).await
}

async fn read_record(State(service): State<Arc<Service>>, Path(id): Path<u64>) -> Response {
    let route = Route { method: "GET", path: "/records/{id}" };
    serve(service, route, move |service, _| async move { work::read_record(&service, id).await }).await
}

async fn health(State(service): State<Arc<Service>>) -> Response {
    let (status, body) = work::health(&service).await;
    (status, Json(body)).into_response()
}
