//! All series in memory: by id, by labels, and by each of their labels. It decides what is appended; it writes nothing.
//!
//! Invariant: the index names exactly the series that are there, and each of them has a sample or is about to get one.

mod columns;
mod index;
mod series;

use std::collections::HashMap;

use ballast_types::{Labels, Matcher, QueryError, Sample, Series, TimeRange, Timestamp};

use index::Index;
use series::HeadSeries;

/// A series within this head; later series have larger ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SeriesId(u64);

/// What becomes of one sample of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is to be logged and applied.
    Append(SeriesId),
    /// The series has that very sample already.
    Repeated,
    /// Older than the newest of its series, or of the same instant with another value.
    OutOfOrder,
    /// A new series, and there are as many as there may be.
    OverLimit,
}

impl SeriesId {
    /// The id as the log writes it.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// The series in memory.
#[derive(Debug, Default)]
pub(crate) struct Head {
    series: HashMap<SeriesId, HeadSeries>,
    ids: HashMap<Labels, SeriesId>,
    index: Index,
    next_id: u64,
}

impl Head {
    /// Judges a sample and reserves its place, so that the next of the same batch is judged against it.
    pub(crate) fn reserve(&mut self, labels: &Labels, sample: Sample, series_max: usize) -> Verdict {
        let id = match self.ids.get(labels) {
            Some(id) => *id,
            None if self.series.len() >= series_max => return Verdict::OverLimit,
            None => self.create(labels.clone()),
        };
        self.series.get_mut(&id).map_or(Verdict::OutOfOrder, |series| series.reserve(id, sample))
    }

    /// Makes a reserved sample visible.
    pub(crate) fn apply(&mut self, id: SeriesId, sample: Sample, chunk_samples: usize) {
        if let Some(series) = self.series.get_mut(&id) {
            series.push(sample, chunk_samples);
        }
    }

    /// Takes back what was reserved and never applied.
    pub(crate) fn release(&mut self) {
        self.series.values_mut().for_each(HeadSeries::release);
        self.drop_empty();
    }

    /// The labels of a series.
    pub(crate) fn labels(&self, id: SeriesId) -> Option<&Labels> {
        self.series.get(&id).map(HeadSeries::labels)
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }

    /// How many samples there are.
    pub(crate) fn sample_count(&self) -> usize {
        self.series.values().map(HeadSeries::sample_count).sum()
    }

    /// All series with their samples, for a checkpoint.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SeriesId, &HeadSeries)> {
        self.series.iter().map(|(id, series)| (*id, series))
    }

    /// Drops the samples before an instant, and the series that are left without one.
    pub(crate) fn forget_before(&mut self, horizon: Timestamp) {
        self.series.values_mut().for_each(|series| series.forget_before(horizon));
        self.drop_empty();
    }

    /// The series that satisfy all matchers, with their samples in a range, in the order of their labels.
    pub(crate) fn select(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        samples_max: usize,
    ) -> Result<Vec<Series>, QueryError> {
        let mut found: Vec<&HeadSeries> = match self.index.candidates(matchers) {
            Some(ids) => ids.iter().filter_map(|id| self.series.get(id)).collect(),
            None => self.series.values().collect(),
        };
        found.retain(|series| matchers.iter().all(|matcher| matcher.matches(series.labels())));
        let samples: usize = found.iter().map(|series| series.count_in(range)).sum();
        if samples > samples_max {
            return Err(QueryError::TooManySamples { limit: samples_max });
        }
        found.sort_by(|a, b| a.labels().cmp(b.labels()));
        let cut =
            found.into_iter().map(|s| Series { labels: s.labels().clone(), samples: s.samples_in(range) });
        Ok(cut.filter(|series| !series.samples.is_empty()).collect())
    }

    fn create(&mut self, labels: Labels) -> SeriesId {
        let id = SeriesId(self.next_id);
        self.next_id += 1;
        self.index.add(id, &labels);
        self.ids.insert(labels.clone(), id);
        self.series.insert(id, HeadSeries::new(labels));
        id
    }

    fn drop_empty(&mut self) {
        let (index, ids) = (&mut self.index, &mut self.ids);
        self.series.retain(|id, series| {
            let keep = series.sample_count() > 0;
            if !keep {
                index.remove(*id, series.labels());
                ids.remove(series.labels());
            }
            keep
        });
    }
}
