//! What is known of targets and jobs, for people and the API.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ballast_ports::{ScrapeTarget, TargetSet};
use ballast_types::{Labels, ServiceName, Timestamp};

/// What is known of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetStatus {
    /// What is scraped.
    pub target: ScrapeTarget,
    /// Whose it is.
    pub service: ServiceName,
    /// Whether the last scrape succeeded; `None` before the first.
    pub up: Option<bool>,
    /// When the last scrape began; the epoch before the first.
    pub scraped_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How many samples it brought.
    pub samples: usize,
    /// Why it failed, or why not all of it could be kept.
    pub error: Option<String>,
    /// What was wrong: why it failed, or the lines and samples that were refused.
    pub problems: Vec<String>,
}

/// What is known of a job whose targets are discovered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobStatus {
    /// The labels of the targets that relabelling dropped.
    pub dropped: Vec<Labels>,
    /// Why discovery fails, where it does.
    pub problem: Option<String>,
}

/// A target is told by where it is and by what its samples get.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TargetKey {
    job: String,
    url: String,
    labels: Labels,
}

impl TargetKey {
    pub(crate) fn of(target: &ScrapeTarget) -> Self {
        TargetKey { job: target.job.clone(), url: target.url.clone(), labels: target.labels.clone() }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    targets: Mutex<BTreeMap<TargetKey, TargetStatus>>,
    jobs: Mutex<BTreeMap<String, JobStatus>>,
}

impl Statuses {
    /// Notes a target's status and returns the one before.
    pub(crate) fn note(&self, status: TargetStatus) -> Option<TargetStatus> {
        lock(&self.targets).insert(TargetKey::of(&status.target), status)
    }

    /// Forgets a target that went away.
    pub(crate) fn forget(&self, key: &TargetKey) {
        lock(&self.targets).remove(key);
    }

    /// Notes what discovery of a job brought.
    pub(crate) fn discovered(&self, job: &str, set: &TargetSet) {
        let status = JobStatus { dropped: set.dropped.clone(), problem: set.problem.clone() };
        lock(&self.jobs).insert(job.to_owned(), status);
    }

    /// All targets, by job and address.
    pub(crate) fn targets(&self) -> Vec<TargetStatus> {
        lock(&self.targets).values().cloned().collect()
    }

    /// All jobs with discovery, by name.
    pub(crate) fn jobs(&self) -> BTreeMap<String, JobStatus> {
        lock(&self.jobs).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
