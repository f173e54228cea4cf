//! A person's decision.

use std::time::Duration;

use crate::metrics::millis;
use crate::{Result, door};

/// A person's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it was approved.
    pub approved: bool,
    /// Who decided.
    pub by: String,
}

/// Asks a person and waits.
///
/// # Errors
/// [`TimedOut`](crate::Error::TimedOut) where nobody decides in time.
pub fn request(reason: impl AsRef<str>, within: Duration) -> Result<Decision> {
    door::approval::request(reason.as_ref(), millis(within))
}
