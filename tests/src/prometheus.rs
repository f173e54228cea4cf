//! Debian's prometheus and promtool, as `cargo xtask test` unpacks them: the real thing to compare with and to be asked by.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::eventually::{eventually, holds, secs};
use crate::process::Process;
use crate::{binaries, http};

/// A running prometheus that takes remote writes.
pub struct Prometheus {
    _process: Process,
    _folder: TempDir,
    url: String,
}

impl Prometheus {
    /// Starts with a configuration and returns once it is ready.
    pub async fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.path().join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--web.enable-remote-write-receiver".to_owned(),
            "--enable-feature=promql-at-modifier,promql-negative-offset".to_owned(),
            "--log.level=warn".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = Process::start_with(&binaries::prometheus(), &arguments, &libraries());
        let prometheus =
            Prometheus { _process: process, _folder: folder, url: format!("http://127.0.0.1:{port}") };
        let client = http::client();
        let ready = format!("{}/-/ready", prometheus.url);
        eventually(secs(60), async || {
            let (status, _) = http::ask(&client, Method::GET, &ready, None).await?;
            holds(status == 200, status.to_string())
        })
        .await;
        prometheus
    }

    /// Its address, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Runs promtool to its end.
pub async fn promtool(arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(binaries::promtool());
    command.args(arguments).envs(libraries());
    command.output().await.unwrap()
}

/// The libraries that were unpacked beside the programs.
fn libraries() -> Vec<(String, String)> {
    let program = binaries::prometheus();
    let root = program.ancestors().nth(3).unwrap_or(Path::new("/"));
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let folders: Vec<PathBuf> =
        ["usr/lib", "lib"].iter().map(|folder| root.join(folder).join(&triple)).collect();
    let path = std::env::join_paths(folders).unwrap().into_string().unwrap();
    vec![("LD_LIBRARY_PATH".to_owned(), path)]
}

/// Asks a Prometheus-compatible API; returns its whole answer.
pub async fn ask(url: &str, path: &str, form: &[(&str, String)]) -> Value {
    let sent = http::client().post(format!("{url}{path}")).form(form).send().await.unwrap();
    let text = sent.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{url}{path}: {error}: {text}"))
}
