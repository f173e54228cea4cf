//! One service as the control plane manages it: what it should be, the process that is it, and every operation on it.
//! Operations take turns; readers never wait for one. Nothing is restarted unless an operation says so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::history::{Deployment, History};
use super::journal::ErrorJournal;
use super::process::{AskError, Process};
use crate::error::PlatformError;
use crate::http::ReservedPort;
use crate::parameters::{Parameter, Parameters};
use crate::protocol::{Affliction, Command};
use crate::topology::{ServiceName, Upstream};

/// How long a dependency may take before it counts as unhealthy.
const HEALTHY_WITHIN: Duration = Duration::from_millis(300);

/// What a service should be; survives its process.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) history: History,
    pub(super) replicas: usize,
    pub(super) parameters: Parameters,
    /// The world makes it slow; a restart does not help.
    pub(super) slow: bool,
}

/// One service.
#[derive(Debug)]
pub(super) struct Managed {
    pub(super) name: ServiceName,
    pub(super) http: ReservedPort,
    pub(super) metrics: ReservedPort,
    pub(super) journal: Arc<ErrorJournal>,
    /// Held by the operation that runs.
    pub(super) turn: tokio::sync::Mutex<()>,
    upstreams: Vec<Upstream>,
    wanted: Mutex<Wanted>,
    process: Mutex<Option<Arc<Process>>>,
}

impl Managed {
    /// A service that does not run yet.
    pub(super) fn new(
        name: ServiceName,
        ports: [ReservedPort; 2],
        upstreams: Vec<Upstream>,
        history: History,
    ) -> Self {
        let [http, metrics] = ports;
        let wanted = Wanted {
            history,
            replicas: name.default_replicas(),
            parameters: Parameters::defaults(name),
            slow: false,
        };
        Self {
            name,
            http,
            metrics,
            journal: Arc::default(),
            turn: tokio::sync::Mutex::new(()),
            upstreams,
            wanted: Mutex::new(wanted),
            process: Mutex::new(None),
        }
    }

    /// What it should be, now.
    pub(super) fn wanted(&self) -> Wanted {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The process, where one runs.
    pub(super) fn running(&self) -> Option<Arc<Process>> {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.as_ref().filter(|process| !process.has_ended()).cloned()
    }

    /// Starts a process as wanted and lets the old one finish. The old one goes on where the new one does not come up.
    ///
    /// # Errors
    /// Where the new process does not come up.
    pub(super) async fn replace_process(&self, version: &str) -> Result<(), PlatformError> {
        let arguments = self.arguments(version);
        let fresh = Process::start(self.name.as_str(), &arguments, Arc::clone(&self.journal)).await?;
        let old = self.process.lock().unwrap_or_else(PoisonError::into_inner).replace(fresh);
        if let Some(old) = old {
            old.retire().await;
        }
        Ok(())
    }

    /// Replaces the process by one of another version and records it.
    ///
    /// # Errors
    /// Where the new process does not come up; then nothing is recorded.
    pub(super) async fn deploy(&self, version: &str, by: &str) -> Result<(), PlatformError> {
        self.replace_process(version).await?;
        let deployed_at = jiff::Timestamp::now().to_string();
        let deployment = Deployment { version: version.to_owned(), deployed_at, by: by.to_owned() };
        self.change(|wanted| wanted.history.record(deployment));
        Ok(())
    }

    /// Replaces one replica inside the process.
    pub(super) async fn restart_replica(&self, id: &str) -> Result<(), AskError> {
        self.ask(Command::RestartReplica(id.to_owned())).await
    }

    /// Changes how many replicas run.
    pub(super) async fn scale(&self, replicas: usize) -> Result<(), AskError> {
        self.ask(Command::SetReplicas(replicas)).await?;
        self.change(|wanted| wanted.replicas = replicas);
        Ok(())
    }

    /// Changes a tunable; the caller has checked the bounds.
    pub(super) async fn set_parameter(&self, parameter: Parameter, value: u64) -> Result<(), AskError> {
        self.ask(Command::SetParameter { name: parameter.to_string(), value }).await?;
        self.change(|wanted| wanted.parameters.set(parameter, value));
        Ok(())
    }

    /// Begins or ends a defect in the running process; slowness is the world's and outlives the process.
    pub(super) async fn afflict(&self, affliction: Affliction, begin: bool) -> Result<(), AskError> {
        self.ask(Command::Afflict(affliction, begin)).await?;
        if affliction == Affliction::Slow {
            self.change(|wanted| wanted.slow = begin);
        }
        Ok(())
    }

    /// Lets the process finish and ends it, for good.
    pub(super) async fn stop(&self) {
        if let Some(process) = self.running() {
            process.retire().await;
        }
    }

    /// The instances with the state that the process itself reports.
    pub(super) async fn instances(&self) -> Vec<Value> {
        let wanted = self.wanted();
        let version = wanted.history.current();
        let answer = match self.running() {
            Some(process) => process.ask(Command::Status).await,
            None => Err(AskError::Ended),
        };
        let silent = match answer {
            Ok(replicas) => {
                let show = |replica: crate::protocol::ReplicaStatus| {
                    let state = if replica.stalled { "stalled" } else { "ready" };
                    json!({"id": replica.id, "state": state, "version": version, "started_at": replica.started_at})
                };
                return replicas.into_iter().map(show).collect();
            }
            Err(AskError::Ended) => "stopped",
            Err(AskError::Silent | AskError::Refused(_)) => "stalled",
        };
        let show = |index| json!({"id": format!("{}-{index}", self.name), "state": silent, "version": version, "started_at": null});
        (0..wanted.replicas).map(show).collect()
    }

    /// Asks each dependency how it is, as a caller would.
    pub(super) async fn dependencies(&self, client: &reqwest::Client) -> Vec<Value> {
        let checks = self.upstreams.iter().map(|upstream| check(client, upstream));
        futures::future::join_all(checks).await
    }

    async fn ask(&self, command: Command) -> Result<(), AskError> {
        let process = self.running().ok_or(AskError::Ended)?;
        process.ask(command).await.map(drop)
    }

    fn change(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn arguments(&self, version: &str) -> Vec<String> {
        let wanted = self.wanted();
        let mut arguments = vec!["service".to_owned(), self.name.to_string()];
        let mut option = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        option("version", version.to_owned());
        option("http-port", self.http.number().to_string());
        option("metrics-port", self.metrics.number().to_string());
        option("replicas", wanted.replicas.to_string());
        for upstream in &self.upstreams {
            option("upstream", upstream.to_string());
        }
        for (parameter, value) in wanted.parameters.iter() {
            option("set", format!("{parameter}={value}"));
        }
        if wanted.slow {
            arguments.push("--slow".to_owned());
        }
        arguments
    }
}

async fn check(client: &reqwest::Client, upstream: &Upstream) -> Value {
    let began = Instant::now();
    let asked = client.get(format!("{}/health", upstream.url)).timeout(HEALTHY_WITHIN).send().await;
    let took = began.elapsed().as_millis();
    let (healthy, detail) = match asked {
        Ok(answer) if answer.status().is_success() => (true, format!("answered in {took} ms")),
        Ok(answer) => (false, format!("answered {} in {took} ms", answer.status().as_u16())),
        Err(error) if error.is_timeout() => {
            (false, format!("did not answer within {} ms", HEALTHY_WITHIN.as_millis()))
        }
        Err(_) => (false, "cannot be reached: connection refused or reset".to_owned()),
    };
    json!({"name": upstream.name, "healthy": healthy, "detail": detail})
}
