//! Reads: what the head has is taken under the lock, in one go for all selections; what blocks have is read after it.
//!
//! Blocks never change and the list of them is taken with the head, so that a read is of one state however long it lasts.
//! The head's samples are later than those of blocks, so that answers are put together in the order of time.

use std::sync::Arc;

use ballast_types::series::{Found, Selection, Want, WindowedSeries};
use ballast_types::{Labels, Matcher, QueryError, Queryable, Sample, Series, TimeRange, WindowSummary};

use super::{SeriesDb, State};
use crate::block::{Block, BlockCache, BlockSeries};
use crate::chunk::merged;
use crate::head::{HeadSeries, SeriesId};
use crate::windows;

/// What a summary of a window is worth in samples, against the limit.
const SAMPLES_PER_WINDOW: usize = 6;
/// Where a window touches more samples than this, summaries are quicker than a look at each sample.
const SAMPLES_PER_DENSE_WINDOW: usize = 64;

impl Queryable for SeriesDb {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        let found = self.read(&[Selection { matchers, range, want: Want::Samples }])?;
        Ok(found.into_iter().flat_map(series_of).collect())
    }

    fn read(&self, selections: &[Selection<'_>]) -> Result<Vec<Found>, QueryError> {
        let (mut budget, cache) = (Budget::new(self.options.samples_per_read_max), &self.cache);
        let (blocks, taken) = {
            let state = self.read_state();
            if selections.iter().all(|selection| state.is_young(selection.range)) {
                return state.head.read(selections, self.options.samples_per_read_max);
            }
            let taken: Result<Vec<Taken>, QueryError> =
                selections.iter().map(|selection| Taken::of(&state, selection, &mut budget)).collect();
            (state.blocks.clone(), taken?)
        };
        let read = |(taken, selection): (Taken, &Selection<'_>)| {
            taken.complete(&blocks, selection.want, cache, &mut budget)
        };
        taken.into_iter().zip(selections).map(read).collect()
    }
}

fn series_of(found: Found) -> Vec<Series> {
    match found {
        Found::Samples(series) => series,
        Found::Windows(_) => Vec::new(),
    }
}

/// How many samples a read may still touch.
struct Budget {
    limit: usize,
    left: usize,
}

impl Budget {
    fn new(limit: usize) -> Self {
        Budget { limit, left: limit }
    }

    fn spend(&mut self, samples: usize) -> Result<(), QueryError> {
        match self.left.checked_sub(samples) {
            Some(left) => self.left = left,
            None => return Err(QueryError::TooManySamples { limit: self.limit }),
        }
        Ok(())
    }

    /// Fails where so many are too many, without spending them.
    fn allows(&self, samples: usize) -> Result<(), QueryError> {
        match samples > self.left {
            true => Err(QueryError::TooManySamples { limit: self.limit }),
            false => Ok(()),
        }
    }
}

/// A selection with what the head had of it.
struct Taken {
    /// What is not forgotten of the selection's range.
    range: TimeRange,
    /// Whether blocks can have anything of it.
    is_old: bool,
    /// In the order of labels.
    series: Vec<(SeriesId, Labels, FromHead)>,
}

enum FromHead {
    Samples(Vec<Sample>),
    Windows(Vec<Option<WindowSummary>>),
}

impl Taken {
    fn of(state: &State, selection: &Selection<'_>, budget: &mut Budget) -> Result<Taken, QueryError> {
        let (range, young) = (state.remembered(selection.range), state.of_head(selection.range));
        let is_old = range.start < state.persisted && !state.blocks.is_empty();
        let ids = state.head.matching(selection.matchers);
        if selection.want == Want::Samples {
            let at_least = |series: &HeadSeries| series.count_whole(young);
            let found = ids.iter().filter_map(|id| state.head.series(*id));
            budget.allows(found.map(at_least).sum())?;
        }
        if let Want::Windows(windows) = selection.want {
            budget.allows(windows.len().saturating_mul(ids.len()).saturating_mul(SAMPLES_PER_WINDOW))?;
        }
        let mut series = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(known) = state.head.series(id) else { continue };
            let found = from_head(known, selection.want, young, state);
            if let FromHead::Samples(samples) = &found {
                budget.spend(samples.len())?;
            }
            if is_old || !found.is_empty() {
                series.push((id, known.labels().clone(), found));
            }
        }
        if let Want::Windows(windows) = selection.want {
            budget.spend(windows.len().saturating_mul(series.len()).saturating_mul(SAMPLES_PER_WINDOW))?;
        }
        Ok(Taken { range, is_old, series })
    }

    fn complete(
        self,
        blocks: &[Arc<Block>],
        want: Want<'_>,
        cache: &BlockCache,
        budget: &mut Budget,
    ) -> Result<Found, QueryError> {
        let Taken { range, is_old, mut series } = self;
        if is_old {
            let reach = |block: &&Arc<Block>| block.meta.start <= range.end && range.start < block.meta.end;
            let blocks: Vec<&Block> = blocks.iter().filter(reach).map(|block| &**block).collect();
            let old = Old { blocks, range, cache };
            if want == Want::Samples {
                let at_least: usize = series.iter().map(|(id, ..)| old.count_at_least(*id)).sum();
                budget.allows(at_least)?;
            }
            for (id, _, found) in &mut series {
                old.add_to(*id, found, want, budget)?;
            }
            series.retain(|(.., found)| !found.is_empty());
        }
        Ok(found(series, want))
    }
}

