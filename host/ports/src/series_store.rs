//! Where samples are kept.

use ballast_types::{Labels, Queryable, Sample, Timestamp};

use crate::StoreError;

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendSummary {
    /// Samples kept.
    pub appended: usize,
    /// Samples older than what their series already has, or equal to it in time with another value.
    pub out_of_order: usize,
    /// Samples whose series would have exceeded the limit on series.
    pub over_limit: usize,
}

/// A series store: appended to by scrapes and recording rules, read by PromQL.
///
/// A batch is visible as a whole once `append` returns, and outlives a crash once `flush` has returned.
pub trait SeriesStore: Queryable {
    /// Appends one sample to each of the series named.
    fn append(&self, batch: &[(Labels, Sample)]) -> Result<AppendSummary, StoreError>;

    /// Makes all that was appended outlive a crash.
    fn flush(&self) -> Result<(), StoreError>;

    /// Forgets samples before `horizon`.
    fn forget_before(&self, horizon: Timestamp) -> Result<(), StoreError>;

    /// How many series have a sample.
    fn series_count(&self) -> usize;
}
