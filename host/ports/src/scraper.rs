//! How samples are fetched from a target.

use std::time::Duration;

use async_trait::async_trait;
use ballast_types::{Labels, Timestamp};

/// Something that shows its metrics over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeTarget {
    /// Absolute address of the metrics.
    pub url: String,
    /// Labels that every sample gets (`job`, `instance`, …).
    pub labels: Labels,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Most bytes of an answer.
    pub body_bytes_max: usize,
}

/// One sample of a scrape, with the target's labels merged in.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapedSample {
    /// All labels, the metric name among them.
    pub labels: Labels,
    /// The value.
    pub value: f64,
    /// When, where the target says so itself.
    pub at: Option<Timestamp>,
}

/// What a scrape brought. Lines that could not be read are reported and do not spoil the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// The samples.
    pub samples: Vec<ScrapedSample>,
    /// `line 7: …` for each line that could not be read, at most ten.
    pub problems: Vec<String>,
    /// How many lines could not be read.
    pub lines_refused: usize,
}

/// Why a scrape brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScrapeError {
    /// No answer.
    #[error("scrape {url}: {reason}")]
    Unreachable {
        /// The target.
        url: String,
        /// Why.
        reason: String,
    },
    /// An answer that is not the text format (a web page, a login form, a protocol that was not asked for).
    #[error("scrape {url}: {reason}")]
    NotMetrics {
        /// The target.
        url: String,
        /// What came instead.
        reason: String,
    },
    /// More than may be read.
    #[error("scrape {url}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The target.
        url: String,
        /// The limit.
        limit: usize,
    },
}

/// Fetches and parses.
#[async_trait]
pub trait Scraper: Send + Sync {
    /// Scrapes a target once.
    async fn scrape(&self, target: &ScrapeTarget) -> Result<Scrape, ScrapeError>;
}
