//! The series store behind its port: tsdb knows no ports, so the two are brought together here.

use ballast_ports::{SeriesStore, StoreError};
use ballast_tsdb::{SeriesDb, TsdbError};
use ballast_types::ingest::{Appended, Refused};
use ballast_types::{Labels, Matcher, QueryError, Queryable, Sample, Series, TimeRange, Timestamp};

/// A series store that outlives a restart.
pub(super) struct DurableSeries(pub(super) SeriesDb);

impl Queryable for DurableSeries {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        self.0.select(matchers, range)
    }
}

impl SeriesStore for DurableSeries {
    fn append(&self, batch: &[(Labels, Sample)]) -> Result<Appended, StoreError> {
        let summary = self.0.append(batch).map_err(store_error)?;
        let mut appended = Appended::kept(summary.appended);
        for _ in 0..summary.out_of_order {
            appended.refuse(Refused::OutOfOrder, &Labels::empty(), Timestamp::default());
        }
        for _ in 0..summary.over_limit {
            appended.refuse(Refused::SeriesLimit, &Labels::empty(), Timestamp::default());
        }
        Ok(appended)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.0.flush().map_err(store_error)
    }

    fn forget_before(&self, horizon: Timestamp) -> Result<(), StoreError> {
        self.0.forget_before(horizon).map_err(store_error)
    }

    fn series_count(&self) -> usize {
        self.0.series_count()
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
