//! The incident that the run is for.

use crate::{Result, door};

/// The incident, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `SEV1` to `SEV5`.
    pub severity: String,
    /// Milliseconds since the epoch.
    pub opened_at_ms: i64,
}

/// Reads the incident.
///
/// # Errors
/// [`NotFound`](crate::Error::NotFound) where the run is for none.
pub fn read() -> Result<Summary> {
    door::incident::read()
}

/// Writes a line on the timeline, where people see it.
///
/// # Errors
/// As [`read`].
pub fn note(text: impl AsRef<str>) -> Result<()> {
    door::incident::note(text.as_ref())
}
