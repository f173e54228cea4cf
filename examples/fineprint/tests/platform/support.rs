//! A real platform for a test: started on free ports, asked over HTTP, ended with the test. Conditions are polled with a
//! deadline; nothing sleeps for a fixed time.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(12);
const POLL: Duration = Duration::from_millis(40);

/// A running platform.
pub(crate) struct Platform {
    supervisor: Child,
    /// The ready line.
    pub(crate) ready: Value,
    control: String,
    client: Client,
}

impl Platform {
    /// Starts one and waits for its ready line.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        let mut supervisor = Command::new(env!("CARGO_BIN_EXE_fineprint"))
            .arg("platform")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("no ready line but {line:?}"));
        let control = ready["control"].as_str().unwrap().to_owned();
        let client =
            Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(5)).build().unwrap();
        Self { supervisor, ready, control, client }
    }

    /// Asks the control plane; the status and the body.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> (u16, Value) {
        let mut request =
            self.client.request(method, format!("{}{path}", self.control)).body(body.to_owned());
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    /// Reads from the control plane what must be there.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None, "").await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Orders something that must be done.
    pub(crate) async fn order(&self, method: Method, path: &str, body: &str) -> Value {
        let (status, answer) = self.ask(method, path, None, body).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    /// Injects a fault; its id.
    pub(crate) async fn inject(&self, kind: &str, service: &str) -> String {
        let fault = self
            .order(Method::POST, "/faults", &format!(r#"{{"kind":"{kind}","service":"{service}"}}"#))
            .await;
        fault["id"].as_str().unwrap().to_owned()
    }

    /// A service's metrics page; empty where it does not answer.
    pub(crate) async fn page(&self, service: &str) -> String {
        let url = self.ready["services"][service]["metrics"].as_str().unwrap();
        match self.client.get(url).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The sum of the series that begin with `name` and have all of `labels` in them.
    pub(crate) async fn metric(&self, service: &str, name: &str, labels: &[&str]) -> f64 {
        let page = self.page(service).await;
        let matches = |line: &&str| {
            line.split(['{', ' ']).next() == Some(name) && labels.iter().all(|label| line.contains(label))
        };
        page.lines().filter(matches).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The states of a service's instances.
    pub(crate) async fn states(&self, service: &str) -> Vec<String> {
        let instances = self.get(&format!("/services/{service}/instances")).await;
        instances
            .as_array()
            .unwrap()
            .iter()
            .map(|instance| instance["state"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The newest error with these words.
    pub(crate) async fn error(&self, service: &str, words: &str) -> Option<String> {
        let errors = self.get(&format!("/services/{service}/errors?limit=1&contains={words}")).await;
        errors[0]["message"].as_str().map(str::to_owned)
    }

    /// Waits until the gateway has answered so many requests in a row well.
    pub(crate) async fn recovers(&self, path: &str) {
        let label = format!("path=\"{path}\"");
        eventually("the gateway answers well again", async || {
            let count =
                async |code: &str| self.metric("api-gateway", "http_requests_total", &[&label, code]).await;
            let (good, all) = (count("code=\"200\"").await, count("").await);
            let (good_then, all_then) = (good, all);
            eventually("requests come", async || count("").await >= all_then + 10.0).await;
            let (good_now, all_now) = (count("code=\"200\"").await, count("").await);
            // The two pages are read one after the other, so a request may lie between them.
            good_now - good_then >= all_now - all_then - 1.0
        })
        .await;
    }

    /// Ids of the processes that the supervisor started.
    pub(crate) fn children(&self) -> Vec<u32> {
        let parent = self.supervisor.id().to_string();
        let processes = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        processes.filter(|pid| stat(*pid).is_some_and(|fields| fields.get(1) == Some(&parent))).collect()
    }

    /// `kill -9` of the supervisor alone.
    pub(crate) fn kill_supervisor(&mut self) {
        self.supervisor.kill().unwrap();
        self.supervisor.wait().unwrap();
    }

    /// Closes the supervisor's stdin and waits for its end.
    pub(crate) fn close_stdin(&mut self) -> std::process::ExitStatus {
        drop(self.supervisor.stdin.take());
        self.supervisor.wait().unwrap()
    }

    /// SIGTERM, and waits for its end.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let kill = format!("kill -TERM {}", self.supervisor.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.supervisor.wait().unwrap()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ended_already = self.supervisor.kill();
        let _reaped_already = self.supervisor.wait();
    }
}

/// Whether a process runs; one that only waits to be reaped does not.
pub(crate) fn runs(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| fields.first().is_some_and(|state| state != "Z"))
}

/// The fields of `/proc/PID/stat` after the name: state, parent, ...
fn stat(pid: u32) -> Option<Vec<String>> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(line.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

/// Polls until a condition holds, or fails after the deadline.
pub(crate) async fn eventually<Condition, Checked>(what: &str, mut condition: Condition)
where
    Condition: FnMut() -> Checked,
    Checked: Future<Output = bool>,
{
    let until = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < until, "not within {} s: {what}", DEADLINE.as_secs());
        tokio::time::sleep(POLL).await;
    }
}
