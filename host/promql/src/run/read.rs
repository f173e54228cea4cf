//! The reads of a schedule, in one call of the source.

use std::sync::Arc;

use ballast_types::{Found, Queryable, Selection, Series, TimeRange, Want, WindowedSeries};

use super::Budget;
use crate::EvalError;
use crate::plan::{Read, Wants, span};

/// What one read found.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Samples(Arc<Vec<Series>>),
    Windows(Arc<Vec<WindowedSeries>>),
}

/// Reads everything, and takes it into account.
pub(super) fn read(reads: &[Read], source: &dyn Queryable, budget: &Budget) -> Result<Vec<Held>, EvalError> {
    if reads.is_empty() {
        return Ok(Vec::new());
    }
    let windows: Vec<Vec<TimeRange>> = reads.iter().map(windows).collect();
    let wanted: Vec<(TimeRange, Want<'_>)> = reads.iter().zip(&windows).map(wanted).collect();
    let selections: Vec<Selection<'_>> = reads
        .iter()
        .zip(wanted)
        .map(|(read, (range, want))| Selection { matchers: &read.matchers.0, range, want })
        .collect();
    let held: Vec<Held> = source.read(&selections)?.into_iter().map(Held::from).collect();
    budget.charge(held.iter().map(Held::size).sum())?;
    Ok(held)
}

fn wanted<'w>((read, windows): (&Read, &'w Vec<TimeRange>)) -> (TimeRange, Want<'w>) {
    let want = match &read.wants {
        Wants::Samples => Want::Samples,
        Wants::Latest => Want::Latest,
        Wants::Windows(_) => Want::Windows(windows),
    };
    (read.range(), want)
}

fn windows(read: &Read) -> Vec<TimeRange> {
    match &read.wants {
        Wants::Windows(windows) => windows.iter().map(|(start, end)| span(*start, *end)).collect(),
        Wants::Samples | Wants::Latest => Vec::new(),
    }
}

impl From<Found> for Held {
    fn from(found: Found) -> Self {
        match found {
            Found::Samples(series) => Held::Samples(Arc::new(series)),
            Found::Windows(series) => Held::Windows(Arc::new(series)),
        }
    }
}

impl Held {
    fn size(&self) -> usize {
        match self {
            Held::Samples(series) => series.iter().map(|series| series.samples.len()).sum(),
            Held::Windows(series) => series.iter().map(|series| series.windows.len()).sum(),
        }
    }

    /// The series, where samples were asked for.
    pub(super) fn series(&self) -> Arc<Vec<Series>> {
        match self {
            Held::Samples(series) => series.clone(),
            Held::Windows(_) => Arc::default(),
        }
    }
}
