//! The series store behind its port: tsdb knows no ports, so the two are brought together here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ballast_ports::{Selectors, SeriesStore, StoreError};
use ballast_tsdb::{SeriesDb, TsdbError};
use ballast_types::ingest::{Appended, Exemplar, Metadata, SeriesStatistics};
use ballast_types::{
    Found, Labels, Matcher, QueryError, Queryable, Sample, Selection, Series, TimeRange, Timestamp,
};

/// A series store that outlives a restart.
pub(super) struct DurableSeries {
    db: SeriesDb,
    /// How many damaged parts were told.
    damaged_told: AtomicUsize,
}

impl DurableSeries {
    pub(super) fn new(db: SeriesDb) -> Self {
        DurableSeries { db, damaged_told: AtomicUsize::new(0) }
    }

    /// Parts of blocks that were found damaged while they were read.
    fn tell_damage(&self) {
        let damaged = self.db.damaged_parts();
        if self.damaged_told.swap(damaged, Ordering::Relaxed) < damaged {
            tracing::warn!(damaged, "parts of the series store cannot be read; going on with the rest");
        }
    }
}

impl Queryable for DurableSeries {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        self.db.select(matchers, range)
    }

    fn read(&self, selections: &[Selection<'_>]) -> Result<Vec<Found>, QueryError> {
        self.db.read(selections)
    }
}

impl SeriesStore for DurableSeries {
    fn append(&self, batch: &[(Labels, Sample)]) -> Result<Appended, StoreError> {
        self.db.append(batch).map_err(store_error)
    }

    fn append_created(&self, created: &[(Labels, Timestamp)]) -> Result<(), StoreError> {
        self.db.append_created(created).map_err(store_error)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(store_error)
    }

    fn forget_before(&self, horizon: Timestamp) -> Result<(), StoreError> {
        self.tell_damage();
        let done = self.db.forget_before(horizon).map_err(store_error)?;
        if done.too_many_bytes > 0 {
            let blocks = done.too_many_bytes;
            tracing::warn!(blocks, "the oldest samples were dropped: they exceed `storage.retentionSize`");
        }
        Ok(())
    }

    fn series_count(&self) -> usize {
        self.db.series_count()
    }

    fn append_exemplars(&self, batch: &[(Labels, Exemplar)]) {
        if let Err(error) = self.db.append_exemplars(batch) {
            tracing::warn!(%error, "exemplars will not outlive a restart");
        }
    }

    fn exemplars(&self, selectors: Selectors<'_>, range: TimeRange) -> Vec<(Labels, Vec<Exemplar>)> {
        self.db.exemplars(selectors, range)
    }

    fn note_metadata(&self, batch: &[(Arc<str>, Metadata)]) {
        if let Err(error) = self.db.note_metadata(batch) {
            tracing::warn!(%error, "what metrics are will not outlive a restart");
        }
    }

    fn metadata(&self) -> Vec<(Arc<str>, Vec<Metadata>)> {
        self.db.metadata()
    }

    fn find(&self, selectors: Selectors<'_>, range: TimeRange) -> Result<Vec<Labels>, QueryError> {
        self.db.find(selectors, range)
    }

    fn label_names(&self, selectors: Selectors<'_>, range: TimeRange) -> Result<Vec<Arc<str>>, QueryError> {
        self.db.label_names(selectors, range)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: Selectors<'_>,
        range: TimeRange,
    ) -> Result<Vec<Arc<str>>, QueryError> {
        self.db.label_values(name, selectors, range)
    }

    fn statistics(&self, limit: usize) -> SeriesStatistics {
        self.db.statistics(limit)
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
