//! What comes with samples besides their values: exemplars, what a metric is, and what became of a batch.

use std::sync::Arc;

use crate::{Labels, Timestamp};

/// One event that stands for those that a sample counts, usually with its trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The exemplar's own labels, such as `trace_id`.
    pub labels: Labels,
    /// The event's value.
    pub value: f64,
    /// When it happened.
    pub at: Timestamp,
}

/// The types of OpenMetrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricType {
    /// Only rises, but for resets.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Cumulative buckets.
    Histogram,
    /// Buckets that may fall.
    GaugeHistogram,
    /// Quantiles made by the client.
    Summary,
    /// Constant labels.
    Info,
    /// One of several states.
    StateSet,
    /// Not said.
    #[default]
    Unknown,
}

impl MetricType {
    /// As the exposition formats write it.
    pub fn as_str(self) -> &'static str {
        match self {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
            MetricType::GaugeHistogram => "gaugehistogram",
            MetricType::Summary => "summary",
            MetricType::Info => "info",
            MetricType::StateSet => "stateset",
            MetricType::Unknown => "unknown",
        }
    }
}

/// What a metric is, as its target says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metadata {
    /// Its type.
    pub kind: MetricType,
    /// Help for people; may be empty.
    pub help: Arc<str>,
    /// Its unit; may be empty.
    pub unit: Arc<str>,
}

/// Why a sample was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refused {
    /// Older than the newest of its series, and out-of-order samples are not taken.
    OutOfOrder,
    /// Older than the window for out-of-order samples.
    TooOld,
    /// Its series has another value at that instant.
    Duplicate,
    /// Its series would exceed the limit on series.
    SeriesLimit,
    /// Its labels exceed a limit on their number or size.
    LabelLimit,
    /// Its time cannot be: too far in the future, or before what is kept.
    Timestamp,
}

impl Refused {
    /// Every reason.
    pub const ALL: [Refused; 6] = [
        Refused::OutOfOrder,
        Refused::TooOld,
        Refused::Duplicate,
        Refused::SeriesLimit,
        Refused::LabelLimit,
        Refused::Timestamp,
    ];

    /// As metrics and answers name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Refused::OutOfOrder => "out_of_order",
            Refused::TooOld => "too_old",
            Refused::Duplicate => "duplicate_timestamp",
            Refused::SeriesLimit => "series_limit",
            Refused::LabelLimit => "label_limit",
            Refused::Timestamp => "impossible_timestamp",
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Appended {
    /// Samples kept; one that its series already has counts as kept.
    pub kept: usize,
    /// Series that were not there before.
    pub series_added: usize,
    /// How many were refused for each reason, in the order of [`Refused::ALL`].
    refused: [usize; 6],
    /// The first that was refused, for a message.
    pub first_refused: Option<(Refused, Labels, Timestamp)>,
}

impl Appended {
    /// So many kept, and none refused.
    pub fn kept(kept: usize) -> Self {
        Appended { kept, ..Appended::default() }
    }

    /// Notes a sample that is not kept.
    pub fn refuse(&mut self, reason: Refused, labels: &Labels, at: Timestamp) {
        self.refused[reason as usize] += 1;
        if self.first_refused.is_none() {
            self.first_refused = Some((reason, labels.clone(), at));
        }
    }

    /// How many were refused for a reason.
    pub fn refused(&self, reason: Refused) -> usize {
        self.refused[reason as usize]
    }

    /// How many were refused.
    pub fn refused_total(&self) -> usize {
        self.refused.iter().sum()
    }

    /// Adds what became of another batch.
    pub fn add(&mut self, other: Appended) {
        self.kept += other.kept;
        self.series_added += other.series_added;
        self.refused.iter_mut().zip(other.refused).for_each(|(all, more)| *all += more);
        self.first_refused = self.first_refused.take().or(other.first_refused);
    }
}

/// What a series store holds, for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesStatistics {
    /// Series that were appended to lately.
    pub series: usize,
    /// Chunks in memory.
    pub chunks: usize,
    /// Different pairs of name and value.
    pub label_pairs: usize,
    /// The oldest and the newest sample.
    pub oldest: Option<Timestamp>,
    /// The newest sample.
    pub newest: Option<Timestamp>,
    /// Metric names with the most series, most first.
    pub series_by_metric: Vec<(Arc<str>, usize)>,
    /// Label names with the most values.
    pub values_by_label: Vec<(Arc<str>, usize)>,
    /// Label names whose values take the most bytes.
    pub bytes_by_label: Vec<(Arc<str>, usize)>,
    /// `name=value` pairs with the most series.
    pub series_by_pair: Vec<(String, usize)>,
    /// Bytes on disk.
    pub disk_bytes: u64,
}
