//! What jobs push because they do not live long enough to be scraped: kept by group, and appended again at the pace of
//! scrapes until somebody deletes it, so that it does not go stale.
//!
//! The groups live in memory: after a restart a job's series end as those of a target that went away, until it pushes
//! again. Invariants: at most [`GROUPS_MAX`] groups and [`SERIES_MAX`] series are kept; a push is taken as a whole or not
//! at all; a series that is no longer pushed is marked stale at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ballast_ports::{Clock, StoreError};
use ballast_types::ingest::Metadata;
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::stale_nan;
use ballast_types::{Labels, Sample, Timestamp};

use crate::ingest::{Ingest, IngestError, Received};

/// Most groups.
pub const GROUPS_MAX: usize = 10_000;
/// Most series of all groups together.
pub const SERIES_MAX: usize = 100_000;
/// What the series of one family end in, besides the family's own name.
const SUFFIXES: [&str; 7] = ["_total", "_bucket", "_count", "_sum", "_created", "_info", "_gsum"];

/// What becomes of what the group has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushMode {
    /// All of it goes.
    Replace,
    /// Metrics that are pushed again go, the others stay.
    Merge,
}

/// Why a push is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// There would be too many groups or series.
    #[error(
        "more than {GROUPS_MAX} groups or {SERIES_MAX} series would be kept of pushes; delete what is over"
    )]
    Full,
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> From<PushError> for IngestError<E> {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Full => IngestError::Full(error.to_string()),
            PushError::Store(error) => IngestError::Store(error),
        }
    }
}

/// The series of one group by the family that they belong to.
type Families = BTreeMap<String, Vec<(Labels, f64)>>;

#[derive(Default)]
struct Group {
    families: Families,
    pushed_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    /// When it was last appended. What comes next comes later: a marker at the instant of a value would be no marker.
    shown_at: Option<Timestamp>,
}

impl Group {
    /// The present instant, or a millisecond after the last one where that is not over.
    fn next(&mut self, now: Timestamp) -> Timestamp {
        let at = self.shown_at.map_or(now, |last| now.max(last + Duration::from_millis(1)));
        self.shown_at = Some(at);
        at
    }

    /// All series as they are shown, those that tell of the pushes among them.
    fn shown(&self, of: &Labels, at: Timestamp) -> Vec<(Labels, Sample)> {
        let told = [("push_time_seconds", self.pushed_at), ("push_failure_time_seconds", self.failed_at)];
        let secs = |at: Option<Timestamp>| at.map_or(0.0, Timestamp::as_secs_f64);
        let told = told.into_iter().map(|(name, at)| (of.with(METRIC_NAME, name), secs(at)));
        let all = self.families.values().flatten().cloned().chain(told);
        all.map(|(labels, value)| (labels, Sample { at, value })).collect()
    }

    fn len(&self) -> usize {
        self.families.values().map(Vec::len).sum()
    }
}

/// All groups.
pub(crate) struct Pushes {
    ingest: Arc<Ingest>,
    clock: Arc<dyn Clock>,
    groups: Mutex<BTreeMap<Labels, Group>>,
}

impl Pushes {
    pub(crate) fn new(ingest: Arc<Ingest>, clock: Arc<dyn Clock>) -> Self {
        Pushes { ingest, clock, groups: Mutex::default() }
    }

    /// Takes a push. The group's labels win over those of the samples. Blocking.
    pub(crate) fn push(&self, of: &Labels, mode: PushMode, received: Received) -> Result<(), PushError> {
        let mut groups = self.lock();
        let mut families = families(of, &received);
        let (known, before) = match groups.get(of) {
            Some(group) => (true, group.len()),
            None => (false, 0),
        };
        if mode == PushMode::Merge
            && let Some(group) = groups.get(of)
        {
            let stays = group.families.iter().filter(|(name, _)| !families.contains_key(*name));
            let stays: Families = stays.map(|(name, series)| (name.clone(), series.clone())).collect();
            families.extend(stays);
        }
        let after: usize = families.values().map(Vec::len).sum();
        let others = groups.values().map(Group::len).sum::<usize>() - before;
        if others + after > SERIES_MAX || (!known && groups.len() >= GROUPS_MAX) {
            return Err(PushError::Full);
        }
        let now = self.clock.now();
        let group = groups.entry(of.clone()).or_default();
        let gone = std::mem::replace(&mut group.families, families);
        group.pushed_at = Some(now);
        let at = group.next(now);
        let gone = gone.into_values().flatten().map(|(labels, _)| labels);
        Ok(self.append(group.shown(of, at), gone, received.metadata, at)?)
    }

    /// Notes that a push could not be read.
    pub(crate) fn failed(&self, of: &Labels) {
        let mut groups = self.lock();
        if groups.contains_key(of) || groups.len() < GROUPS_MAX {
            groups.entry(of.clone()).or_default().failed_at = Some(self.clock.now());
        }
    }

    /// Forgets a group. Blocking.
    pub(crate) fn delete(&self, of: &Labels) -> Result<(), PushError> {
        let mut groups = self.lock();
        if let Some(mut group) = groups.remove(of) {
            let at = group.next(self.clock.now());
            let gone = group.shown(of, at).into_iter().map(|(labels, _)| labels);
            self.append(Vec::new(), gone, Vec::new(), at)?;
        }
        Ok(())
    }

    /// Appends everything again. Blocking.
    fn show(&self) -> Result<(), StoreError> {
        let (now, mut shown) = (self.clock.now(), Vec::new());
        // Held until all is appended: what is deleted meanwhile must not be shown once more.
        let mut groups = self.lock();
        for (of, group) in groups.iter_mut() {
            let at = group.next(now);
            shown.extend(group.shown(of, at));
        }
        self.append(shown, std::iter::empty(), Vec::new(), now)
    }

    /// Appends samples, and marks stale what is gone.
    fn append(
        &self,
        mut samples: Vec<(Labels, Sample)>,
        gone: impl Iterator<Item = Labels>,
        metadata: Vec<(Arc<str>, Metadata)>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let there: BTreeSet<Labels> = samples.iter().map(|(labels, _)| labels.clone()).collect();
        let ended = gone.filter(|labels| !there.contains(labels));
        samples.extend(ended.map(|labels| (labels, Sample { at, value: stale_nan() })));
        self.ingest.keep(Received { samples, metadata, ..Received::default() }).map(|_| ())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Labels, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends everything again at a steady pace.
pub(crate) async fn run(pushes: Arc<Pushes>, interval: Duration) {
    loop {
        pushes.clock.sleep_until(pushes.clock.now() + interval).await;
        let again = pushes.clone();
        match tokio::task::spawn_blocking(move || again.show()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot append what was pushed"),
            Err(error) => tracing::error!(%error, "appending what was pushed broke off"),
        }
    }
}

/// The samples of a push by family, under the group's labels.
fn families(of: &Labels, received: &Received) -> Families {
    let known: BTreeSet<&str> = received.metadata.iter().map(|(name, _)| &**name).collect();
    let mut families = Families::new();
    for (labels, sample) in &received.samples {
        let labels = labels.with_all(of.iter());
        let name = labels.metric_name().unwrap_or_default();
        let stems = SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix));
        let family = stems.into_iter().find(|stem| known.contains(stem)).unwrap_or(name).to_owned();
        families.entry(family).or_default().push((labels, sample.value));
    }
    families
}
