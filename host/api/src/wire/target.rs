//! Scrape targets.

use ballast_engine::TargetStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{Instant, millis};

/// A scrape target and how its last scrape went.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    url: String,
    service: String,
    /// Whether the last scrape succeeded; null before the first.
    up: Option<bool>,
    scraped_at: Instant,
    took_ms: u64,
    /// How many samples it brought.
    samples: usize,
    /// Why it failed, or the lines that were refused.
    problems: Vec<String>,
}

impl From<&TargetStatus> for Target {
    fn from(target: &TargetStatus) -> Self {
        Target {
            url: target.target.url.clone(),
            service: target.service.to_string(),
            up: target.up,
            scraped_at: Instant(target.scraped_at),
            took_ms: millis(target.took),
            samples: target.samples,
            problems: target.problems.clone(),
        }
    }
}

/// All targets that were scraped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetList {
    /// By address.
    pub(crate) targets: Vec<Target>,
}
