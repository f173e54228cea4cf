//! A run of samples of one series, by columns. Full chunks never grow again, which is what a summary or a compressed form
//! can later be built on without touching the readers: they only ask for bounds and for the samples of a range.

use ballast_types::{Sample, TimeRange, Timestamp};

/// Samples in strictly rising time; never empty once it is in a series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    times_ms: Vec<i64>,
    values: Vec<f64>,
}

impl Chunk {
    pub(crate) fn len(&self) -> usize {
        self.times_ms.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times_ms.is_empty()
    }

    pub(crate) fn first(&self) -> Option<Sample> {
        self.get(0)
    }

    pub(crate) fn last(&self) -> Option<Sample> {
        self.get(self.len().checked_sub(1)?)
    }

    /// The caller has seen to it that the sample is later than the last one.
    pub(crate) fn push(&mut self, sample: Sample) {
        self.times_ms.push(sample.at.as_millis());
        self.values.push(sample.value);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Sample> + '_ {
        self.times_ms.iter().zip(&self.values).map(|(ms, value)| sample(*ms, *value))
    }

    /// Appends the samples within a range, both ends included.
    pub(crate) fn collect_into(&self, range: TimeRange, samples: &mut Vec<Sample>) {
        let from = self.times_ms.partition_point(|ms| *ms < range.start.as_millis());
        let to = self.times_ms.partition_point(|ms| *ms <= range.end.as_millis());
        let times = self.times_ms.get(from..to).unwrap_or_default();
        let values = self.values.get(from..to).unwrap_or_default();
        samples.extend(times.iter().zip(values).map(|(ms, value)| sample(*ms, *value)));
    }

    /// How many samples a range holds, both ends included.
    pub(crate) fn count_in(&self, range: TimeRange) -> usize {
        let from = self.times_ms.partition_point(|ms| *ms < range.start.as_millis());
        let to = self.times_ms.partition_point(|ms| *ms <= range.end.as_millis());
        to.saturating_sub(from)
    }

    /// Drops the samples before an instant.
    pub(crate) fn forget_before(&mut self, horizon: Timestamp) {
        let gone = self.times_ms.partition_point(|ms| *ms < horizon.as_millis());
        self.times_ms.drain(..gone);
        self.values.drain(..gone);
    }

    fn get(&self, index: usize) -> Option<Sample> {
        Some(sample(*self.times_ms.get(index)?, *self.values.get(index)?))
    }
}

fn sample(ms: i64, value: f64) -> Sample {
    Sample { at: Timestamp::from_millis(ms), value }
}
