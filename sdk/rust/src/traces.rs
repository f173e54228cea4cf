//! Traces of services. Reading only.

use std::time::Duration;

use crate::metrics::millis;
use crate::{Result, door};

/// One trace, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// In hexadecimal.
    pub id: String,
    /// Name of the root span.
    pub root: String,
    /// How long it lasted, milliseconds.
    pub duration_ms: u64,
    /// Whether a span failed.
    pub failed: bool,
}

/// Recent traces of a service that lasted at least so long, at most `limit`.
///
/// # Errors
/// [`Unavailable`](crate::Error::Unavailable) where the source of traces does not answer.
pub fn search(service: &str, at_least: Duration, limit: u32) -> Result<Vec<Trace>> {
    door::traces::search(service, millis(at_least), limit)
}