fn from_head(series: &HeadSeries, want: Want<'_>, range: TimeRange, state: &State) -> FromHead {
    match want {
        Want::Samples => {
            let mut samples = Vec::new();
            series.samples_in(range, &mut samples);
            FromHead::Samples(samples)
        }
        Want::Latest => FromHead::Samples(series.latest_in(range).into_iter().collect()),
        Want::Windows(windows) => {
            let whole = windows.iter().all(|window| window.start >= range.start);
            FromHead::Windows(match whole {
                true => series.windows_of(range, windows),
                false => {
                    let cut: Vec<TimeRange> = windows.iter().map(|window| state.of_head(*window)).collect();
                    series.windows_of(range, &cut)
                }
            })
        }
    }
}

impl FromHead {
    fn is_empty(&self) -> bool {
        match self {
            FromHead::Samples(samples) => samples.is_empty(),
            FromHead::Windows(windows) => windows.iter().all(Option::is_none),
        }
    }
}

fn found(series: Vec<(SeriesId, Labels, FromHead)>, want: Want<'_>) -> Found {
    match want {
        Want::Samples | Want::Latest => {
            let one = |(_, labels, found)| match found {
                FromHead::Samples(samples) => Some(Series { labels, samples }),
                FromHead::Windows(_) => None,
            };
            Found::Samples(series.into_iter().filter_map(one).collect())
        }
        Want::Windows(_) => {
            let one = |(_, labels, found)| match found {
                FromHead::Windows(windows) => Some(WindowedSeries { labels, windows }),
                FromHead::Samples(_) => None,
            };
            Found::Windows(series.into_iter().filter_map(one).collect())
        }
    }
}

/// The blocks that a selection reaches, in order of time.
struct Old<'b> {
    blocks: Vec<&'b Block>,
    range: TimeRange,
    cache: &'b BlockCache,
}

impl<'b> Old<'b> {
    /// A series' parts in order of time.
    fn parts(&self, id: SeriesId) -> Vec<BlockSeries<'b>> {
        let (cache, range) = (self.cache, self.range);
        let parts = self.blocks.iter().filter_map(|block| block.find(id, cache));
        parts.filter(|part| part.overlaps(range)).collect()
    }

    fn count_at_least(&self, id: SeriesId) -> usize {
        let range = self.range;
        self.parts(id).iter().map(|part| part.count_at_least(range)).sum()
    }

    fn add_to(
        &self,
        id: SeriesId,
        found: &mut FromHead,
        want: Want<'_>,
        budget: &mut Budget,
    ) -> Result<(), QueryError> {
        match found {
            FromHead::Samples(newer) if want == Want::Latest => {
                if newer.is_empty() {
                    newer.extend(self.latest(id));
                }
            }
            FromHead::Samples(newer) => {
                let mut samples = Vec::new();
                self.parts(id).iter().for_each(|part| part.collect(self.range, &mut samples));
                budget.spend(samples.len())?;
                samples.append(newer);
                *newer = samples;
            }
            FromHead::Windows(newer) => {
                let Want::Windows(windows) = want else { return Ok(()) };
                let older = self.windows(id, windows);
                for (older, newer) in older.into_iter().zip(newer) {
                    *newer = merged(older, *newer);
                }
            }
        }
        Ok(())
    }

    fn windows(&self, id: SeriesId, wanted: &[TimeRange]) -> Vec<Option<WindowSummary>> {
        let range = self.range;
        let remembered = |window: &TimeRange| TimeRange { start: window.start.max(range.start), ..*window };
        if let [one] = wanted {
            let (window, mut total) = (remembered(one), None);
            let parts = self.blocks.iter().filter_map(|block| block.find(id, self.cache));
            parts.for_each(|part| part.add_window(window, &mut total));
            return vec![total];
        }
        let (parts, wanted) = (self.parts(id), wanted.iter().map(remembered).collect::<Vec<_>>());
        many_windows(&parts, range, &wanted)
    }

    fn latest(&self, id: SeriesId) -> Option<Sample> {
        let range = self.range;
        self.parts(id).iter().rev().find_map(|part| part.latest(range))
    }
}

/// By looking at every sample once where the windows lie dense, else by summaries.
fn many_windows(
    parts: &[BlockSeries<'_>],
    range: TimeRange,
    wanted: &[TimeRange],
) -> Vec<Option<WindowSummary>> {
    let at_least: usize = parts.iter().map(|part| part.count_at_least(range)).sum();
    if at_least <= wanted.len().saturating_mul(SAMPLES_PER_DENSE_WINDOW) {
        let mut samples = Vec::new();
        parts.iter().for_each(|part| part.collect(range, &mut samples));
        return windows::of_samples(&samples, wanted);
    }
    let window = |window: &TimeRange| {
        let mut total = None;
        parts.iter().for_each(|part| part.add_window(*window, &mut total));
        total
    };
    wanted.iter().map(window).collect()
}
