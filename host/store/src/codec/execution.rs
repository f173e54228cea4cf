//! Executions on disk. Their journals are in [`super::journal`].

use std::time::Duration;

use ballast_types::call::ServiceEffect;
use ballast_types::execution::{Execution, ExecutionState, Outcome, OutcomeKind, RunMode, Verdict};
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::{
    Digest, ExecutionId, IdempotencyKey, IncidentId, Labels, PluginName, ServiceName, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{coded, one, option};

#[derive(Serialize, Deserialize)]
#[serde(remote = "RunMode", rename_all = "kebab-case")]
enum RunModeMirror {
    Live,
    DryRun,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OutcomeKind", rename_all = "kebab-case")]
enum OutcomeKindMirror {
    Acted,
    Declined,
    NeedsPerson,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome")]
struct OutcomeMirror {
    #[serde(with = "one")]
    kind: OutcomeKind,
    summary: String,
    inverse: Vec<ServiceEffect>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Verdict", rename_all = "kebab-case")]
enum VerdictMirror {
    Helped,
    Unverified,
    Undone,
    DidNotHelp,
    Declined,
    Failed { reason: String },
    Diverged { reason: String },
    Cancelled,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ExecutionState", rename_all = "kebab-case")]
enum ExecutionStateMirror {
    Requested,
    Running {
        #[serde(with = "one")]
        since: Timestamp,
        attempt: u32,
    },
    Verifying {
        #[serde(with = "one")]
        outcome: Outcome,
        #[serde(with = "one")]
        since: Timestamp,
        #[serde(with = "one")]
        deadline: Timestamp,
        #[serde(with = "option")]
        healthy_since: Option<Timestamp>,
    },
    Undoing {
        #[serde(with = "one")]
        outcome: Outcome,
        #[serde(with = "one")]
        since: Timestamp,
    },
    Finished {
        #[serde(with = "one")]
        at: Timestamp,
        #[serde(with = "one")]
        verdict: Verdict,
        summary: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "IndicatorKind", rename_all = "kebab-case")]
enum IndicatorKindMirror {
    Availability,
    LatencyP95,
    ErrorRate,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Objective")]
struct ObjectiveMirror {
    service: ServiceName,
    #[serde(with = "one")]
    kind: IndicatorKind,
    #[serde(with = "one")]
    target: f64,
    indicator: String,
    window: Duration,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Execution")]
struct ExecutionMirror {
    id: ExecutionId,
    incident: IncidentId,
    runbook: PluginName,
    digest: Digest,
    service: ServiceName,
    alert_name: String,
    #[serde(with = "one")]
    alert_labels: Labels,
    parameters: String,
    #[serde(with = "one")]
    mode: RunMode,
    #[serde(with = "one")]
    requested_at: Timestamp,
    #[serde(with = "one")]
    state: ExecutionState,
    #[serde(with = "option")]
    objective: Option<Objective>,
    #[serde(with = "one")]
    indicator_before: f64,
    #[serde(with = "option")]
    indicator_after: Option<f64>,
    effects: u32,
    told: Vec<IdempotencyKey>,
}

coded! {
    RunMode => RunModeMirror,
    OutcomeKind => OutcomeKindMirror,
    Outcome => OutcomeMirror,
    Verdict => VerdictMirror,
    ExecutionState => ExecutionStateMirror,
    IndicatorKind => IndicatorKindMirror,
    Objective => ObjectiveMirror,
    Execution => ExecutionMirror,
}
