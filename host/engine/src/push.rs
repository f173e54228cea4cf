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
}

impl Group {
    /// All series as they are shown, those that tell of the pushes among them.
    fn shown(&self, of: &Labels) -> Vec<(Labels, f64)> {
        let told = [("push_time_seconds", self.pushed_at), ("push_failure_time_seconds", self.failed_at)];
        let secs = |at: Option<Timestamp>| at.map_or(0.0, Timestamp::as_secs_f64);
        let told = told.into_iter().map(|(name, at)| (of.with(METRIC_NAME, name), secs(at)));
        self.families.values().flatten().cloned().chain(told).collect()
    }

    fn len(&self) -> usize {
        self.families.values().map(Vec::len).sum()
    }
}

/// All groups.
pub(crate) struct Pushes {
    ingest: Arc<Ingest>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    groups: BTreeMap<Labels, Group>,
    /// When something was last appended. What comes next comes later: a marker at the instant of a value is no marker.
    appended_at: Option<Timestamp>,
}

impl Pushes {
    pub(crate) fn new(ingest: Arc<Ingest>, clock: Arc<dyn Clock>) -> Self {
        Pushes { ingest, clock, state: Mutex::default() }
    }

    /// Takes a push. The group's labels win over those of the samples. Blocking.
    pub(crate) fn push(&self, of: &Labels, mode: PushMode, received: Received) -> Result<(), PushError> {
        let mut state = self.lock();
        let State { groups, appended_at } = &mut *state;
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
        let shown = group.shown(of);
        let at = later(now, appended_at);
        Ok(self.append(shown, gone.into_values().flatten(), received.metadata, at)?)
    }

    /// Notes that a push could not be read.
    pub(crate) fn failed(&self, of: &Labels) {
        let groups = &mut self.lock().groups;
        if groups.contains_key(of) || groups.len() < GROUPS_MAX {
            groups.entry(of.clone()).or_default().failed_at = Some(self.clock.now());
        }
    }

    /// Forgets a group. Blocking.
    pub(crate) fn delete(&self, of: &Labels) -> Result<(), PushError> {
        let State { groups, appended_at } = &mut *self.lock();
        if let Some(group) = groups.remove(of) {
            let at = later(self.clock.now(), appended_at);
            self.append(Vec::new(), group.shown(of).into_iter(), Vec::new(), at)?;
        }
        Ok(())
    }

    /// Appends everything again. Blocking.
    fn show(&self) -> Result<(), StoreError> {
        let State { groups, appended_at } = &mut *self.lock();
        let shown = groups.iter().flat_map(|(of, group)| group.shown(of)).collect();
        self.append(shown, std::iter::empty(), Vec::new(), later(self.clock.now(), appended_at))
    }

    /// Appends values, and marks stale what is gone.
    fn append(
        &self,
        shown: Vec<(Labels, f64)>,
        gone: impl Iterator<Item = (Labels, f64)>,
        metadata: Vec<(Arc<str>, Metadata)>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let there: BTreeSet<&Labels> = shown.iter().map(|(labels, _)| labels).collect();
        let gone: Vec<Labels> = gone.map(|(labels, _)| labels).filter(|one| !there.contains(one)).collect();
        let ended = gone.into_iter().map(|labels| (labels, Sample { at, value: stale_nan() }));
        let samples = shown.iter().map(|(labels, value)| (labels.clone(), Sample { at, value: *value }));
        let samples = samples.chain(ended).collect();
        self.ingest.keep(Received { samples, metadata, ..Received::default() }).map(|_| ())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present instant, or a millisecond after the last one where that is not over.
fn later(now: Timestamp, last: &mut Option<Timestamp>) -> Timestamp {
    let at = last.map_or(now, |last| now.max(last + Duration::from_millis(1)));
    *last = Some(at);
    at
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
