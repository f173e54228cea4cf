//! What people do: take it, end it, write on it. Of two who do so at once one wins and the other is told.

use ballast_types::incident::{Acknowledgement, Incident, IncidentState, TimelineKind};

use crate::draft::Draft;
use crate::error::{IncidentError, NAME_CHARS_MAX, NOTE_CHARS_MAX, check_text};
use crate::input::IncidentCommand;

/// Refuses a command made on an older version.
pub(crate) fn check_version(incident: &Incident, expected: Option<u64>) -> Result<(), IncidentError> {
    match expected {
        Some(expected) if expected != incident.version => {
            Err(IncidentError::Conflict { expected, current: incident.version })
        }
        _ => Ok(()),
    }
}

/// Does what a person wants, or says why not.
pub(crate) fn command(draft: &mut Draft, command: IncidentCommand) -> Result<(), IncidentError> {
    match command {
        IncidentCommand::Acknowledge { by } => acknowledge(draft, by),
        IncidentCommand::Resolve { by, note } => resolve(draft, by, note),
        IncidentCommand::Note { by, text } => note(draft, &by, text),
    }
}

/// Taking what one has already changes nothing. Taking a mitigated incident leaves it mitigated.
fn acknowledge(draft: &mut Draft, by: String) -> Result<(), IncidentError> {
    check_text("by", &by, NAME_CHARS_MAX)?;
    check_open(&draft.incident)?;
    match &draft.incident.acknowledged {
        Some(held) if held.by == by => return Ok(()),
        Some(held) => return Err(IncidentError::AlreadyAcknowledged { by: held.by.clone() }),
        None => {}
    }
    let at = draft.now;
    draft.incident.acknowledged = Some(Acknowledgement { by: by.clone(), at });
    if matches!(draft.incident.state, IncidentState::Triggered) {
        draft.incident.state = IncidentState::Acknowledged { by: by.clone(), at };
    }
    draft.say(TimelineKind::State, &by, "acknowledged");
    Ok(())
}

fn resolve(draft: &mut Draft, by: String, note: Option<String>) -> Result<(), IncidentError> {
    check_text("by", &by, NAME_CHARS_MAX)?;
    check_open(&draft.incident)?;
    let note = note.filter(|note| !note.trim().is_empty());
    let text = match &note {
        Some(note) => {
            check_text("note", note, NOTE_CHARS_MAX)?;
            format!("resolved: {note}")
        }
        None => "resolved".to_owned(),
    };
    let state = IncidentState::Resolved { by: by.clone(), at: draft.now };
    draft.enter(state, &by, text);
    Ok(())
}

/// Also after the end: what is learned later belongs to the incident too.
fn note(draft: &mut Draft, by: &str, text: String) -> Result<(), IncidentError> {
    check_text("by", by, NAME_CHARS_MAX)?;
    check_text("text", &text, NOTE_CHARS_MAX)?;
    draft.say(TimelineKind::Note, by, text);
    Ok(())
}

fn check_open(incident: &Incident) -> Result<(), IncidentError> {
    match &incident.state {
        IncidentState::Resolved { by, .. } => Err(IncidentError::Resolved { by: by.clone() }),
        _ => Ok(()),
    }
}
