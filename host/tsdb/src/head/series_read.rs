//! How a series of the head is read: from the tail where that will do, then from summaries, and only then by decoding.

use std::ops::Range;

use ballast_types::{Sample, TimeRange, Timestamp, WindowSummary};

use super::series::{HeadSeries, Sealed, window_of};
use crate::chunk::merged;
use crate::windows;

/// Where a window touches more samples than this, summaries are quicker than a look at each sample.
const SAMPLES_PER_WINDOW: usize = 64;

impl HeadSeries {
    /// How many samples there are.
    pub(crate) fn sample_count(&self) -> usize {
        self.chunks.iter().map(|sealed| sealed.summary.count as usize).sum::<usize>() + self.tail.len()
    }

    /// How many chunks there are, the tail among them.
    pub(super) fn chunk_count(&self) -> usize {
        self.chunks.len() + usize::from(!self.tail.is_empty())
    }

    /// Whether there is no sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    /// The instant of the oldest sample.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        let sealed = self.chunks.first().map(|sealed| sealed.summary.first);
        sealed.or_else(|| self.tail.first().map(|sample| sample.at))
    }

    /// The instant of the newest sample.
    pub(crate) fn last_at(&self) -> Option<Timestamp> {
        let sealed = || self.chunks.last().map(|sealed| sealed.summary.last);
        self.tail.last().map(|sample| sample.at).or_else(sealed)
    }

    /// The newest sample.
    pub(super) fn last_sample(&self) -> Option<Sample> {
        self.latest_in(TimeRange { start: Timestamp::MIN, end: Timestamp::MAX })
    }

    /// The sample of an instant.
    pub(super) fn sample_at(&self, at: Timestamp) -> Option<Sample> {
        self.latest_in(TimeRange { start: at, end: at })
    }

    /// Appends the samples of a range.
    pub(crate) fn samples_in(&self, range: TimeRange, samples: &mut Vec<Sample>) {
        let sealed = self.overlapping(range).1;
        samples.reserve(sealed.iter().map(|sealed| sealed.summary.count as usize).sum());
        sealed.iter().for_each(|sealed| sealed.chunk.decode_into(range, samples));
        samples.extend_from_slice(windows::slice(&self.tail, range));
    }

    /// How many samples a range holds, without those of the chunks that reach over its ends.
    pub(crate) fn count_whole(&self, range: TimeRange) -> usize {
        let whole = self.overlapping(range).1.iter().filter(|sealed| sealed.summary.is_within(range));
        let sealed: usize = whole.map(|sealed| sealed.summary.count as usize).sum();
        sealed + windows::slice(&self.tail, range).len()
    }

    /// The newest sample of a range. Decodes only where a chunk reaches over the end of the range.
    pub(crate) fn latest_in(&self, range: TimeRange) -> Option<Sample> {
        if let Some(sample) = windows::slice(&self.tail, range).last() {
            return Some(*sample);
        }
        let sealed = self.overlapping(range).1.last()?;
        let last = sealed.summary.window.map(|window| window.last);
        if let Some(last) = last.filter(|last| last.at == sealed.summary.last && range.contains(last.at)) {
            return Some(last);
        }
        let mut samples = Vec::new();
        sealed.chunk.decode_into(range, &mut samples);
        samples.last().copied()
    }

    /// What the samples of a range come to. Decodes the chunks that reach over its ends, at most two.
    pub(crate) fn window_of(&self, range: TimeRange) -> Option<WindowSummary> {
        let (places, sealed) = self.overlapping(range);
        let tail = WindowSummary::of(windows::slice(&self.tail, range));
        let window = match sealed {
            [] => None,
            [one] => cut(one, range),
            [first, .., last] => {
                let between = self.ladder.over(places.start + 1..places.end.saturating_sub(1), |place| {
                    window_of(&self.chunks, place)
                });
                merged(merged(cut(first, range), between), cut(last, range))
            }
        };
        merged(window, tail)
    }

    /// What the samples of each window come to: by looking at every sample once where the windows are many and lie
    /// dense, else by summaries.
    pub(crate) fn windows_of(&self, range: TimeRange, windows: &[TimeRange]) -> Vec<Option<WindowSummary>> {
        if windows.len() <= 1 || self.count_whole(range) > windows.len() * SAMPLES_PER_WINDOW {
            return windows.iter().map(|window| self.window_of(*window)).collect();
        }
        if self.overlapping(range).1.is_empty() {
            return windows::of_samples(&self.tail, windows);
        }
        let mut samples = Vec::new();
        self.samples_in(range, &mut samples);
        windows::of_samples(&samples, windows)
    }

    /// The chunks that may hold a sample of the range.
    fn overlapping(&self, range: TimeRange) -> (Range<usize>, &[Sealed]) {
        // Most questions are about the tail, and need not even look at a chunk.
        if self.tail.first().is_some_and(|first| first.at <= range.start)
            || self.chunks.last().is_none_or(|last| last.summary.last < range.start)
        {
            return (0..0, &[]);
        }
        let from = self.chunks.partition_point(|sealed| sealed.summary.last < range.start);
        let to = self.chunks.partition_point(|sealed| sealed.summary.first <= range.end).max(from);
        (from..to, self.chunks.get(from..to).unwrap_or_default())
    }
}

/// What a chunk comes to within a range.
fn cut(sealed: &Sealed, range: TimeRange) -> Option<WindowSummary> {
    if sealed.summary.is_within(range) {
        return sealed.summary.window;
    }
    let mut samples = Vec::with_capacity(sealed.summary.count as usize);
    sealed.chunk.decode_into(range, &mut samples);
    WindowSummary::of(&samples)
}
