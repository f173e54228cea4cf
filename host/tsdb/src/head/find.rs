//! What there is, for people and for completion: series, label names and values, statistics. What lies on disk counts by
//! the bounds that are known of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use ballast_types::ingest::SeriesStatistics;
use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, Matcher, TimeRange, Timestamp};

use super::index::{Postings, Values};
use super::{Head, HeadSeries, SeriesId};

impl Head {
    /// The labels of the series that satisfy one of the selectors and may have a sample in the range, in order. No
    /// selector at all means every series.
    pub(crate) fn find(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Vec<Labels> {
        self.found(selectors, range).into_iter().map(|series| series.labels().clone()).collect()
    }

    /// The label names of those series, in order.
    pub(crate) fn label_names(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = if selectors.is_empty() {
            let used = |values: &Values| values.values().any(|ids| self.any_within(ids, range));
            self.index.labels().filter(|(_, values)| used(values)).map(|(name, _)| name.clone()).collect()
        } else {
            let found = self.found(selectors, range);
            let names: BTreeSet<&Arc<str>> =
                found.iter().flat_map(|series| series.labels().pairs()).map(|(name, _)| name).collect();
            names.into_iter().cloned().collect()
        };
        names.sort_unstable();
        names
    }

    /// The values of one label in those series, in order.
    pub(crate) fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Vec<Arc<str>> {
        if selectors.is_empty() {
            let values = self.index.values(name).into_iter().flatten();
            return values
                .filter(|(_, ids)| self.any_within(ids, range))
                .map(|(value, _)| value.clone())
                .collect();
        }
        let found = self.found(selectors, range);
        let pairs = found.iter().flat_map(|series| series.labels().pairs());
        let values: BTreeSet<&Arc<str>> =
            pairs.filter(|(label, _)| &**label == name).map(|(_, value)| value).collect();
        values.into_iter().cloned().collect()
    }

    /// What the head holds; lists are at most `limit` long. Bytes on disk are left to whoever knows the disk.
    pub(crate) fn statistics(&self, limit: usize) -> SeriesStatistics {
        let series = || self.iter().map(|(_, series)| series);
        let labels = || self.index.labels();
        let pairs = labels().flat_map(|(name, values)| values.iter().map(move |pair| (name, pair)));
        let metrics = self.index.values(METRIC_NAME).into_iter().flatten();
        SeriesStatistics {
            series: self.len(),
            chunks: series().map(HeadSeries::chunk_count).sum(),
            label_pairs: labels().map(|(_, values)| values.len()).sum(),
            oldest: series().filter_map(HeadSeries::oldest).min(),
            newest: series().filter_map(HeadSeries::newest_at).max(),
            series_by_metric: most(metrics.map(|(name, ids)| (name.clone(), ids.len())), limit),
            values_by_label: most(labels().map(|(name, values)| (name.clone(), values.len())), limit),
            bytes_by_label: most(labels().map(|(name, values)| (name.clone(), bytes(values))), limit),
            series_by_pair: most(pairs.map(|(name, (value, ids))| ((name, value), ids.len())), limit)
                .into_iter()
                .map(|((name, value), count)| (format!("{name}={value}"), count))
                .collect(),
            disk_bytes: 0,
        }
    }

    fn found(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Vec<&HeadSeries> {
        let mut found = match selectors {
            [] => self.matching_series(&[]),
            [one] => self.matching_series(one),
            several => {
                let ids: BTreeSet<SeriesId> = several.iter().flat_map(|one| self.matching(one)).collect();
                self.in_order(ids)
            }
        };
        found.retain(|(_, series)| series.may_have_within(range));
        found.into_iter().map(|(_, series)| series).collect()
    }

    fn any_within(&self, ids: &Postings, range: TimeRange) -> bool {
        ids.iter().filter_map(|id| self.series(*id)).any(|series| series.may_have_within(range))
    }
}

impl HeadSeries {
    /// Whether a sample in memory lies within a range, or the bounds of what is on disk touch it.
    fn may_have_within(&self, range: TimeRange) -> bool {
        let on_disk = self.on_disk().is_some_and(|disk| disk.start <= range.end && range.start <= disk.end);
        on_disk || self.latest_in(range).is_some()
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.on_disk().map(|disk| disk.start).or_else(|| self.first_at())
    }
}

fn bytes(values: &Values) -> usize {
    values.keys().map(|value| value.len()).sum()
}

/// The largest, largest first; of equal ones the first by name.
fn most<K: Ord>(all: impl Iterator<Item = (K, usize)>, limit: usize) -> Vec<(K, usize)> {
    let mut all: Vec<(K, usize)> = all.collect();
    let order = |a: &(K, usize), b: &(K, usize)| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0));
    if limit < all.len() {
        all.select_nth_unstable_by(limit, order);
        all.truncate(limit);
    }
    all.sort_unstable_by(order);
    all
}
