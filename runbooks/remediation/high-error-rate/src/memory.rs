//! Which versions this runbook rolled back from. It keeps the runbook from going in a circle with its own inverse.

use ballast_sdk::prelude::*;

/// Longer than any deployment counts as recent, or the inverse's redeployment could be suspected anew.
const REMEMBERED_MS: i64 = 2 * 86_400_000;
const ENTRIES_MAX: usize = 50;

/// One rollback.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct RolledBack {
    /// From which version.
    pub(crate) version: String,
    /// When, milliseconds since the epoch.
    pub(crate) at_ms: i64,
}

/// What was done to a service lately, oldest first.
pub(crate) fn recall(service: &str, now_ms: i64) -> Result<Vec<RolledBack>> {
    let mut memory: Vec<RolledBack> = state::get(&key(service))?.unwrap_or_default();
    memory.retain(|entry| now_ms - entry.at_ms <= REMEMBERED_MS);
    Ok(memory)
}

/// Adds a rollback to what was recalled.
pub(crate) fn keep(service: &str, mut memory: Vec<RolledBack>, version: &str, now_ms: i64) -> Result<()> {
    memory.push(RolledBack { version: version.to_owned(), at_ms: now_ms });
    let surplus = memory.len().saturating_sub(ENTRIES_MAX);
    memory.drain(..surplus);
    state::set(&key(service), &memory)
}

fn key(service: &str) -> String {
    format!("rolled-back-from/{service}")
}
