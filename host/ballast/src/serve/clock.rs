//! The one clock, on the system's. Waiting is by tokio's timer, looked at again where the system's clock was set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ballast_ports::Clock;
use ballast_types::Timestamp;

/// A long wait is cut so that a clock that was set forward is noticed.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The system's time.
pub(super) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Before 1970 there is no service to watch.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, until: Timestamp) {
        loop {
            let left = until.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(WAIT_MAX)).await;
        }
    }
}
