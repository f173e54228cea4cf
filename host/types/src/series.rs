//! Series and samples, and the one trait through which PromQL reads them, wherever they lie.
//!
//! Samples are floats; native histograms will travel in a second list beside them, so that code for floats stays as it is.

use crate::summary::WindowSummary;
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

impl TimeRange {
    /// Whether an instant lies within.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at <= self.end
    }
}

/// What of each series of a selection is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want<'q> {
    /// Every sample of the range.
    Samples,
    /// The newest sample of the range, a staleness marker included.
    Latest,
    /// A summary of each of these windows, which lie within the range; they may overlap.
    Windows(&'q [TimeRange]),
}

/// One selector of a query: which series, when, and what of them.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'q> {
    /// All of them must hold.
    pub matchers: &'q [Matcher],
    /// All that is read lies within.
    pub range: TimeRange,
    /// What of it.
    pub want: Want<'q>,
}

/// A series with one summary for each window that was asked for; `None` where it has no sample in the window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowedSeries {
    /// All labels, the metric name among them.
    pub labels: Labels,
    /// In the order of the windows.
    pub windows: Vec<Option<WindowSummary>>,
}

/// What one selection found, in the order of the labels. Series without a sample in the range are left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// For [`Want::Samples`], and for [`Want::Latest`] with one sample each.
    Samples(Vec<Series>),
    /// For [`Want::Windows`].
    Windows(Vec<WindowedSeries>),
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

    /// Everything that one query reads, in the order asked. A store that can answers all selections from one state, the
    /// newest sample and summaries without reading every sample; what stands here is right for any source.
    fn read(&self, selections: &[Selection<'_>]) -> Result<Vec<Found>, QueryError> {
        let read = |selection: &Selection<'_>| {
            let series = self.select(selection.matchers, selection.range)?;
            Ok(match selection.want {
                Want::Samples => Found::Samples(series),
                Want::Latest => Found::Samples(series.into_iter().map(newest).collect()),
                Want::Windows(windows) => {
                    Found::Windows(series.into_iter().map(|series| windowed(series, windows)).collect())
                }
            })
        };
        selections.iter().map(read).collect()
    }
}

fn newest(mut series: Series) -> Series {
    series.samples.drain(..series.samples.len().saturating_sub(1));
    series
}

fn windowed(series: Series, windows: &[TimeRange]) -> WindowedSeries {
    let summary = |window: &TimeRange| {
        let from = series.samples.partition_point(|sample| sample.at < window.start);
        let to = series.samples.partition_point(|sample| sample.at <= window.end);
        WindowSummary::of(series.samples.get(from..to).unwrap_or_default())
    };
    WindowedSeries { windows: windows.iter().map(summary).collect(), labels: series.labels }
}
