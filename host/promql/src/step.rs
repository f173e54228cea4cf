//! Evaluates one node of the tree at one instant, over what was fetched. The meaning of each kind of node lies in its
//! own module; here are only the selectors and the way to the others.

use std::borrow::Cow;

use ballast_types::{Labels, Sample, Series, Timestamp, series};

use crate::ast::{Expr, SelectorId};
use crate::fetch::Query;
use crate::functions::window::Bounds;
use crate::{EvalError, aggregate, binary, functions, subquery};

/// One element of an instant vector under way.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) labels: Labels,
    pub(crate) value: f64,
    /// The metric name is to be dropped from the result.
    pub(crate) drop_name: bool,
}

impl Element {
    pub(crate) fn new(labels: Labels, value: f64) -> Self {
        Element { labels, value, drop_name: false }
    }
}

/// A value under way that is no window.
#[derive(Clone, Debug)]
pub(crate) enum Partial {
    Scalar(f64),
    Vector(Vec<Element>),
    Text(String),
}

/// The samples of one series within a window, without staleness markers.
pub(crate) struct Track<'q> {
    pub(crate) labels: Labels,
    pub(crate) drop_name: bool,
    pub(crate) samples: Cow<'q, [Sample]>,
}

/// An instant of a query.
#[derive(Clone, Copy)]
pub(crate) struct Step<'q> {
    pub(crate) query: &'q Query<'q>,
    pub(crate) at_ms: i64,
}

impl<'q> Step<'q> {
    /// The value of a node that is no window; a window has none.
    pub(crate) fn value(&self, tree: &Expr) -> Result<Partial, EvalError> {
        match tree {
            Expr::Number(number) => Ok(Partial::Scalar(*number)),
            Expr::Text(text) => Ok(Partial::Text(text.clone())),
            Expr::Instant(id) => Ok(Partial::Vector(self.latest(*id).map(|(element, _)| element).collect())),
            Expr::Range(_) | Expr::Subquery(_) => Ok(Partial::Vector(Vec::new())),
            Expr::Negate(inner) => Ok(negate(self.value(inner)?)),
            Expr::Binary(binary) => binary::evaluate(self, binary),
            Expr::Aggregate(aggregate) => aggregate::evaluate(self, aggregate).map(Partial::Vector),
            Expr::Call(call) => functions::call(self, call),
        }
    }

    /// A node as a vector; a scalar or a string is none.
    pub(crate) fn vector(&self, tree: &Expr) -> Result<Vec<Element>, EvalError> {
        Ok(match self.value(tree)? {
            Partial::Vector(elements) => elements,
            Partial::Scalar(_) | Partial::Text(_) => Vec::new(),
        })
    }

    /// A node as a number; anything else is NaN.
    pub(crate) fn scalar(&self, tree: &Expr) -> Result<f64, EvalError> {
        Ok(match self.value(tree)? {
            Partial::Scalar(value) => value,
            Partial::Vector(_) | Partial::Text(_) => f64::NAN,
        })
    }

    /// The latest sample of each series within the look-back, unless that is a staleness marker; and when it was taken.
    pub(crate) fn latest(&self, id: SelectorId) -> impl Iterator<Item = (Element, Timestamp)> + 'q {
        let shift = self.query.node(id).map(|node| node.shift).unwrap_or_default();
        let end_ms = self.query.shifted(shift, self.at_ms);
        let start_ms = end_ms.saturating_sub(self.query.lookback_ms);
        self.query.series(id).iter().filter_map(move |series| {
            let sample = window(series, start_ms, end_ms).last()?;
            let fresh = !series::is_stale(sample.value);
            fresh.then(|| (Element::new(series.labels.clone(), sample.value), sample.at))
        })
    }

    /// The windows of a node that yields windows; of any other node none.
    pub(crate) fn tracks(&self, tree: &Expr) -> Result<Vec<Track<'q>>, EvalError> {
        match tree {
            Expr::Range(id) => Ok(self.range(*id)),
            Expr::Subquery(subquery) => subquery::evaluate(self, subquery),
            _ => Ok(Vec::new()),
        }
    }

    /// The bounds of the windows that [`Step::tracks`] yields.
    pub(crate) fn bounds(&self, tree: &Expr) -> Bounds {
        let (shift, range_ms) = match tree {
            Expr::Range(id) => {
                self.query.node(*id).map(|n| (n.shift, n.range_ms.unwrap_or(0))).unwrap_or_default()
            }
            Expr::Subquery(subquery) => (subquery.shift, subquery.range_ms),
            _ => Default::default(),
        };
        let end_ms = self.query.shifted(shift, self.at_ms);
        Bounds { start_ms: end_ms.saturating_sub(range_ms), end_ms }
    }

    fn range(&self, id: SelectorId) -> Vec<Track<'q>> {
        let Bounds { start_ms, end_ms } = self.bounds(&Expr::Range(id));
        let tracks = self.query.series(id).iter().map(|series| Track {
            labels: series.labels.clone(),
            drop_name: false,
            samples: without_stale(window(series, start_ms, end_ms)),
        });
        tracks.filter(|track| !track.samples.is_empty()).collect()
    }
}

/// The samples after `start_ms` up to and with `end_ms`.
fn window(series: &Series, start_ms: i64, end_ms: i64) -> &[Sample] {
    let from = series.samples.partition_point(|sample| sample.at.as_millis() <= start_ms);
    let to = series.samples.partition_point(|sample| sample.at.as_millis() <= end_ms);
    series.samples.get(from..to).unwrap_or_default()
}

fn without_stale(samples: &[Sample]) -> Cow<'_, [Sample]> {
    if samples.iter().any(|sample| series::is_stale(sample.value)) {
        return samples.iter().filter(|sample| !series::is_stale(sample.value)).copied().collect();
    }
    Cow::Borrowed(samples)
}

fn negate(value: Partial) -> Partial {
    match value {
        Partial::Scalar(number) => Partial::Scalar(-number),
        Partial::Vector(elements) => Partial::Vector(
            elements.into_iter().map(|e| Element { value: -e.value, drop_name: true, ..e }).collect(),
        ),
        Partial::Text(text) => Partial::Text(text),
    }
}
