//! Where samples are kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use ballast_types::ingest::{Appended, Exemplar, Metadata, SeriesStatistics};
use ballast_types::{Labels, Matcher, QueryError, Queryable, Sample, TimeRange, Timestamp};

use crate::StoreError;

/// Several selectors; a series counts that satisfies one of them. None at all means every series.
pub type Selectors<'q> = &'q [Vec<Matcher>];

/// A series store: appended to by scrapes, ingest and recording rules, read by PromQL.
///
/// A batch is visible as a whole once `append` returns, and outlives a crash once `flush` has returned.
pub trait SeriesStore: Queryable {
    /// Appends one sample to each of the series named.
    fn append(&self, batch: &[(Labels, Sample)]) -> Result<Appended, StoreError>;

    /// Appends a zero at the instant that each counter says it was created, where the series has nothing at or after it.
    fn append_created(&self, created: &[(Labels, Timestamp)]) -> Result<(), StoreError> {
        let zero = |(labels, at): &(Labels, Timestamp)| (labels.clone(), Sample { at: *at, value: 0.0 });
        self.append(&created.iter().map(zero).collect::<Vec<_>>()).map(|_| ())
    }

    /// Makes all that was appended outlive a crash.
    fn flush(&self) -> Result<(), StoreError>;

    /// Forgets samples before `horizon`, and the oldest beyond the store's limit on bytes. Seals and merges what is full.
    fn forget_before(&self, horizon: Timestamp) -> Result<(), StoreError>;

    /// How many series have a sample.
    fn series_count(&self) -> usize;

    /// Keeps exemplars of series, the latest of them in bounded memory.
    fn append_exemplars(&self, _batch: &[(Labels, Exemplar)]) {}

    /// The exemplars of the series that satisfy a selector, within a range, by series and in order of time.
    fn exemplars(&self, _selectors: Selectors<'_>, _range: TimeRange) -> Vec<(Labels, Vec<Exemplar>)> {
        Vec::new()
    }

    /// Notes what metrics are, by the name of their family.
    fn note_metadata(&self, _batch: &[(Arc<str>, Metadata)]) {}

    /// What is known of metrics, by name; targets that disagree have a line each.
    fn metadata(&self) -> Vec<(Arc<str>, Vec<Metadata>)> {
        Vec::new()
    }

    /// The labels of the series that satisfy a selector and have a sample in the range, in order.
    fn find(&self, selectors: Selectors<'_>, range: TimeRange) -> Result<Vec<Labels>, QueryError> {
        let every = [Vec::new()];
        let selectors = if selectors.is_empty() { &every } else { selectors };
        let mut found = BTreeSet::new();
        for matchers in selectors {
            found.extend(self.select(matchers, range)?.into_iter().map(|series| series.labels));
        }
        Ok(found.into_iter().collect())
    }

    /// The label names of those series, in order.
    fn label_names(&self, selectors: Selectors<'_>, range: TimeRange) -> Result<Vec<Arc<str>>, QueryError> {
        let found = self.find(selectors, range)?;
        let names = found.iter().flat_map(|labels| labels.pairs()).map(|(name, _)| name.clone());
        Ok(names.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// The values of one label in those series, in order.
    fn label_values(
        &self,
        name: &str,
        selectors: Selectors<'_>,
        range: TimeRange,
    ) -> Result<Vec<Arc<str>>, QueryError> {
        let found = self.find(selectors, range)?;
        let of_name =
            |labels: &Labels| labels.pairs().iter().find(|(n, _)| &**n == name).map(|(_, v)| v.clone());
        Ok(found.iter().filter_map(of_name).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// What the store holds, for people; lists are at most `limit` long.
    fn statistics(&self, _limit: usize) -> SeriesStatistics {
        SeriesStatistics { series: self.series_count(), ..SeriesStatistics::default() }
    }
}
