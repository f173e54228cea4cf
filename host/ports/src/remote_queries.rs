//! How a Prometheus-compatible API that holds the samples (Mimir, Thanos, VictoriaMetrics, Prometheus) is asked.

use std::time::Duration;

use async_trait::async_trait;
use ballast_types::{Labels, Sample, Series, Timestamp};

/// What a query came to there.
#[derive(Clone, Debug, PartialEq)]
pub enum RemoteValue {
    /// A number.
    Scalar(Sample),
    /// One sample for each of several series.
    Vector(Vec<(Labels, Sample)>),
    /// Samples of several series.
    Matrix(Vec<Series>),
    /// A string.
    Text(String),
}

/// Why there is no answer that can be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The query itself is refused; asking again would not help.
    #[error("query {url}: refused: {reason}")]
    Refused {
        /// Where.
        url: String,
        /// What was said.
        reason: String,
    },
    /// Nobody answered, in spite of retries.
    #[error("query {url}: {reason}")]
    Unavailable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// A part of the data did not answer. What is missing may be what matters, so this is no answer at all.
    #[error("query {url}: the answer is partial: {reason}")]
    Partial {
        /// Where.
        url: String,
        /// What was said.
        reason: String,
    },
}

/// Evaluates PromQL where the samples are.
#[async_trait]
pub trait RemoteQueries: Send + Sync {
    /// Evaluates at an instant.
    async fn instant(&self, query: &str, at: Timestamp) -> Result<RemoteValue, RemoteError>;

    /// Evaluates at each step of a range; the end is included.
    async fn range(
        &self,
        query: &str,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<RemoteValue, RemoteError>;

    /// Evaluates instant vectors at one instant with as few requests as may be; answers in the order of the queries.
    async fn instants(&self, queries: &[String], at: Timestamp) -> Vec<Result<RemoteValue, RemoteError>>;
}
