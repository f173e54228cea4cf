//! The step: one exhaustive match over everything that can happen to an incident.

use std::time::Duration;

use ballast_types::Timestamp;
use ballast_types::incident::{Incident, IncidentState};

use crate::draft::Draft;
use crate::error::IncidentError;
use crate::input::{IncidentEffect, IncidentEvent, IncidentInput};
use crate::{BALLAST, alerts, people, runs};

/// Moves an incident on. Where nothing changed it comes back as it was, with its version and without effects.
///
/// Fails only for a command: made on an older version, on what somebody else has, on what is over, or without sense.
pub fn step(
    incident: &Incident,
    input: IncidentInput,
    now: Timestamp,
) -> Result<(Incident, Vec<IncidentEffect>), IncidentError> {
    let mut draft = Draft::new(incident.clone(), now);
    match input {
        IncidentInput::Event(event) => happen(&mut draft, event),
        IncidentInput::Command { expected_version, command } => {
            people::check_version(&draft.incident, expected_version)?;
            people::command(&mut draft, command)?;
        }
    }
    Ok(draft.finish())
}

/// When [`IncidentEvent::Tick`] will change the incident, where nothing else does before.
pub fn due(incident: &Incident, resolve_hold: Duration) -> Option<Timestamp> {
    match incident.state {
        IncidentState::Mitigated { at, .. } => Some(at + resolve_hold),
        _ => None,
    }
}

fn happen(draft: &mut Draft, event: IncidentEvent) {
    match event {
        IncidentEvent::AlertFired { alert, criticality } => alerts::fired(draft, &alert, criticality),
        IncidentEvent::AlertResolved { key } => alerts::over(draft, &key),
        IncidentEvent::ExecutionStarted { id, runbook } => runs::started(draft, id, &runbook),
        IncidentEvent::ExecutionEnded { id, runbook, verdict, summary } => {
            runs::ended(draft, &id, &runbook, &verdict, &summary);
        }
        IncidentEvent::Recorded { kind, actor, text } => draft.say(kind, &actor, text),
        IncidentEvent::Escalated { reason } => runs::escalated(draft, &reason),
        IncidentEvent::Tick { resolve_hold } => tick(draft, resolve_hold),
    }
}

fn tick(draft: &mut Draft, resolve_hold: Duration) {
    if due(&draft.incident, resolve_hold).is_some_and(|due| due <= draft.now) {
        let state = IncidentState::Resolved { by: BALLAST.to_owned(), at: draft.now };
        draft.enter(state, BALLAST, "resolved, no alert came back");
    }
}
