//! Why a command is refused. Events never are.

/// A refusal; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncidentError {
    /// Somebody else was faster.
    #[error("change the incident: it is at version {current}, not {expected}")]
    Conflict {
        /// The version that the caller saw.
        expected: u64,
        /// The version that it has.
        current: u64,
    },
    /// Somebody else has taken it.
    #[error("acknowledge the incident: {by} has it")]
    AlreadyAcknowledged {
        /// Who.
        by: String,
    },
    /// It is over.
    #[error("change the incident: {by} has resolved it")]
    Resolved {
        /// Who or what ended it.
        by: String,
    },
    /// A text that must say something says nothing.
    #[error("change the incident: `{field}` is blank")]
    Blank {
        /// Which text.
        field: &'static str,
    },
    /// A text is longer than people read.
    #[error("change the incident: `{field}` has more than {limit} characters")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl IncidentError {
    /// Whether the caller's picture of the incident is outdated, rather than the request being wrong in itself.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            IncidentError::Conflict { .. }
                | IncidentError::AlreadyAcknowledged { .. }
                | IncidentError::Resolved { .. }
        )
    }
}

/// Most characters of a title or a name.
pub(crate) const NAME_CHARS_MAX: usize = 200;
/// Most characters of a note.
pub(crate) const NOTE_CHARS_MAX: usize = 4_000;

/// Refuses a text that is blank or too long.
pub(crate) fn check_text(field: &'static str, text: &str, limit: usize) -> Result<(), IncidentError> {
    if text.trim().is_empty() {
        return Err(IncidentError::Blank { field });
    }
    if text.chars().count() > limit {
        return Err(IncidentError::TooLong { field, limit });
    }
    Ok(())
}
