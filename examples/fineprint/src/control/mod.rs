//! The supervisor: starts everything, says where it listens, serves the control plane, ends everything. It repairs nothing by
//! itself: that is what the platform is watched for.

mod error;
mod faults;
mod history;
mod journal;
mod ledger;
mod managed;
mod process;
mod routes;
mod verbs;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

use self::faults::Faults;
use self::history::{Deployment, History};
use self::journal::ErrorJournal;
use self::ledger::Ledger;
use self::managed::Managed;
use self::process::Process;
use crate::error::PlatformError;
use crate::http::ReservedPort;
use crate::topology::{ServiceName, Upstream};

/// The command line of the supervisor.
#[derive(Debug, clap::Args)]
pub(crate) struct PlatformOptions {
    /// Write the port file here, as `platform.json`.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Control on this port, the services on those that follow; without it the operating system chooses.
    #[arg(long)]
    ports_from: Option<u16>,
    /// Also write the line that says where everything listens to this file.
    #[arg(long)]
    port_file: Option<PathBuf>,
    /// Requests a second that the load generator sends; 0 for none.
    #[arg(long, default_value_t = 60.0)]
    load: f64,
    /// Seed of the load generator.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End when stdin closes, so that whoever started this leaves no orphan.
    #[arg(long)]
    exit_with_stdin: bool,
}

/// Everything that the control plane's handlers share.
#[derive(Debug)]
struct Platform {
    services: BTreeMap<ServiceName, Arc<Managed>>,
    control_url: String,
    load_port: ReservedPort,
    client: reqwest::Client,
    ledger: Ledger,
    faults: Faults,
}

impl Platform {
    fn new(options: &PlatformOptions, control_port: u16) -> Result<Self, PlatformError> {
        let mut next = options.ports_from;
        let mut reserve = || {
            next = next.map(|port| port.saturating_add(1));
            ReservedPort::new(next.unwrap_or(0))
        };
        let mut services: BTreeMap<ServiceName, Arc<Managed>> = BTreeMap::new();
        for name in ServiceName::ALL {
            let url = |to: &ServiceName| Some(Upstream { name: *to, url: services.get(to)?.http.url() });
            let upstreams = name.dependencies().iter().filter_map(url).collect();
            let managed = Managed::new(name, [reserve()?, reserve()?], upstreams, past_releases());
            services.insert(name, Arc::new(managed));
        }
        Ok(Self {
            services,
            control_url: format!("http://127.0.0.1:{control_port}"),
            load_port: reserve()?,
            client: crate::http::client()?,
            ledger: Ledger::default(),
            faults: Faults::default(),
        })
    }

    fn service(&self, name: ServiceName) -> Option<Arc<Managed>> {
        self.services.get(&name).cloned()
    }

    /// Where everything listens.
    fn describe(&self) -> Value {
        let show = |managed: &Managed| {
            json!({
                "http": managed.http.url(),
                "metrics": format!("{}/metrics", managed.metrics.url()),
                "admin": format!("{}/services/{}", self.control_url, managed.name),
            })
        };
        let services: BTreeMap<_, _> =
            self.services.iter().map(|(name, managed)| (name.as_str(), show(managed))).collect();
        let load = json!({"metrics": format!("{}/metrics", self.load_port.url())});
        json!({"ready": true, "control": self.control_url, "services": services, "load": load})
    }

    async fn start_services(&self) -> Result<(), PlatformError> {
        let start = |managed: &Arc<Managed>| {
            let managed = Arc::clone(managed);
            async move { managed.replace_process(managed.wanted().history.current()).await }
        };
        futures::future::try_join_all(self.services.values().map(start)).await.map(drop)
    }

    async fn start_load(&self, options: &PlatformOptions) -> Result<Option<Arc<Process>>, PlatformError> {
        let gateway = self.services.get(&ServiceName::ApiGateway);
        let Some(gateway) = gateway.filter(|_| options.load > 0.0) else { return Ok(None) };
        let (target, port) = (gateway.http.url(), self.load_port.number());
        let (rps, seed) = (options.load, options.seed);
        let line = format!("load --target {target} --rps {rps} --seed {seed} --metrics-port {port}");
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Process::start("load generator", &arguments, Arc::new(ErrorJournal::default())).await.map(Some)
    }
}

/// The platform is not new: two releases are older than this run, so that a rollback of a healthy service is possible, and
/// wrong.
fn past_releases() -> History {
    let now = Timestamp::now();
    let past = [("1.4.1", 14), ("1.4.2", 7)].map(|(version, days)| Deployment {
        version: version.to_owned(),
        deployed_at: now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now).to_string(),
        by: "release-pipeline".to_owned(),
    });
    History::beginning_with(past.into())
}

/// Runs the platform until a signal.
///
/// # Errors
/// Where a port is taken or a process does not come up.
pub(crate) async fn run(options: PlatformOptions) -> Result<(), PlatformError> {
    // First of all, so that a signal during the start is not lost.
    let mut ending = ending(options.exit_with_stdin)?;
    let control_port = options.ports_from.unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", control_port)).await;
    let listener = listener.map_err(PlatformError::io(format!("listen on port {control_port}")))?;
    let address = listener.local_addr().map_err(PlatformError::io("read a socket's address"))?;
    let platform = Arc::new(Platform::new(&options, address.port())?);
    platform.start_services().await?;
    let load = platform.start_load(&options).await?;
    let router = routes::router(Arc::clone(&platform));
    let serving = tokio::spawn(crate::service::serve_until(listener, router, ending.clone()));
    announce(&platform.describe(), &options)?;
    drop(ending.wait_for(|ended| *ended).await);
    // Load first: what ends in order leaves no errors behind.
    if let Some(load) = load {
        load.retire().await;
    }
    futures::future::join_all(platform.services.values().map(|managed| managed.stop())).await;
    serving.abort();
    Ok(())
}

fn announce(description: &Value, options: &PlatformOptions) -> Result<(), PlatformError> {
    let line = format!("{description}\n");
    if let Some(data) = &options.data {
        std::fs::create_dir_all(data).map_err(PlatformError::io(format!("create {}", data.display())))?;
        write_whole(&data.join("platform.json"), &line)?;
    }
    if let Some(path) = &options.port_file {
        write_whole(path, &line)?;
    }
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(PlatformError::io("write the ready line"))
}

/// Whoever waits for the file never reads half of it.
fn write_whole(path: &Path, text: &str) -> Result<(), PlatformError> {
    let beside = path.with_extension("part");
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(PlatformError::io(format!("write {}", path.display())))
}

/// Becomes true on SIGTERM, on SIGINT and, where asked for, when stdin closes.
fn ending(with_stdin: bool) -> Result<watch::Receiver<bool>, PlatformError> {
    let listen = |kind| signal(kind).map_err(PlatformError::io("listen for signals"));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let (sender, ending) = watch::channel(false);
    let stdin_closed = with_stdin.then(stdin_closed);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = async { if let Some(closed) = stdin_closed { drop(closed.await) } else { std::future::pending().await } } => {}
        }
        sender.send_replace(true);
    });
    Ok(ending)
}

/// Resolves when stdin ends. A thread reads, because stdin may be a file or a terminal, which cannot be polled.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (sender, closed) = oneshot::channel();
    std::thread::spawn(move || {
        let _ended_or_broken = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _nobody_waits = sender.send(());
    });
    closed
}
