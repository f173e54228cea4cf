//! What there is: series, label names and values, exemplars, metadata, and figures for people. All of it is answered from
//! memory; what lies on disk counts by the bounds that are known of it.

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata, SeriesStatistics};
use ballast_types::{Labels, Matcher, QueryError, TimeRange};

use super::SeriesDb;

impl SeriesDb {
    /// How many series have a sample in memory: those that were appended to in the last hours.
    pub fn series_count(&self) -> usize {
        self.read_state().head.len()
    }

    /// The labels of the series that satisfy one of the selectors and have a sample in the range, in order. No selector
    /// at all means every series.
    pub fn find(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Result<Vec<Labels>, QueryError> {
        let state = self.read_state();
        Ok(state.head.find(selectors, state.remembered(range)))
    }

    /// The label names of those series, in order.
    pub fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<Arc<str>>, QueryError> {
        let state = self.read_state();
        Ok(state.head.label_names(selectors, state.remembered(range)))
    }

    /// The values of one label in those series, in order.
    pub fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<Arc<str>>, QueryError> {
        let state = self.read_state();
        Ok(state.head.label_values(name, selectors, state.remembered(range)))
    }

    /// The exemplars of the series that satisfy one of the selectors, within a range, by series and in order of time.
    pub fn exemplars(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Vec<(Labels, Vec<Exemplar>)> {
        self.lock_notes().exemplars.within(selectors, range)
    }

    /// What is known of metrics, by name.
    pub fn metadata(&self) -> Vec<(Arc<str>, Vec<Metadata>)> {
        self.lock_notes().metadata.all()
    }

    /// What the store holds, for people; lists are at most `limit` long.
    pub fn statistics(&self, limit: usize) -> SeriesStatistics {
        let disk_bytes = self.disk_bytes();
        SeriesStatistics { disk_bytes, ..self.read_state().head.statistics(limit) }
    }
}
