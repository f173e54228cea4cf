//! Waiting for what must come. The condition is asked every few milliseconds until it holds or the time is up; a test that
//! passes waits no longer than it must.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often the condition is asked.
pub const POLL: Duration = Duration::from_millis(20);

/// Asks until the answer is `Ok`, and returns what is in it; panics with the last `Err` when the time is up.
pub async fn eventually<T, E: Debug>(
    within: Duration,
    mut condition: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let began = Instant::now();
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(last) if began.elapsed() > within => panic!("not within {within:?}; at last: {last:#?}"),
            Err(_) => sleep(POLL).await,
        }
    }
}

/// `Ok` where the condition holds, else the evidence as `Err`: what [`eventually`] wants.
pub fn holds<E>(condition: bool, evidence: E) -> Result<(), E> {
    if condition { Ok(()) } else { Err(evidence) }
}

/// Whole seconds as a duration.
pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
