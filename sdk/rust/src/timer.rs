//! Time. There is no other clock in a plugin, so that a run can be replayed.

use std::time::Duration;

use crate::metrics::millis;
use crate::{Result, door};

/// The present time, milliseconds since the epoch.
pub fn now_ms() -> i64 {
    door::timer::now_ms()
}

/// Waits. It costs nothing: the host may put the run away meanwhile.
///
/// # Errors
/// [`TimedOut`](crate::Error::TimedOut) where the run has not that much time left.
pub fn sleep(duration: Duration) -> Result<()> {
    door::timer::sleep(millis(duration))
}
