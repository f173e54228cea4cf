//! The latest exemplars of all series, so many and no more: the oldest that came goes first, whichever series it is of.
//!
//! They are kept apart from the samples, in memory and in the log only: they lead to traces, which do not last either.

use std::collections::{BTreeMap, VecDeque};

use ballast_types::ingest::Exemplar;
use ballast_types::{Labels, Matcher, TimeRange};

/// An exemplar whose labels have more bytes is not kept; OpenMetrics allows 128 characters.
const LABEL_BYTES_MAX: usize = 1024;

/// A bounded list of exemplars, by series and in order of time.
#[derive(Debug)]
pub(crate) struct Exemplars {
    by_series: BTreeMap<Labels, VecDeque<Exemplar>>,
    /// The series of each exemplar in the order in which they came.
    arrivals: VecDeque<Labels>,
    exemplars_max: usize,
}

impl Exemplars {
    /// An empty list that will hold so many.
    pub(crate) fn new(exemplars_max: usize) -> Self {
        Exemplars { by_series: BTreeMap::new(), arrivals: VecDeque::new(), exemplars_max }
    }

    /// Keeps an exemplar of a series. One that is no later than the last of its series is a repetition, or too late, and
    /// ignored. Tells whether it is kept.
    pub(crate) fn append(&mut self, series: &Labels, exemplar: &Exemplar) -> bool {
        let bytes: usize = exemplar.labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        let last = self.by_series.get(series).and_then(VecDeque::back);
        if self.exemplars_max == 0
            || bytes > LABEL_BYTES_MAX
            || last.is_some_and(|last| exemplar.at <= last.at)
        {
            return false;
        }
        if self.arrivals.len() >= self.exemplars_max {
            self.drop_oldest();
        }
        // The same shared set as in the map, where there is one.
        let series = self.by_series.get_key_value(series).map_or(series, |(known, _)| known).clone();
        self.arrivals.push_back(series.clone());
        self.by_series.entry(series).or_default().push_back(exemplar.clone());
        true
    }

    /// The exemplars within a range of the series that satisfy one of the selectors, in the order of labels and of time. No
    /// selector at all means every series.
    pub(crate) fn within(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Vec<(Labels, Vec<Exemplar>)> {
        let wanted = |labels: &Labels| {
            let matches = |matchers: &Vec<Matcher>| matchers.iter().all(|matcher| matcher.matches(labels));
            selectors.is_empty() || selectors.iter().any(matches)
        };
        let found = self.by_series.iter().filter(|(labels, _)| wanted(labels));
        let cut = found.map(|(labels, all)| {
            let within = all.iter().filter(|exemplar| range.contains(exemplar.at));
            (labels.clone(), within.cloned().collect::<Vec<_>>())
        });
        cut.filter(|(_, exemplars)| !exemplars.is_empty()).collect()
    }

    fn drop_oldest(&mut self) {
        let Some(series) = self.arrivals.pop_front() else { return };
        let Some(exemplars) = self.by_series.get_mut(&series) else { return };
        exemplars.pop_front();
        if exemplars.is_empty() {
            self.by_series.remove(&series);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::Timestamp;

    fn series(name: &str) -> Labels {
        Labels::from_pairs([("__name__", name)])
    }

    fn exemplar(at: i64) -> Exemplar {
        Exemplar { labels: series("trace"), value: 1.0, at: Timestamp::from_millis(at) }
    }

    fn times(
        exemplars: &Exemplars,
        selectors: &[Vec<Matcher>],
        start: i64,
        end: i64,
    ) -> Vec<(String, Vec<i64>)> {
        let range = TimeRange { start: Timestamp::from_millis(start), end: Timestamp::from_millis(end) };
        let found = exemplars.within(selectors, range).into_iter();
        found.map(|(l, e)| (l.to_string(), e.iter().map(|e| e.at.as_millis()).collect())).collect()
    }

    #[test]
    fn the_oldest_go_first_and_repetitions_do_not_count() {
        let mut exemplars = Exemplars::new(4);
        for (name, at) in [("b", 1), ("a", 5), ("a", 5), ("a", 4), ("b", 6), ("a", 7), ("c", 2)] {
            exemplars.append(&series(name), &exemplar(at));
        }
        let all = [("a".to_owned(), vec![5, 7]), ("b".to_owned(), vec![6]), ("c".to_owned(), vec![2])];
        assert_eq!(times(&exemplars, &[], 0, 9), all);
        let either = [vec![Matcher::equal("__name__", "a")], vec![Matcher::equal("__name__", "c")]];
        assert_eq!(times(&exemplars, &either, 3, 6), [("a".to_owned(), vec![5])]);
        exemplars.append(&series("d"), &exemplar(1));
        exemplars.append(&series("d"), &exemplar(2));
        assert_eq!(times(&exemplars, &[], 6, 9), [("a".to_owned(), vec![7])]);
        assert_eq!(exemplars.arrivals.len(), 4);
    }

    #[test]
    fn large_labels_are_not_kept() {
        let mut exemplars = Exemplars::new(4);
        let labels = Labels::from_pairs([("trace_id", "x".repeat(LABEL_BYTES_MAX))]);
        exemplars.append(&series("a"), &Exemplar { labels, ..exemplar(1) });
        assert_eq!(exemplars.arrivals.len(), 0);
    }
}
