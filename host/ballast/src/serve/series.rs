//! The series store behind its port: tsdb knows no ports, so the two are brought together here.

use std::sync::Arc;

use ballast_ports::{Selectors, SeriesStore, StoreError};
use ballast_tsdb::{SeriesDb, TsdbError};
use ballast_types::ingest::{Appended, Exemplar, Metadata, SeriesStatistics};
use ballast_types::{
    Found, Labels, Matcher, QueryError, Queryable, Sample, Selection, Series, TimeRange, Timestamp,
};

/// A series store that outlives a restart.
pub(super) struct DurableSeries(pub(super) SeriesDb);

impl Queryable for DurableSeries {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        self.0.select(matchers, range)
    }

    fn read(&self, selections: &[Selection<'_>]) -> Result<Vec<Found>, QueryError> {
        self.0.read(selections)
    }
}

impl SeriesStore for DurableSeries {
    fn append(&self, batch: &[(Labels, Sample)]) -> Result<Appended, StoreError> {
        self.0.append(batch).map_err(store_error)
    }

    fn append_created(&self, created: &[(Labels, Timestamp)]) -> Result<(), StoreError> {
        self.0.append_created(created).map_err(store_error)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.0.flush().map_err(store_error)
    }

    fn forget_before(&self, horizon: Timestamp) -> Result<(), StoreError> {
        let done = self.0.forget_before(horizon).map_err(store_error)?;
        if done.too_many_bytes > 0 {
            let blocks = done.too_many_bytes;
            tracing::warn!(blocks, "the oldest samples were dropped: they exceed `storage.retentionSize`");
        }
        Ok(())
    }

    fn series_count(&self) -> usize {
        self.0.series_count()
    }

    fn append_exemplars(&self, batch: &[(Labels, Exemplar)]) {
        if let Err(error) = self.0.append_exemplars(batch) {
            tracing::warn!(%error, "exemplars will not outlive a restart");
        }
    }

    fn exemplars(&self, selectors: Selectors<'_>, range: TimeRange) -> Vec<(Labels, Vec<Exemplar>)> {
        self.0.exemplars(selectors, range)
    }

    fn note_metadata(&self, batch: &[(Arc<str>, Metadata)]) {
        if let Err(error) = self.0.note_metadata(batch) {
            tracing::warn!(%error, "what metrics are will not outlive a restart");
        }
    }

    fn metadata(&self) -> Vec<(Arc<str>, Vec<Metadata>)> {
        self.0.metadata()
    }

    fn find(&self, selectors: Selectors<'_>, range: TimeRange) -> Result<Vec<Labels>, QueryError> {
        self.0.find(selectors, range)
    }

    fn label_names(&self, selectors: Selectors<'_>, range: TimeRange) -> Result<Vec<Arc<str>>, QueryError> {
        self.0.label_names(selectors, range)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: Selectors<'_>,
        range: TimeRange,
    ) -> Result<Vec<Arc<str>>, QueryError> {
        self.0.label_values(name, selectors, range)
    }

    fn statistics(&self, limit: usize) -> SeriesStatistics {
        self.0.statistics(limit)
    }
}

/// The same failure in the port's words.
pub(super) fn store_error(error: TsdbError) -> StoreError {
    match error {
        TsdbError::Io { action, path, source } => {
            StoreError::Io { action: format!("{action} {}", path.display()), source }
        }
        TsdbError::Locked(path) => StoreError::InUse { folder: path.display().to_string() },
    }
}
