//! What executions leave on an incident. Whether a verdict calls for a person is said by whoever knows the policy, as
//! [`crate::IncidentEvent::Escalated`].

use ballast_types::execution::Verdict;
use ballast_types::incident::TimelineKind;
use ballast_types::{ExecutionId, PluginName};

use crate::BALLAST;
use crate::draft::Draft;

/// An execution began. One that is known already (the host restarted) is said again, not listed again.
pub(crate) fn started(draft: &mut Draft, id: ExecutionId, runbook: &PluginName) {
    let text = format!("{id} of {runbook} began");
    if !draft.incident.executions.contains(&id) {
        draft.incident.executions.push(id);
    }
    draft.say(TimelineKind::Execution, runbook.as_str(), text);
}

/// An execution ended.
pub(crate) fn ended(
    draft: &mut Draft,
    id: &ExecutionId,
    runbook: &PluginName,
    verdict: &Verdict,
    summary: &str,
) {
    let said = match (verdict, summary) {
        (Verdict::Failed { reason } | Verdict::Diverged { reason }, _) => format!(": {reason}"),
        (_, "") => String::new(),
        (_, summary) => format!(": {summary}"),
    };
    let text = format!("{id} of {runbook} ended, {}{said}", verdict.name());
    draft.say(TimelineKind::Execution, runbook.as_str(), text);
}

/// The automation has given up.
pub(crate) fn escalated(draft: &mut Draft, reason: &str) {
    draft.incident.escalated = true;
    draft.say(TimelineKind::Escalation, BALLAST, format!("needs a person: {reason}"));
}
