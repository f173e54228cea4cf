//! What a query reads: each selector's series once, over all the instants that the query will look at.
//!
//! Nothing is evaluated here. Invariant: after [`Query::fetch`] the source is not touched again, so one query sees one
//! state of it for each selector, and the samples read count against the query's limit.

use std::cell::{Cell, RefCell};

use ballast_types::{Queryable, Series, TimeRange, Timestamp};

use crate::ast::{At, Expr, SelectorId, SelectorNode, Shift};
use crate::{EvalError, Expression, Notes, Options};

/// A query with everything that it reads.
pub(crate) struct Query<'e> {
    pub(crate) nodes: &'e [SelectorNode],
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) lookback_ms: i64,
    pub(crate) subquery_step_ms: i64,
    series: Vec<Vec<Series>>,
    samples_max: usize,
    samples: Cell<usize>,
    notes: RefCell<Notes>,
}

impl<'e> Query<'e> {
    /// Reads what the expression needs for instants from `start_ms` to `end_ms`.
    pub(crate) fn fetch(
        expression: &'e Expression,
        source: &dyn Queryable,
        start_ms: i64,
        end_ms: i64,
        options: &Options,
    ) -> Result<Self, EvalError> {
        let mut query = Query {
            nodes: expression.nodes(),
            start_ms,
            end_ms,
            lookback_ms: i64::try_from(options.lookback.as_millis()).unwrap_or(i64::MAX >> 8),
            subquery_step_ms: i64::try_from(options.subquery_step.as_millis()).unwrap_or(60_000).max(1),
            series: Vec::new(),
            samples_max: options.samples_max,
            samples: Cell::new(0),
            notes: RefCell::default(),
        };
        let mut ranges = vec![None; query.nodes.len()];
        query.plan(expression.root(), (start_ms, end_ms), &mut ranges);
        for (node, range) in query.nodes.iter().zip(ranges) {
            let found = match range {
                Some((from, to)) => source.select(&node.matchers, span(from, to))?,
                None => Vec::new(),
            };
            query.charge(found.iter().map(|series| series.samples.len()).sum())?;
            query.series.push(found);
        }
        Ok(query)
    }

    /// The series that a selector read.
    pub(crate) fn series(&self, id: SelectorId) -> &[Series] {
        self.series.get(id.0).map_or(&[], Vec::as_slice)
    }

    /// The selector itself.
    pub(crate) fn node(&self, id: SelectorId) -> Option<&'e SelectorNode> {
        self.nodes.get(id.0)
    }

    /// Counts samples that were read or made.
    pub(crate) fn charge(&self, samples: usize) -> Result<(), EvalError> {
        self.samples.set(self.samples.get().saturating_add(samples));
        if self.samples.get() > self.samples_max {
            return Err(EvalError::TooManySamples(self.samples_max));
        }
        Ok(())
    }

    /// Has something to say about the result.
    pub(crate) fn note(&self, say: impl FnOnce(&mut Notes)) {
        if let Ok(mut notes) = self.notes.try_borrow_mut() {
            say(&mut notes);
        }
    }

    /// All that was said.
    pub(crate) fn into_notes(self) -> Notes {
        self.notes.into_inner()
    }

    /// The instant that is read where `at_ms` is evaluated.
    pub(crate) fn shifted(&self, shift: Shift, at_ms: i64) -> i64 {
        let base = match shift.at {
            None => at_ms,
            Some(At::Millis(millis)) => millis,
            Some(At::Start) => self.start_ms,
            Some(At::End) => self.end_ms,
        };
        base.saturating_sub(shift.offset_ms)
    }

    /// Notes for each selector the first and last instant that it reads, both included.
    fn plan(&self, tree: &Expr, window: (i64, i64), ranges: &mut [Option<(i64, i64)>]) {
        let through = |shift: Shift, back_ms: i64| {
            (self.shifted(shift, window.0).saturating_sub(back_ms), self.shifted(shift, window.1))
        };
        match tree {
            Expr::Number(_) | Expr::Text(_) => {}
            Expr::Instant(id) | Expr::Range(id) => {
                let (Some(node), Some(slot)) = (self.nodes.get(id.0), ranges.get_mut(id.0)) else { return };
                let (from, to) = through(node.shift, node.range_ms.unwrap_or(self.lookback_ms));
                // Windows are open on the left.
                *slot = Some((from.saturating_add(1), to));
            }
            Expr::Subquery(subquery) => {
                self.plan(&subquery.inner, through(subquery.shift, subquery.range_ms), ranges);
            }
            Expr::Negate(inner) => self.plan(inner, window, ranges),
            Expr::Binary(binary) => {
                self.plan(&binary.left, window, ranges);
                self.plan(&binary.right, window, ranges);
            }
            Expr::Aggregate(aggregate) => {
                aggregate.parameter.iter().for_each(|parameter| self.plan(parameter, window, ranges));
                self.plan(&aggregate.inner, window, ranges);
            }
            Expr::Call(call) => call.arguments.iter().for_each(|a| self.plan(a, window, ranges)),
        }
    }
}

fn span(from_ms: i64, to_ms: i64) -> TimeRange {
    TimeRange { start: Timestamp::from_millis(from_ms), end: Timestamp::from_millis(to_ms) }
}
