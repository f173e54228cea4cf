//! Scrape targets in the shape of Prometheus's API.

use std::collections::BTreeMap;

use ballast_engine::{JobStatus, TargetStatus};
use ballast_types::format_duration;
use serde_json::{Value as Json, json};

use crate::wire::scalar::{Instant, labels};

/// What Go writes for a time that never was; clients parse it.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

/// A target that is scraped.
pub(crate) fn active(status: &TargetStatus) -> Json {
    let target = &status.target;
    let last = if status.up.is_some() { Instant(status.scraped_at).text() } else { NEVER.to_owned() };
    json!({
        "discoveredLabels": labels(&target.discovered),
        "labels": labels(&target.labels),
        "scrapePool": target.job,
        "scrapeUrl": target.url,
        "globalUrl": target.url,
        "lastError": status.error.as_deref().unwrap_or_default(),
        "lastScrape": last,
        "lastScrapeDuration": status.took.as_secs_f64(),
        "health": health(status),
        "scrapeInterval": format_duration(target.interval),
        "scrapeTimeout": format_duration(target.timeout),
    })
}

fn health(status: &TargetStatus) -> &'static str {
    match status.up {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    }
}

/// The targets that relabelling dropped, of one pool or of all.
pub(crate) fn dropped(jobs: &BTreeMap<String, JobStatus>, pool: Option<&str>) -> Vec<Json> {
    let wanted = jobs.iter().filter(|(job, _)| pool.is_none_or(|pool| pool == job.as_str()));
    let of_job = |(job, status): (&String, &JobStatus)| {
        let one = |found| json!({ "discoveredLabels": labels(found), "scrapePool": job });
        status.dropped.iter().map(one).collect::<Vec<_>>()
    };
    wanted.flat_map(of_job).collect()
}

/// How many were dropped in each pool.
pub(crate) fn dropped_counts(jobs: &BTreeMap<String, JobStatus>) -> BTreeMap<&str, usize> {
    jobs.iter().map(|(job, status)| (job.as_str(), status.dropped.len())).collect()
}
