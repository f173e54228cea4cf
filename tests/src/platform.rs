//! The platform to watch, as processes of its own.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::eventually::secs;
use crate::host::array;
use crate::process::Process;
use crate::{binaries, http};

/// A running platform.
pub struct Platform {
    /// Held for its end: the platform ends with its stdin.
    _process: Process,
    ready: Value,
    client: Client,
}

impl Platform {
    /// Starts it and returns once everything serves.
    pub async fn start() -> Self {
        let arguments = ["platform", "--exit-with-stdin", "--load", "40", "--seed", "1"];
        let mut process = Process::start(&binaries::fineprint(), &arguments);
        let ready = process.line(secs(30), |line| serde_json::from_str::<Value>(line).ok()).await;
        assert_eq!(ready["ready"], true, "{ready:#}");
        Platform { _process: process, ready, client: http::client() }
    }

    /// One address of a service: `admin`, `http` or `metrics`.
    pub fn address(&self, service: &str, kind: &str) -> String {
        self.ready["services"][service][kind]
            .as_str()
            .unwrap_or_else(|| panic!("no {kind} of {service}"))
            .to_owned()
    }

    /// What lies at a path of the control plane.
    pub async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await
    }

    /// Breaks something; returns the fault.
    pub async fn fault(&self, kind: &str, service: &str) -> Value {
        self.ask(Method::POST, "/faults", Some(&json!({"kind": kind, "service": service}))).await
    }

    /// Deploys a version.
    pub async fn deploy(&self, service: &str, version: &str) {
        let body = json!({"version": version, "by": "carol"});
        self.ask(Method::POST, &format!("/services/{service}/deploy"), Some(&body)).await;
    }

    /// The version that runs.
    pub async fn version(&self, service: &str) -> String {
        self.get(&format!("/services/{service}")).await["version"].as_str().unwrap().to_owned()
    }

    /// Every effect that was performed with a key, newest first.
    pub async fn effects(&self) -> Vec<Value> {
        match self.get("/effects").await {
            Value::Array(effects) => effects,
            object => array(object, "effects"),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}{path}", self.ready["control"].as_str().unwrap());
        let (status, answer) = http::ask(&self.client, method, &url, body).await.unwrap();
        assert!((200..300).contains(&status), "{url}: {status} {answer:#}");
        answer
    }
}
