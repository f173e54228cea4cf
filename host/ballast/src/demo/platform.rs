//! The platform as the demo drives it: a child process, its ready line, faults and performed effects.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::failure::Failure;

const READY_WITHIN: Duration = Duration::from_secs(30);

/// Where the services of the platform are.
#[derive(Debug, Deserialize)]
struct Ready {
    control: String,
    services: BTreeMap<String, Addresses>,
}

/// Where one service is.
#[derive(Debug, Deserialize)]
struct Addresses {
    metrics: String,
}

/// An effect that was performed on the platform.
#[derive(Debug, Deserialize)]
pub(super) struct Effect {
    pub(super) key: Option<String>,
    pub(super) service: String,
    pub(super) at: String,
}

/// A running platform. It ends when this is dropped, or when the demo dies.
pub(super) struct Platform {
    _child: Child,
    ready: Ready,
    client: reqwest::Client,
}

impl Platform {
    /// Starts it and waits until it serves.
    pub(super) async fn start(seed: u64) -> Result<Self, Failure> {
        let program = program()?;
        let failure = |reason: String| {
            let help = "build it with `cargo xtask setup`, or name it in FINEPRINT_BIN";
            Failure::with_help(format!("start the platform {}", program.display()), reason, help)
        };
        let mut child = Command::new(&program)
            .args(["platform", "--exit-with-stdin", "--seed", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failure(error.to_string()))?;
        let stdout = child.stdout.take().ok_or_else(|| failure("it has no standard output".into()))?;
        let mut lines = BufReader::new(stdout).lines();
        let line = match tokio::time::timeout(READY_WITHIN, lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => return Err(failure("it ended before it was ready".into())),
            Err(_) => return Err(failure("it was not ready within 30 s".into())),
        };
        let ready =
            serde_json::from_str(&line).map_err(|error| failure(format!("it said `{line}`: {error}")))?;
        let client = crate::query::client().map_err(|error| Failure::new("make an HTTP client", error))?;
        Ok(Platform { _child: child, ready, client })
    }

    /// Variables that the configuration names.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let metrics = |(name, addresses): (&String, &Addresses)| {
            (format!("METRICS_{}", name.to_uppercase().replace('-', "_")), addresses.metrics.clone())
        };
        let control = ("PLATFORM_CONTROL".to_owned(), self.ready.control.clone());
        self.ready.services.iter().map(metrics).chain([control]).collect()
    }

    /// Injects a fault; returns its id.
    pub(super) async fn inject(&self, kind: &str, service: &str) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Injected {
            id: serde_json::Value,
        }
        let failure = |error: reqwest::Error| Failure::new(format!("inject {kind} into {service}"), error);
        let body = json!({ "kind": kind, "service": service });
        let answer = self.client.post(format!("{}/faults", self.ready.control)).json(&body).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(failure)?;
        let injected: Injected = answer.json().await.map_err(failure)?;
        Ok(injected.id.as_str().map_or_else(|| injected.id.to_string(), str::to_owned))
    }

    /// Heals a fault by hand.
    pub(super) async fn heal(&self, id: &str) -> Result<(), Failure> {
        let answer = self.client.delete(format!("{}/faults/{id}", self.ready.control)).send().await;
        let healed = answer.and_then(reqwest::Response::error_for_status);
        healed.map(|_| ()).map_err(|error| Failure::new(format!("heal the fault {id}"), error))
    }

    /// All effects that were performed, newest first.
    pub(super) async fn effects(&self) -> Result<Vec<Effect>, Failure> {
        let failure = |error: reqwest::Error| Failure::new("ask the platform for its effects", error);
        let answer =
            self.client.get(format!("{}/effects", self.ready.control)).send().await.map_err(failure)?;
        answer.json().await.map_err(failure)
    }
}

/// FINEPRINT_BIN, else the program beside this one.
fn program() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os("FINEPRINT_BIN") {
        return Ok(named.into());
    }
    let own = std::env::current_exe().map_err(|error| Failure::new("find this program", error))?;
    Ok(own.with_file_name("fineprint"))
}
