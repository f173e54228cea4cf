//! Series in memory, in the order of their labels: the store of scripts and unit tests. It forgets nothing by itself.

use std::collections::BTreeMap;

use ballast_types::{Labels, Matcher, QueryError, Queryable, Sample, Series, TimeRange};

use super::ScriptStore;

/// A store without an index, for few series.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    series: BTreeMap<Labels, Vec<Sample>>,
}

impl MemorySource {
    /// A store that holds these series.
    pub fn of(series: &[Series]) -> Self {
        let mut memory = MemorySource::default();
        memory.add(series);
        memory
    }

    fn add(&mut self, series: &[Series]) {
        for one in series {
            let samples = self.series.entry(one.labels.clone()).or_default();
            samples.extend(&one.samples);
            // Of two samples of one instant the later loaded wins.
            samples.reverse();
            samples.sort_by_key(|sample| sample.at);
            samples.dedup_by_key(|sample| sample.at);
        }
    }
}

impl ScriptStore for MemorySource {
    fn clear(&mut self) -> Result<(), String> {
        self.series.clear();
        Ok(())
    }

    fn load(&mut self, series: &[Series]) -> Result<(), String> {
        self.add(series);
        Ok(())
    }

    fn source(&self) -> &dyn Queryable {
        self
    }
}

impl Queryable for MemorySource {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        let wanted = self.series.iter().filter(|(labels, _)| matchers.iter().all(|m| m.matches(labels)));
        let cut = wanted.map(|(labels, samples)| Series {
            labels: labels.clone(),
            samples: samples.iter().filter(|s| range.start <= s.at && s.at <= range.end).copied().collect(),
        });
        Ok(cut.filter(|series| !series.samples.is_empty()).collect())
    }
}
