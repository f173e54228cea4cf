//! How queries read the head: every selection of a read sees the same state, because the caller holds the head meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use ballast_types::{Found, Matcher, QueryError, Sample, Selection, Series, TimeRange, Want, WindowedSeries};

use super::index::Narrowed;
use super::order::compare;
use super::{Head, HeadSeries, SeriesId};

impl Head {
    /// The series that satisfy all matchers, in the order of their labels, with or without samples in memory.
    pub(crate) fn matching(&self, matchers: &[Matcher]) -> Vec<SeriesId> {
        self.matching_series(matchers).into_iter().map(|(id, _)| id).collect()
    }

    /// Answers selections from what is in memory, and fails where they touch more than `samples_max` samples in all.
    pub(crate) fn read(
        &self,
        selections: &[Selection<'_>],
        samples_max: usize,
    ) -> Result<Vec<Found>, QueryError> {
        let mut budget = Budget { left: samples_max, limit: samples_max };
        selections.iter().map(|selection| self.read_one(selection, &mut budget)).collect()
    }

    /// The samples of a series in a range, appended.
    pub(crate) fn samples_of(&self, id: SeriesId, range: TimeRange, samples: &mut Vec<Sample>) {
        if let Some(series) = self.series(id) {
            series.samples_in(range, samples);
        }
    }

    /// With their ids, in the order of labels.
    pub(super) fn matching_series(&self, matchers: &[Matcher]) -> Vec<(SeriesId, &HeadSeries)> {
        let Narrowed { candidates, untried } = self.index.narrow(matchers);
        let mut found: Vec<(SeriesId, &HeadSeries)> = match candidates {
            Some(ids) => ids.into_iter().filter_map(|id| Some((id, self.series(id)?))).collect(),
            None => self.iter().collect(),
        };
        untried.into_iter().for_each(|matcher| retain_matching(&mut found, matcher));
        found.sort_by(|(_, a), (_, b)| compare(a, b));
        found
    }

    /// Series in the order of their labels.
    pub(super) fn in_order(&self, ids: impl IntoIterator<Item = SeriesId>) -> Vec<(SeriesId, &HeadSeries)> {
        let mut found: Vec<(SeriesId, &HeadSeries)> =
            ids.into_iter().filter_map(|id| Some((id, self.series(id)?))).collect();
        found.sort_by(|(_, a), (_, b)| compare(a, b));
        found
    }

    fn read_one(&self, selection: &Selection<'_>, budget: &mut Budget) -> Result<Found, QueryError> {
        let Selection { matchers, range, want } = *selection;
        match want {
            Want::Samples => self.samples(matchers, range, budget).map(Found::Samples),
            Want::Latest => self.latest(matchers, range, budget).map(Found::Samples),
            Want::Windows(windows) => self.windows(matchers, range, windows, budget).map(Found::Windows),
        }
    }

    fn samples(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        budget: &mut Budget,
    ) -> Result<Vec<Series>, QueryError> {
        let found = self.matching_series(matchers);
        // What is certain to be too much is refused before any of it is decoded.
        budget.allows(found.iter().map(|(_, series)| series.count_whole(range)).sum())?;
        let mut answer = Vec::with_capacity(found.len());
        for (_, series) in found {
            let mut samples = Vec::new();
            series.samples_in(range, &mut samples);
            budget.spend(samples.len())?;
            if !samples.is_empty() {
                answer.push(Series { labels: series.labels().clone(), samples });
            }
        }
        Ok(answer)
    }

    fn latest(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        budget: &mut Budget,
    ) -> Result<Vec<Series>, QueryError> {
        let found = self.matching_series(matchers);
        let newest = |(_, series): (SeriesId, &HeadSeries)| {
            let samples = vec![series.latest_in(range)?];
            Some(Series { labels: series.labels().clone(), samples })
        };
        let answer: Vec<Series> = found.into_iter().filter_map(newest).collect();
        budget.spend(answer.len())?;
        Ok(answer)
    }

    fn windows(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        windows: &[TimeRange],
        budget: &mut Budget,
    ) -> Result<Vec<WindowedSeries>, QueryError> {
        let found = self.matching_series(matchers);
        let mut answer = Vec::with_capacity(found.len());
        for (_, series) in found {
            let summaries = series.windows_of(range, windows);
            // A series of nothing but staleness markers is there, too.
            if summaries.iter().any(Option::is_some) || series.latest_in(range).is_some() {
                budget.spend(windows.len())?;
                answer.push(WindowedSeries { labels: series.labels().clone(), windows: summaries });
            }
        }
        Ok(answer)
    }
}

/// How many samples a read may still touch.
struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    fn allows(&self, samples: usize) -> Result<(), QueryError> {
        match samples <= self.left {
            true => Ok(()),
            false => Err(QueryError::TooManySamples { limit: self.limit }),
        }
    }

    fn spend(&mut self, samples: usize) -> Result<(), QueryError> {
        self.allows(samples)?;
        self.left -= samples;
        Ok(())
    }
}

/// Keeps the series that satisfy a matcher, which is tried once for each value: equal values are one shared text.
fn retain_matching(found: &mut Vec<(SeriesId, &HeadSeries)>, matcher: &Matcher) {
    let mut tried: HashMap<*const u8, bool, foldhash::fast::RandomState> = HashMap::default();
    let without = matcher.matches_value("");
    found.retain(|(_, series)| {
        let pairs = series.labels().pairs();
        match pairs.binary_search_by(|(name, _)| (**name).cmp(matcher.name())) {
            Ok(place) => pairs.get(place).is_some_and(|(_, value)| {
                *tried.entry(Arc::as_ptr(value).cast()).or_insert_with(|| matcher.matches_value(value))
            }),
            Err(_) => without,
        }
    });
}
