//! The series store, read with PromQL. Reading only.

use std::time::Duration;

use crate::manifest::find;
use crate::{Error, Label, Result, door};

/// One value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The series' labels.
    pub labels: Vec<Label>,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// The value.
    pub value: f64,
}

impl Point {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        find(&self.labels, name)
    }
}

/// One series over a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Vec<Label>,
    /// Its samples, oldest first. Steps at which it had no value are missing.
    pub samples: Vec<Sample>,
}

impl Series {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        find(&self.labels, name)
    }
}

/// One value of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// The value.
    pub value: f64,
}

/// Evaluates an expression now. A scalar comes as one point without labels.
///
/// # Errors
/// [`Invalid`](Error::Invalid) where the expression is wrong; [`Unavailable`](Error::Unavailable) where the store does
/// not answer.
pub fn query(expression: impl AsRef<str>) -> Result<Vec<Point>> {
    door::metrics::query(expression.as_ref())
}

/// The one value of an expression, or none: there is no such series, or its value is not a number (nothing over nothing).
///
/// # Errors
/// As [`query`], and [`Invalid`](Error::Invalid) where it yields several series.
pub fn query_one(expression: impl AsRef<str>) -> Result<Option<f64>> {
    let points = query(expression.as_ref())?;
    match points.as_slice() {
        [] => Ok(None),
        [point] => Ok(Some(point.value).filter(|value| !value.is_nan())),
        several => Err(Error::Invalid(format!(
            "read one value: {} yields {} series; aggregate them",
            expression.as_ref(),
            several.len()
        ))),
    }
}

/// Evaluates an expression at each step of the span that ends now.
///
/// # Errors
/// As [`query`].
pub fn query_range(expression: impl AsRef<str>, lookback: Duration, step: Duration) -> Result<Vec<Series>> {
    let points = door::metrics::query_range(expression.as_ref(), millis(lookback), millis(step))?;
    Ok(series(points))
}

/// A text as it may stand between the double quotes of a label matcher.
pub fn escape(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The points come series by series, so that a series ends where the labels change.
fn series(points: Vec<Point>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for Point { labels, at_ms, value } in points {
        let sample = Sample { at_ms, value };
        match all.last_mut() {
            Some(last) if last.labels == labels => last.samples.push(sample),
            _ => all.push(Series { labels, samples: vec![sample] }),
        }
    }
    all
}
