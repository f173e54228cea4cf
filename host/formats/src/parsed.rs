//! What every decoder yields: samples and what came with them, and what was refused, why and how often.

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, Timestamp};

/// Most refusals that are kept in words; further ones are only counted.
pub const PROBLEMS_MAX: usize = 10;

/// Why something was not taken from a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It does not follow the format.
    Unreadable,
    /// The series came before in the same body; the first counts.
    DuplicateSample,
    /// More different series than the limit.
    SeriesLimit,
    /// More labels, or longer ones, than the limit.
    LabelLimit,
    /// A series without a metric name.
    MissingName,
    /// A label name that is empty or cannot be.
    InvalidLabel,
    /// One label name twice.
    DuplicateLabel,
    /// Native histograms are not kept.
    NativeHistogram,
    /// Exponential histograms are not kept.
    ExponentialHistogram,
    /// Only cumulative sums and histograms can be kept.
    DeltaTemporality,
    /// A metric or a point without data, or with data that contradict each other.
    InvalidPoint,
    /// An exemplar that breaks the format or its limits; its sample is kept.
    InvalidExemplar,
    /// A created timestamp that is not one, or on a series that cannot have one; its sample is kept.
    InvalidCreated,
}

impl Reason {
    /// As metrics and answers name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Unreadable => "unreadable",
            Reason::DuplicateSample => "duplicate_sample",
            Reason::SeriesLimit => "series_limit",
            Reason::LabelLimit => "label_limit",
            Reason::MissingName => "missing_name",
            Reason::InvalidLabel => "invalid_label",
            Reason::DuplicateLabel => "duplicate_label",
            Reason::NativeHistogram => "native_histogram",
            Reason::ExponentialHistogram => "exponential_histogram",
            Reason::DeltaTemporality => "delta_temporality",
            Reason::InvalidPoint => "invalid_point",
            Reason::InvalidExemplar => "invalid_exemplar",
            Reason::InvalidCreated => "invalid_created",
        }
    }
}

/// What was refused: counted by reason, and the first few in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    counts: Vec<(Reason, usize)>,
    problems: Vec<String>,
}

impl Refusals {
    /// Counts a refusal; `problem` says where and what, and is asked only while there is room for its words.
    pub fn refuse(&mut self, reason: Reason, problem: impl FnOnce() -> String) {
        self.refuse_many(reason, 1, problem);
    }

    /// Counts `count` refusals that share one explanation. None is no refusal.
    pub fn refuse_many(&mut self, reason: Reason, count: usize, problem: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        match self.counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, all)) => *all += count,
            None => self.counts.push((reason, count)),
        }
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem());
        }
    }

    /// How many were refused for each reason that occurred, in the order in which the reasons first occurred.
    pub fn counts(&self) -> &[(Reason, usize)] {
        &self.counts
    }

    /// How many were refused for one reason.
    pub fn count(&self, reason: Reason) -> usize {
        self.counts.iter().find(|(known, _)| *known == reason).map_or(0, |(_, count)| *count)
    }

    /// How many were refused.
    pub fn total(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The first refusals in words, at most [`PROBLEMS_MAX`].
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// What a body held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The samples, in the order of the body; staleness markers are among them.
    pub samples: Vec<(Labels, Sample)>,
    /// Exemplars and the series that they belong to.
    pub exemplars: Vec<(Labels, Exemplar)>,
    /// What the metric families are, by name.
    pub metadata: Vec<(Arc<str>, Metadata)>,
    /// Since when a series counts: it was zero then.
    pub created: Vec<(Labels, Timestamp)>,
    /// What was refused.
    pub refused: Refusals,
}

/// At most 60 characters of a text, quoted, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}
