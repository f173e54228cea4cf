//! What the tests share: where guests are, a runtime, a scripted door, and runs of the hostile guest.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ballast_ports::plugin_runtime::{Door, Halt, PluginRuntime as _, RunFailure, RunRequest};
use ballast_sandbox::{SandboxConfig, WasmRuntime};
use ballast_types::call::{Call, CallError, CallErrorKind, Change, Output};
use ballast_types::execution::{Outcome, RunMode};
use ballast_types::plugin::{Capability, Grant, RunLimits};
use ballast_types::{Digest, ExecutionId, IncidentId, Labels, ServiceName, Timestamp};

pub(crate) type Answer = Result<Result<Output, CallError>, Halt>;

/// The bytes of a guest.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("BALLAST_TEST_GUESTS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/test-guests")),
        PathBuf::from,
    );
    let path = folder.join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!("cannot read the test guest {}: {error}; run `cargo xtask setup` first", path.display())
    })
}

/// A runtime with room for so many instances.
pub(crate) fn runtime(instances_max: u32) -> WasmRuntime {
    let cache_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sandbox-cache");
    WasmRuntime::new(SandboxConfig { instances_max, ..SandboxConfig::new(cache_dir) }).unwrap()
}

/// A runtime with one guest installed.
pub(crate) async fn installed(name: &str) -> (WasmRuntime, Digest) {
    let runtime = runtime(8);
    let plugin = runtime.install(guest(name)).await.unwrap();
    (runtime, plugin.digest)
}

/// Writes down each call and answers it as the script says.
pub(crate) struct Scripted {
    calls: Mutex<Vec<Call>>,
    script: Box<dyn Fn(&Call) -> Answer + Send + Sync>,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Scripted { calls: Mutex::default(), script: Box::new(script) })
    }

    /// Grants everything and answers plausibly.
    pub(crate) fn obliging() -> Arc<Self> {
        Scripted::new(|call| Ok(Ok(plausible(call))))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Door for Scripted {
    async fn call(&self, call: Call) -> Answer {
        let answer = (self.script)(&call);
        self.calls.lock().unwrap().push(call);
        answer
    }
}

/// Never answers.
pub(crate) struct Silent;

#[async_trait]
impl Door for Silent {
    async fn call(&self, _: Call) -> Answer {
        std::future::pending().await
    }
}

fn plausible(call: &Call) -> Output {
    match call {
        Call::MetricsQuery { .. } => Output::Points(Vec::new()),
        Call::TimerNow => Output::Time { at_ms: 1 },
        Call::ServiceEffect(_) => Output::Change(Change { detail: "done".into(), preview: false }),
        _ => Output::Done,
    }
}

pub(crate) fn error(kind: CallErrorKind, message: &str) -> CallError {
    CallError::new(kind, message)
}

/// Every capability.
pub(crate) fn everything() -> Grant {
    Grant { capabilities: BTreeSet::from(Capability::ALL), ..Grant::default() }
}

/// Short only where a test waits for it to pass: the machine may be busy with other things than the guest.
pub(crate) fn limits(deed: &str) -> RunLimits {
    let busy_max = if deed == "loop" { Duration::from_millis(60) } else { Duration::from_secs(60) };
    RunLimits { busy_max, call_max: Duration::from_millis(60), ..RunLimits::default() }
}

pub(crate) fn request(digest: &Digest, deed: &str) -> RunRequest {
    RunRequest {
        digest: digest.clone(),
        grant: everything(),
        limits: limits(deed),
        execution: ExecutionId::new("EX-1"),
        incident: IncidentId::new("INC-1"),
        service: ServiceName::new("api"),
        alert_name: "HighErrorRate".into(),
        alert_labels: Labels::from_pairs([("service", "api")]),
        parameters: format!(r#"{{"do":"{deed}"}}"#),
        mode: RunMode::Live,
        started_at: Timestamp::from_millis(1_000),
    }
}

/// Lets the hostile guest do something behind a door.
pub(crate) async fn hostile(deed: &str, door: Arc<dyn Door>) -> Result<Outcome, RunFailure> {
    let (runtime, digest) = installed("hostile").await;
    runtime.run_runbook(request(&digest, deed), door).await
}
