//! Executions.

use ballast_types::execution::{Execution as DomainExecution, ExecutionState, OutcomeKind, RunMode, Verdict};
use ballast_types::objective::Objective as DomainObjective;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::journal::JournalCall;
use super::page::{Place, Window};
use super::parse::{self, Fields, Invalid};
use super::scalar::{Instant, LabelMap, SampleValue, labels};
use super::service::Bound;

/// One run of a runbook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionSummary {
    /// `EX-42`.
    id: String,
    incident: String,
    runbook: String,
    /// SHA-256 of the component that it is pinned to.
    digest: String,
    service: String,
    alert_name: String,
    alert_labels: LabelMap,
    /// `live`, or `dry-run` where effects are only foretold.
    mode: &'static str,
    requested_at: Instant,
    /// `requested`, `running`, `verifying`, `undoing` or `finished`.
    state: &'static str,
    /// Since when it is in this state.
    state_since: Instant,
    /// 1, and one more for each restart of the host; only while it runs.
    attempt: Option<u32>,
    /// `acted`, `declined` or `needs-person`, once the runbook returned and until it is finished.
    outcome: Option<&'static str>,
    /// What the runbook said.
    summary: Option<String>,
    /// How it ended: `helped`, `unverified`, `undone`, `did-not-help`, `declined`, `failed`, `diverged` or `cancelled`.
    verdict: Option<&'static str>,
    /// Why it failed or diverged.
    reason: Option<String>,
    /// By when the indicator must be back, while it is being verified.
    verify_until: Option<Instant>,
    /// The objective that tells whether it helped.
    objective: Option<Bound>,
    /// The indicator when it was decided on; null where it had no value.
    indicator_before: Option<SampleValue>,
    /// The indicator when it was last looked at.
    indicator_after: Option<SampleValue>,
    /// How many effects were performed.
    effects: u32,
}

impl ExecutionSummary {
    /// Where it stands in a list.
    pub(crate) fn place(&self) -> Place {
        Place::of(self.requested_at.0, &self.id)
    }
}

impl From<&DomainExecution> for ExecutionSummary {
    fn from(execution: &DomainExecution) -> Self {
        let state = StateParts::of(execution);
        ExecutionSummary {
            id: execution.id.to_string(),
            incident: execution.incident.to_string(),
            runbook: execution.runbook.to_string(),
            digest: execution.digest.to_string(),
            service: execution.service.to_string(),
            alert_name: execution.alert_name.clone(),
            alert_labels: labels(&execution.alert_labels),
            mode: mode(execution.mode),
            requested_at: Instant(execution.requested_at),
            state: execution.state.name(),
            state_since: state.since,
            attempt: state.attempt,
            outcome: state.outcome,
            summary: state.summary,
            verdict: state.verdict,
            reason: state.reason,
            verify_until: state.verify_until,
            objective: execution.objective.as_ref().map(|objective: &DomainObjective| objective.into()),
            indicator_before: Some(execution.indicator_before)
                .filter(|value| !value.is_nan())
                .map(SampleValue),
            indicator_after: execution.indicator_after.map(SampleValue),
            effects: execution.effects,
        }
    }
}

/// What differs from state to state.
struct StateParts {
    since: Instant,
    attempt: Option<u32>,
    outcome: Option<&'static str>,
    summary: Option<String>,
    verdict: Option<&'static str>,
    reason: Option<String>,
    verify_until: Option<Instant>,
}

impl StateParts {
    fn of(execution: &DomainExecution) -> Self {
        let at = |since| StateParts {
            since: Instant(since),
            attempt: None,
            outcome: None,
            summary: None,
            verdict: None,
            reason: None,
            verify_until: None,
        };
        match &execution.state {
            ExecutionState::Requested => at(execution.requested_at),
            ExecutionState::Running { since, attempt } => {
                StateParts { attempt: Some(*attempt), ..at(*since) }
            }
            ExecutionState::Verifying { outcome, since, deadline, .. } => StateParts {
                outcome: Some(kind(outcome.kind)),
                summary: Some(outcome.summary.clone()),
                verify_until: Some(Instant(*deadline)),
                ..at(*since)
            },
            ExecutionState::Undoing { outcome, since } => StateParts {
                outcome: Some(kind(outcome.kind)),
                summary: Some(outcome.summary.clone()),
                ..at(*since)
            },
            ExecutionState::Finished { at: ended, verdict, summary } => StateParts {
                summary: Some(summary.clone()).filter(|summary| !summary.is_empty()),
                verdict: Some(verdict.name()),
                reason: reason(verdict),
                ..at(*ended)
            },
        }
    }
}

fn mode(mode: RunMode) -> &'static str {
    match mode {
        RunMode::Live => "live",
        RunMode::DryRun => "dry-run",
    }
}

fn kind(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Acted => "acted",
        OutcomeKind::Declined => "declined",
        OutcomeKind::NeedsPerson => "needs-person",
    }
}

fn reason(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Failed { reason } | Verdict::Diverged { reason } => Some(reason.clone()),
        _ => None,
    }
}

/// An execution with every call that it made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Execution {
    #[serde(flatten)]
    pub(crate) summary: ExecutionSummary,
    /// Its parameters.
    pub(crate) parameters: serde_json::Value,
    /// Every call, in order.
    pub(crate) journal: Vec<JournalCall>,
}

/// A page of executions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionList {
    pub(crate) executions: Vec<ExecutionSummary>,
    /// The `cursor` of the next page; null on the last.
    pub(crate) next: Option<String>,
}

/// Which executions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExecutionParameters {
    /// An incident's id.
    incident: Option<String>,
    /// A service's name.
    service: Option<String>,
    /// `requested`, `running`, `verifying`, `undoing`, `finished`, or `unfinished` for all but the last.
    state: Option<String>,
    /// How many, 1 to 500; 50 where nothing is said.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The same, understood.
#[derive(Debug)]
pub(crate) struct ExecutionFilter {
    incident: Option<String>,
    service: Option<String>,
    state: Option<&'static str>,
    /// Which page.
    pub(crate) window: Window,
}

impl ExecutionFilter {
    /// Whether an execution is wanted.
    pub(crate) fn wants(&self, execution: &DomainExecution) -> bool {
        self.incident.as_ref().is_none_or(|id| execution.incident.as_str() == id)
            && self.service.as_ref().is_none_or(|name| execution.service.as_str() == name)
            && self.state.is_none_or(|name| match name {
                "unfinished" => !execution.state.is_finished(),
                _ => execution.state.name() == name,
            })
    }
}

impl TryFrom<ExecutionParameters> for ExecutionFilter {
    type Error = Invalid;

    fn try_from(wire: ExecutionParameters) -> Result<Self, Invalid> {
        const STATES: [&str; 6] = ["requested", "running", "verifying", "undoing", "finished", "unfinished"];
        let mut fields = Fields::default();
        let window = fields.take(Window::parse(wire.limit, wire.cursor.as_deref()));
        let state = wire.state.map(|text| parse::one_of("state", &text, STATES.map(|name| (name, name))));
        let state = fields.take(state.transpose());
        fields.finish(window.zip(state).map(|(window, state)| ExecutionFilter {
            incident: wire.incident,
            service: wire.service,
            state,
            window,
        }))
    }
}

/// Who ends an execution.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancellation {
    /// Who.
    pub(crate) by: String,
}
