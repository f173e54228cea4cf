//! A server under measurement: started in a folder of its own, ended with the value that holds it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use tempfile::TempDir;

use crate::usage;
use crate::{Failed, Programs};

/// How long a start may take.
const START_TRIES: u32 = 600;

/// A running server.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    pub(crate) url: String,
    pub(crate) client: Client,
}

impl Server {
    /// Ballast with this `scrape_configs` section, which may be empty.
    pub(crate) async fn ballast(programs: &Programs, scrapes: &str) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let config = format!(
            "server: {{listen: \"127.0.0.1:{port}\"}}\nstorage: {{path: data, retention: 40d}}\n\
             logging: {{level: warn}}\n{scrapes}"
        );
        std::fs::write(folder.path().join("ballast.yaml"), config)?;
        let mut command = Command::new(&programs.ballast);
        command.args(["serve", "--config", "ballast.yaml"]);
        Self::start(command, folder, port, "/-/ready").await
    }

    /// Debian's prometheus.
    pub(crate) async fn prometheus(programs: &Programs, scrapes: &str) -> Result<Option<Self>, Failed> {
        let Some(program) = &programs.prometheus else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        std::fs::write(folder.path().join("prometheus.yml"), scrapes)?;
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", &programs.libraries);
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"]);
        command.args(["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=40d"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        Ok(Some(Self::start(command, folder, port, "/-/ready").await?))
    }

    async fn start(mut command: Command, folder: TempDir, port: u16, ready: &str) -> Result<Self, Failed> {
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn()?;
        let url = format!("http://127.0.0.1:{port}");
        let client = Client::builder().no_proxy().pool_max_idle_per_host(4).build()?;
        let server = Server { child, folder, url, client };
        for _ in 0..START_TRIES {
            let answer = server.client.get(format!("{}{ready}", server.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(format!("{} does not become ready", server.url).into())
    }

    pub(crate) fn cpu(&self) -> Result<Duration, Failed> {
        usage::cpu(self.child.id())
    }

    pub(crate) fn resident_bytes(&self) -> Result<f64, Failed> {
        usage::resident_bytes(self.child.id())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Sends one remote write request.
    pub(crate) async fn write(&self, body: Vec<u8>) -> Result<(), Failed> {
        let request = self.client.post(format!("{}/api/v1/write", self.url)).body(body);
        let request = request
            .header("Content-Type", "application/x-protobuf")
            .header("Content-Encoding", "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0");
        let answer = request.send().await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("{}: remote write: {status}: {}", self.url, answer.text().await?).into());
        }
        Ok(())
    }

    /// Asks, and returns the bytes of the answer.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<u8>, Failed> {
        let answer = self.client.get(format!("{}{path}", self.url)).query(query).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        match status.is_success() {
            true => Ok(body.to_vec()),
            false => Err(format!("{}{path}: {status}: {}", self.url, String::from_utf8_lossy(&body)).into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; the folder goes either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
