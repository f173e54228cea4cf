//! What the world does to the platform. Whoever repairs it never calls this; tests and demonstrations do. Each fault is real:
//! a bad deployment, a leak, a signal, a slow disk.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use super::managed::Managed;
use crate::protocol::Affliction;
use crate::topology::ServiceName;

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FaultKind {
    /// A release with a parser that fails is deployed.
    BadRelease,
    /// The model server leaks until it stands still.
    MemoryLeak,
    /// Database connections are never given back.
    PoolLeak,
    /// The process is killed.
    Kill,
    /// The store takes 800 ms an operation.
    SlowDependency,
}

/// The body of `POST /faults`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultOrder {
    pub(super) kind: FaultKind,
    pub(super) service: ServiceName,
}

/// An injected fault.
#[derive(Clone, Debug)]
struct Fault {
    id: String,
    kind: FaultKind,
    service: ServiceName,
    injected_at: String,
    /// The process that it was done to.
    pid: u32,
    /// For a bad release, which.
    version: Option<String>,
}

/// All faults that were not healed by hand.
#[derive(Debug, Default)]
pub(super) struct Faults {
    injected: Mutex<Vec<Fault>>,
    count: AtomicU64,
    bad_releases: AtomicU64,
}

impl FaultKind {
    fn suits(self, service: ServiceName) -> bool {
        match self {
            Self::BadRelease | Self::Kill => true,
            Self::MemoryLeak => service == ServiceName::ModelManagement,
            Self::PoolLeak => service == ServiceName::DocumentProcessing,
            Self::SlowDependency => service == ServiceName::DocumentStore,
        }
    }

    fn affliction(self) -> Option<Affliction> {
        match self {
            Self::MemoryLeak => Some(Affliction::MemoryLeak),
            Self::PoolLeak => Some(Affliction::PoolLeak),
            Self::SlowDependency => Some(Affliction::Slow),
            Self::BadRelease | Self::Kill => None,
        }
    }
}

impl Fault {
    /// Whether it still works in the platform, as far as its own trace tells.
    fn is_active(&self, managed: &Managed) -> bool {
        let pid = managed.running().map(|process| process.pid);
        match self.kind {
            FaultKind::BadRelease => self.version.as_deref() == Some(managed.wanted().history.current()),
            FaultKind::Kill => pid.is_none(),
            FaultKind::MemoryLeak | FaultKind::PoolLeak => pid == Some(self.pid),
            FaultKind::SlowDependency => managed.wanted().slow,
        }
    }

    fn show(&self) -> Value {
        let Self { id, kind, service, injected_at, version, .. } = self;
        json!({"id": id, "kind": kind, "service": service, "injected_at": injected_at, "version": version})
    }
}

impl Faults {
    /// Does it, and returns when it is done. The caller holds the service's turn.
    ///
    /// # Errors
    /// 422 where the kind does not suit the service, 409 where its process does not run.
    pub(super) async fn inject(&self, order: &FaultOrder, managed: &Managed) -> Result<Value, ControlError> {
        let FaultOrder { kind, service } = *order;
        if !kind.suits(service) {
            return Err(ControlError::Invalid(format!("{service} cannot have this fault")));
        }
        let running = managed.running();
        let process = running
            .ok_or_else(|| ControlError::Conflict(format!("the process of {service} does not run")))?;
        let mut version = None;
        match (kind.affliction(), kind) {
            (Some(affliction), _) => managed.afflict(affliction, true).await?,
            (None, FaultKind::BadRelease) => {
                let bad = format!("1.5.{}-bad", self.bad_releases.fetch_add(1, Relaxed));
                managed.deploy(&bad, "release-pipeline").await?;
                version = Some(bad);
            }
            (None, _) => process.kill_and_wait().await,
        }
        let id = format!("fault-{}", self.count.fetch_add(1, Relaxed) + 1);
        let injected_at = jiff::Timestamp::now().to_string();
        let fault = Fault { id, kind, service, injected_at, pid: process.pid, version };
        let shown = fault.show();
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        Ok(shown)
    }

    /// The service that a fault was done to.
    pub(super) fn service_of(&self, id: &str) -> Option<ServiceName> {
        self.find(id).map(|fault| fault.service)
    }

    /// Undoes it by hand, where somebody has not already. The caller holds the service's turn.
    ///
    /// # Errors
    /// 404 where there is no such fault; 409 or 503 where the process does not obey.
    pub(super) async fn heal(&self, id: &str, managed: &Managed) -> Result<Value, ControlError> {
        let fault = self.find(id).ok_or_else(|| ControlError::Missing(format!("no fault {id}")))?;
        let active = fault.is_active(managed);
        if active {
            heal(&fault, managed).await?;
        }
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).retain(|kept| kept.id != id);
        let detail = if active { "healed by hand" } else { "was repaired already" };
        Ok(json!({"ok": true, "id": id, "detail": detail}))
    }

    /// Newest first, each with whether it still works.
    pub(super) fn list(&self, service: impl Fn(ServiceName) -> Option<Arc<Managed>>) -> Vec<Value> {
        let faults = self.injected.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let show = |fault: &Fault| {
            let mut shown = fault.show();
            shown["active"] = json!(service(fault.service).is_some_and(|managed| fault.is_active(&managed)));
            shown
        };
        faults.iter().rev().map(show).collect()
    }

    fn find(&self, id: &str) -> Option<Fault> {
        let faults = self.injected.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().find(|fault| fault.id == id).cloned()
    }
}

async fn heal(fault: &Fault, managed: &Managed) -> Result<(), ControlError> {
    if let Some(affliction) = fault.kind.affliction() {
        return Ok(managed.afflict(affliction, false).await?);
    }
    let history = managed.wanted().history;
    match (fault.kind, history.previous()) {
        (FaultKind::BadRelease, Some(previous)) => managed.deploy(previous, "healed-by-hand").await?,
        _ => managed.replace_process(history.current()).await?,
    }
    Ok(())
}
