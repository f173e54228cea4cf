//! Series and samples, and the one trait through which PromQL reads them, wherever they lie.
//!
//! Samples are floats; native histograms will travel in a second list beside them, so that code for floats stays as it is.

use crate::{Labels, Matcher, Timestamp};

/// The bit pattern of the value that marks a series as stale, as Prometheus defines it.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The staleness marker.
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Whether a value is the staleness marker (an ordinary NaN is not).
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// One value at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When it was taken.
    pub at: Timestamp,
    /// The value; may be NaN, infinite, or the staleness marker.
    pub value: f64,
}

/// A labelled list of samples in strictly rising time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// All labels, the metric name among them.
    pub labels: Labels,
    /// Float samples, staleness markers included.
    pub samples: Vec<Sample>,
}

/// A span of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant.
    pub start: Timestamp,
    /// The last instant.
    pub end: Timestamp,
}

/// Why series could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The answer would hold more samples than a query may touch.
    #[error("read series: more than {limit} samples; narrow the selector or the range")]
    TooManySamples {
        /// The most samples that one query may touch.
        limit: usize,
    },
    /// The source did not answer. Missing data, never "nothing is wrong".
    #[error("read series: {0}")]
    Unavailable(String),
}

/// Anything that PromQL can read.
pub trait Queryable: Send + Sync {
    /// All series that satisfy every matcher, each with its samples in `range`, in the order of their labels.
    /// A series without a sample in the range is left out.
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError>;
}
