//! An execution: one run of a runbook for an incident, and the journal of every call that it made.
//! Its step is `ballast_automation`'s.

use crate::call::{Call, CallClass, CallError, Output, ServiceEffect};
use crate::objective::Objective;
use crate::{Digest, ExecutionId, IdempotencyKey, IncidentId, PluginName, ServiceName, Timestamp};

/// How the effects of a run are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunMode {
    /// They happen.
    Live,
    /// They are recorded as "would do" and answered by the connector's preview.
    DryRun,
}

/// What a runbook says when it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether it acted.
    pub kind: OutcomeKind,
    /// One or more sentences for the timeline.
    pub summary: String,
    /// What undoes its effects, to be applied in this order where they did not help.
    pub inverse: Vec<ServiceEffect>,
}

/// Whether a runbook acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// It did something that should help.
    Acted,
    /// It found that it is not for this case.
    Declined,
    /// It needs a person.
    NeedsPerson,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The objective's indicator came back within its target for the hold time.
    Helped,
    /// It acted, and there is no objective to judge it by.
    Unverified,
    /// It did not help, and its inverse ran.
    Undone,
    /// It did not help, and there is nothing to undo or undoing failed.
    DidNotHelp,
    /// The runbook did not act.
    Declined,
    /// It was stopped, trapped, or could not run.
    Failed {
        /// Why.
        reason: String,
    },
    /// On replay it asked for something else than its journal has.
    Diverged {
        /// Where.
        reason: String,
    },
    /// A person ended it.
    Cancelled,
}

impl Verdict {
    /// The verdict's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Helped => "helped",
            Verdict::Unverified => "unverified",
            Verdict::Undone => "undone",
            Verdict::DidNotHelp => "did-not-help",
            Verdict::Declined => "declined",
            Verdict::Failed { .. } => "failed",
            Verdict::Diverged { .. } => "diverged",
            Verdict::Cancelled => "cancelled",
        }
    }

    /// Whether a person must now act.
    pub fn needs_person(&self) -> bool {
        !matches!(self, Verdict::Helped | Verdict::Cancelled)
    }
}

/// Where an execution stands.
#[derive(Clone, Debug, PartialEq)]
pub enum ExecutionState {
    /// Decided on, not yet begun.
    Requested,
    /// The component runs, or will again after a restart of the host.
    Running {
        /// Since when.
        since: Timestamp,
        /// 1, and one more for each restart of the host.
        attempt: u32,
    },
    /// It acted; the indicator is being watched.
    Verifying {
        /// What the runbook said.
        outcome: Outcome,
        /// Since when.
        since: Timestamp,
        /// By when the indicator must have been within the target for the hold time.
        deadline: Timestamp,
        /// Since when it is within the target without a break.
        healthy_since: Option<Timestamp>,
    },
    /// It did not help; its inverse is being applied.
    Undoing {
        /// What the runbook said.
        outcome: Outcome,
        /// Since when.
        since: Timestamp,
    },
    /// Over.
    Finished {
        /// When.
        at: Timestamp,
        /// How.
        verdict: Verdict,
        /// What the runbook said, where it got that far.
        summary: String,
    },
}

impl ExecutionState {
    /// The state's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            ExecutionState::Requested => "requested",
            ExecutionState::Running { .. } => "running",
            ExecutionState::Verifying { .. } => "verifying",
            ExecutionState::Undoing { .. } => "undoing",
            ExecutionState::Finished { .. } => "finished",
        }
    }

    /// Whether it is over.
    pub fn is_finished(&self) -> bool {
        matches!(self, ExecutionState::Finished { .. })
    }
}

/// One execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Identity.
    pub id: ExecutionId,
    /// What it is for.
    pub incident: IncidentId,
    /// The runbook.
    pub runbook: PluginName,
    /// The component that it is pinned to.
    pub digest: Digest,
    /// The service that it is about.
    pub service: ServiceName,
    /// The alert's name and labels that began it.
    pub alert_name: String,
    /// Labels of that alert.
    pub alert_labels: crate::Labels,
    /// Parameters as JSON.
    pub parameters: String,
    /// Live or dry.
    pub mode: RunMode,
    /// When it was decided on.
    pub requested_at: Timestamp,
    /// Where it stands.
    pub state: ExecutionState,
    /// The objective that tells whether it helped.
    pub objective: Option<Objective>,
    /// The indicator's value when it was decided on; NaN where it had none.
    pub indicator_before: f64,
    /// The indicator's last value seen in verification.
    pub indicator_after: Option<f64>,
    /// How many effects were performed.
    pub effects: u32,
    /// Keys of the effects that the timeline has; one that is told again after a restart is not written again.
    pub told: Vec<IdempotencyKey>,
}

/// What was written before a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// Position in the execution; the first is 1.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// The request.
    pub call: Call,
    /// Its hash.
    pub request_hash: String,
    /// How it is treated after a crash.
    pub class: CallClass,
    /// What makes the effect recognisable.
    pub key: IdempotencyKey,
}

/// What was written after a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Position of its intent.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub result: Result<Output, CallError>,
}

/// One entry of an execution's journal.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalEntry {
    /// Before a call.
    Intent(Intent),
    /// After it.
    Completion(Completion),
}
