//! How samples are fetched from a target, and how targets are found.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::relabel::RelabelRule;
use ballast_types::{Labels, Timestamp};

use crate::http_client::HttpClientSettings;

/// Something that shows its metrics over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeTarget {
    /// The scrape job that it belongs to.
    pub job: String,
    /// Absolute address of the metrics, parameters included.
    pub url: String,
    /// Labels that every sample gets (`job`, `instance`, …).
    pub labels: Labels,
    /// Labels as they were found, before relabelling.
    pub discovered: Labels,
    /// How often.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// What is the same for all targets of a job.
    pub options: Arc<ScrapeOptions>,
}

/// A format that an answer to a scrape may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScrapeProtocol {
    /// `OpenMetricsText1.0.0`
    OpenMetrics1,
    /// `OpenMetricsText0.0.1`
    OpenMetrics0,
    /// `PrometheusText1.0.0`
    Text1,
    /// `PrometheusText0.0.4`
    Text0,
}

impl ScrapeProtocol {
    /// Those that are asked for where nothing is said, most wanted first.
    pub const DEFAULT: [ScrapeProtocol; 4] = [
        ScrapeProtocol::OpenMetrics1,
        ScrapeProtocol::OpenMetrics0,
        ScrapeProtocol::Text1,
        ScrapeProtocol::Text0,
    ];
}

/// How the targets of a job are scraped. The names are those of Prometheus's scrape configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeOptions {
    /// On a conflict the target's own labels win; else they become `exported_…`.
    pub honor_labels: bool,
    /// Timestamps of the target count.
    pub honor_timestamps: bool,
    /// Series with timestamps of their own get staleness markers too.
    pub track_timestamps_staleness: bool,
    /// Most bytes of an answer, unpacked.
    pub body_bytes_max: usize,
    /// Most samples after relabelling; none where 0.
    pub sample_limit: usize,
    /// Most labels of a series; none where 0.
    pub label_limit: usize,
    /// Most bytes of a label's name; none where 0.
    pub label_name_length_limit: usize,
    /// Most bytes of a label's value; none where 0.
    pub label_value_length_limit: usize,
    /// Whether gzip is asked for.
    pub enable_compression: bool,
    /// Formats that are asked for, most wanted first.
    pub protocols: Vec<ScrapeProtocol>,
    /// The format of an answer that does not name its own.
    pub fallback_protocol: ScrapeProtocol,
    /// Why every scrape fails without a request, such as more targets than the job allows.
    pub refused: Option<String>,
    /// What is done to each series before it is kept.
    pub metric_relabelling: Vec<RelabelRule>,
    /// Credentials, TLS, proxies and redirects.
    pub client: HttpClientSettings,
}

impl Default for ScrapeOptions {
    fn default() -> Self {
        ScrapeOptions {
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            body_bytes_max: ballast_types::limits::SCRAPE_BYTES_MAX,
            sample_limit: 0,
            label_limit: 0,
            label_name_length_limit: 0,
            label_value_length_limit: 0,
            enable_compression: true,
            protocols: ScrapeProtocol::DEFAULT.to_vec(),
            fallback_protocol: ScrapeProtocol::Text0,
            refused: None,
            metric_relabelling: Vec::new(),
            client: HttpClientSettings::default(),
        }
    }
}

/// One sample of a scrape, with the target's labels merged in and relabelled.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapedSample {
    /// All labels, the metric name among them.
    pub labels: Labels,
    /// The value.
    pub value: f64,
    /// When, where the target says so itself and that counts.
    pub at: Option<Timestamp>,
}

/// What a scrape brought. Lines that could not be read are reported and do not spoil the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// The samples that are left after relabelling.
    pub samples: Vec<ScrapedSample>,
    /// How many there were before.
    pub samples_scraped: usize,
    /// Series that the scrape before had and this one has not: they are to be marked stale.
    pub gone: Vec<Labels>,
    /// Series that the scrape before had not.
    pub series_added: usize,
    /// Exemplars of the series.
    pub exemplars: Vec<(Labels, Exemplar)>,
    /// When counters say that they began.
    pub created: Vec<(Labels, Timestamp)>,
    /// What metrics are, where that is new or another than before.
    pub metadata: Vec<(Arc<str>, Metadata)>,
    /// Bytes of the answer, unpacked.
    pub body_bytes: usize,
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
    /// More samples or labels than the job allows; nothing of the scrape is kept.
    #[error("scrape {url}: {reason}")]
    OverLimit {
        /// The target.
        url: String,
        /// Which limit, and by what.
        reason: String,
    },
}

/// Fetches and parses.
pub trait Scraper: Send + Sync {
    /// Prepares to scrape a target again and again. Fails where its credentials or certificates cannot be read.
    fn open(&self, target: &ScrapeTarget) -> Result<Box<dyn ScrapeSession>, ScrapeError>;
}

/// The scrapes of one target. It remembers the series of the last one, so that a line seen before costs next to nothing.
#[async_trait]
pub trait ScrapeSession: Send + Sync {
    /// Scrapes once. `at` is the time of what has no time of its own.
    async fn scrape(&mut self, at: Timestamp) -> Result<Scrape, ScrapeError>;

    /// The series of the last scrape, which are forgotten: to be marked stale when the target fails or goes away.
    fn abandon(&mut self) -> Vec<Labels>;
}

/// Where the targets of a job come from.
#[async_trait]
pub trait TargetSource: Send {
    /// The job's name.
    fn job(&self) -> &str;

    /// Waits until the targets differ from those returned before (the first time: until they are known), and returns all.
    async fn changed(&mut self) -> TargetSet;
}

/// The targets of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetSet {
    /// Those to scrape, each once.
    pub active: Vec<ScrapeTarget>,
    /// The labels of those that relabelling dropped.
    pub dropped: Vec<Labels>,
    /// Why discovery failed, where it did; the targets are then those known before.
    pub problem: Option<String>,
}
