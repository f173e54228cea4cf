//! The logs of services. Reading only. The plugin's own log is [`log`](crate::log).

use crate::{Result, door};

/// One line of a service's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// As the source writes it: `error`, `warn`, ...
    pub level: String,
    /// The text.
    pub message: String,
}

/// Lines of a service at or after `since_ms` that contain a text (empty for all), newest first, at most `limit`.
///
/// # Errors
/// [`Unavailable`](crate::Error::Unavailable) where the source of logs does not answer.
pub fn search(service: &str, contains: &str, since_ms: i64, limit: u32) -> Result<Vec<Line>> {
    door::logs::search(service, contains, since_ms, limit)
}
