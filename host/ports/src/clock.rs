//! The one clock.

use async_trait::async_trait;
use ballast_types::Timestamp;

/// Tells the time and waits. Tests and scenarios drive it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Returns once `now()` is at or after `until`.
    async fn sleep_until(&self, until: Timestamp);
}
