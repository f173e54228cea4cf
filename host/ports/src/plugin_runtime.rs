//! How plugins run, and the door through which everything that they do goes.

use std::sync::Arc;

use async_trait::async_trait;
use ballast_types::call::{Call, CallError, Output};
use ballast_types::execution::{Outcome, RunMode};
use ballast_types::plugin::{Grant, InstalledPlugin, RunLimits};
use ballast_types::{Digest, ExecutionId, IncidentId, Labels, ServiceName, Timestamp};

/// Why a call ends the run instead of answering the guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// On replay the guest asked for something else than the journal has.
    #[error("replay diverged at call {sequence}: {reason}")]
    Diverged {
        /// Where.
        sequence: u64,
        /// How.
        reason: String,
    },
    /// A limit on calls, log or output was reached.
    #[error("exceeded a limit: {0}")]
    Limit(String),
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The journal cannot be written: nothing may act.
    #[error("write the journal: {0}")]
    Journal(String),
}

/// The one way from a plugin to the world. One door serves one run.
#[async_trait]
pub trait Door: Send + Sync {
    /// Answers a call. The outer error ends the run; the inner one is the guest's to handle.
    async fn call(&self, call: Call) -> Result<Result<Output, CallError>, Halt>;
}

/// What a runbook is told when it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRequest {
    /// The component.
    pub digest: Digest,
    /// What it was granted.
    pub grant: Grant,
    /// Its limits.
    pub limits: RunLimits,
    /// This run.
    pub execution: ExecutionId,
    /// What it is for.
    pub incident: IncidentId,
    /// The service that it is about.
    pub service: ServiceName,
    /// Name of the alert that began it.
    pub alert_name: String,
    /// Labels of that alert.
    pub alert_labels: Labels,
    /// Parameters as JSON.
    pub parameters: String,
    /// Whether effects happen.
    pub mode: RunMode,
    /// When the run was decided on; the same on replay.
    pub started_at: Timestamp,
}

/// Why a component was refused or a run did not end with an outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunFailure {
    /// The bytes are no component, or one that does not fit the contract. Says what does not fit, in words.
    #[error("load the component: {0}")]
    Unfit(String),
    /// It imports what it was not granted.
    #[error("load the component: it imports `{0}`, which it was not granted")]
    NotGranted(String),
    /// No such component is installed.
    #[error("find the component {0}")]
    Unknown(Digest),
    /// It ran on without end.
    #[error("stopped: busy for more than {limit_ms} ms without a host call")]
    Deadline {
        /// The limit.
        limit_ms: u64,
    },
    /// It asked for more memory than it may have.
    #[error("stopped: needs more than {limit_bytes} bytes of memory")]
    Memory {
        /// The limit.
        limit_bytes: usize,
    },
    /// It nested calls too deeply.
    #[error("stopped: call stack exhausted")]
    Stack,
    /// It trapped otherwise (a panic, a division by zero).
    #[error("trapped: {0}")]
    Trap(String),
    /// It returned an error.
    #[error("{0}")]
    Guest(CallError),
    /// It returned more than it may.
    #[error("stopped: returned more than {limit_bytes} bytes")]
    Output {
        /// The limit.
        limit_bytes: usize,
    },
    /// The door ended it.
    #[error(transparent)]
    Halted(#[from] Halt),
}

/// Compiles, keeps and runs components.
#[async_trait]
pub trait PluginRuntime: Send + Sync {
    /// Compiles a component (or finds it in the cache), checks that it fits the contract, and asks it to describe
    /// itself. Takes long: never call it where somebody waits for a page.
    async fn install(&self, bytes: Vec<u8>) -> Result<InstalledPlugin, RunFailure>;

    /// Whether the component can run as it is, without being compiled first.
    fn is_installed(&self, digest: &Digest) -> bool;

    /// Checks that the component imports nothing beyond the grant.
    fn check_grant(&self, digest: &Digest, grant: &Grant) -> Result<(), RunFailure>;

    /// Runs a runbook to its end. The door sees every call, in order.
    async fn run_runbook(&self, request: RunRequest, door: Arc<dyn Door>) -> Result<Outcome, RunFailure>;
}
