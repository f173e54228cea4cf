//! The host of the demo: `ballast serve` as a child process, asked over its API.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::platform::Platform;
use crate::failure::Failure;

const CONFIGURATION: &str = include_str!("../../../../examples/demo/ballast.yaml");
const RULES: &str = include_str!("../../../../examples/demo/rules/platform.yaml");
const LISTENING: &str = "ballast listening on ";
const LISTENING_WITHIN: Duration = Duration::from_secs(120);

/// An alert.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    pub(super) fingerprint: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) firing_since: Option<Timestamp>,
    pub(super) labels: std::collections::BTreeMap<String, String>,
}

/// An incident with its timeline.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) service: Option<String>,
    pub(super) state: String,
    pub(super) opened_at: Timestamp,
    pub(super) escalated: bool,
    pub(super) executions: Vec<String>,
    #[serde(default)]
    pub(super) timeline: Vec<Line>,
}

/// One line of a timeline.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) kind: String,
    pub(super) actor: String,
    pub(super) text: String,
}

/// An execution with its journal.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Execution {
    pub(super) verdict: Option<String>,
    pub(super) journal: Vec<JournalCall>,
}

/// One call of a journal.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct JournalCall {
    pub(super) at: Timestamp,
    pub(super) class: String,
}

/// The auto-remediation funnel.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Funnel {
    pub(super) eligible: u32,
    pub(super) attempted: u32,
    pub(super) verified: u32,
    pub(super) undone: u32,
    pub(super) escalated: u32,
}

/// A running host. It ends when this is dropped, or when the demo dies.
pub(super) struct Host {
    _child: Child,
    url: String,
    client: reqwest::Client,
}

impl Host {
    /// Writes configuration and rules, starts the host and waits until it listens.
    pub(super) async fn start(folder: &Path, platform: &Platform) -> Result<Self, Failure> {
        let configuration = write_files(folder)?;
        let program = std::env::current_exe().map_err(|error| Failure::new("find this program", error))?;
        let log = std::fs::File::create(folder.join("host.log"))
            .map_err(|error| Failure::new("make the host's log", error))?;
        let mut child = Command::new(&program)
            .args(["serve", "--exit-with-stdin", "--config"])
            .arg(&configuration)
            .envs(platform.environment())
            .env("BALLAST_PLUGINS", plugins(&program))
            .env("DEMO_CACHE", plugins(&program).with_file_name("plugin-cache"))
            .env("DEMO_DATA", folder.join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::new("start the host", error))?;
        let url = match child.stdout.take() {
            Some(stdout) => tokio::time::timeout(LISTENING_WITHIN, listening(stdout)).await.ok().flatten(),
            None => None,
        };
        let url = url.ok_or_else(|| did_not_listen(folder))?;
        let client = crate::query::client().map_err(|error| Failure::new("make an HTTP client", error))?;
        Ok(Host { _child: child, url, client })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn alerts(&self) -> Result<Vec<Alert>, Failure> {
        #[derive(Deserialize)]
        struct List {
            alerts: Vec<Alert>,
        }
        Ok(self.get::<List>("/api/alerts").await?.alerts)
    }

    /// The newest incidents, newest first, without their timelines.
    pub(super) async fn incidents(&self) -> Result<Vec<Incident>, Failure> {
        #[derive(Deserialize)]
        struct List {
            incidents: Vec<Incident>,
        }
        Ok(self.get::<List>("/api/incidents").await?.incidents)
    }

    pub(super) async fn incident(&self, id: &str) -> Result<Incident, Failure> {
        self.get(&format!("/api/incidents/{id}")).await
    }

    pub(super) async fn execution(&self, id: &str) -> Result<Execution, Failure> {
        self.get(&format!("/api/executions/{id}")).await
    }

    pub(super) async fn funnel(&self) -> Result<Funnel, Failure> {
        #[derive(Deserialize)]
        struct Dashboard {
            funnel: Funnel,
        }
        Ok(self.get::<Dashboard>("/api/dashboard").await?.funnel)
    }

    /// The first value of a query, where it has one.
    pub(super) async fn query(&self, expression: &str) -> Result<Option<f64>, Failure> {
        let failure = |error: reqwest::Error| Failure::new(format!("ask the host for `{expression}`"), error);
        let url =
            reqwest::Url::parse_with_params(&format!("{}/api/v1/query", self.url), [("query", expression)]);
        let url = url.map_err(|error| Failure::new(format!("ask the host at {}", self.url), error))?;
        let answer: serde_json::Value =
            self.client.get(url).send().await.map_err(failure)?.json().await.map_err(failure)?;
        let value = answer.pointer("/data/result/0/value/1").and_then(serde_json::Value::as_str);
        Ok(value.and_then(|value| value.parse().ok()))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let failure = |error: reqwest::Error| Failure::new(format!("ask the host for {path}"), error);
        let answer = self.client.get(format!("{}{path}", self.url)).send().await;
        answer.and_then(reqwest::Response::error_for_status).map_err(failure)?.json().await.map_err(failure)
    }
}

fn write_files(folder: &Path) -> Result<PathBuf, Failure> {
    let configuration = folder.join("ballast.yaml");
    let rules = folder.join("rules");
    let written = std::fs::create_dir_all(&rules)
        .and_then(|()| std::fs::write(&configuration, CONFIGURATION))
        .and_then(|()| std::fs::write(rules.join("platform.yaml"), RULES));
    written
        .map_err(|error| Failure::new(format!("write the configuration to {}", folder.display()), error))?;
    Ok(configuration)
}

/// BALLAST_PLUGINS, else where `cargo xtask setup` puts them.
fn plugins(program: &Path) -> PathBuf {
    match std::env::var_os("BALLAST_PLUGINS") {
        Some(named) => named.into(),
        None => program.parent().and_then(Path::parent).unwrap_or(Path::new(".")).join("plugins"),
    }
}

async fn listening(stdout: tokio::process::ChildStdout) -> Option<String> {
    let mut lines = BufReader::new(stdout).lines();
    let url = loop {
        let line = lines.next_line().await.ok()??;
        if let Some(url) = line.strip_prefix(LISTENING) {
            break url.trim().to_owned();
        }
    };
    // What else it says is read, so that it never waits for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some(url)
}

fn did_not_listen(folder: &Path) -> Failure {
    let log = std::fs::read_to_string(folder.join("host.log")).unwrap_or_default();
    let last: Vec<_> = log.lines().rev().take(10).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
    Failure::with_help(
        "start the host",
        format!("it does not listen; it last said:\n{last}"),
        "see its log with --keep FOLDER",
    )
}
