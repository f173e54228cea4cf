//! What a restart and a move to disk do to series: they come from blocks and from the log, and their samples leave for blocks.

use ballast_types::{Labels, Sample, TimeRange, Timestamp};

use super::series::Place;
use super::{Head, SeriesId};

impl Head {
    /// A series that the log names, whatever the limits are now; `None` where ids have run out.
    pub(crate) fn restore_series(&mut self, labels: &Labels) -> Option<SeriesId> {
        match self.ids.get(labels) {
            Some(id) => Some(*id),
            None => self.create(labels),
        }
    }

    /// A sample that was accepted once, in the order in which they were; one that is there already counts once.
    pub(crate) fn restore(&mut self, id: SeriesId, sample: Sample) {
        let chunk_samples = self.options.chunk_samples;
        let Some(series) = self.slab.get_mut(id) else { return };
        if matches!(series.reserve(sample, i64::MAX), Place::Last | Place::Between) {
            self.active += usize::from(!series.is_active);
            series.is_active = true;
            series.push(sample, chunk_samples);
            self.newest = self.newest.max(Some(sample.at));
        }
    }

    /// Lets go of a series' samples before an instant: they are in a block now, which has them within these bounds.
    pub(crate) fn move_to_disk(&mut self, id: SeriesId, moved: TimeRange, end: Timestamp) {
        let chunk_samples = self.options.chunk_samples;
        let Some(series) = self.slab.get_mut(id) else { return };
        series.add_on_disk(moved);
        series.split_at(end, chunk_samples);
        series.drop_chunks_before(end);
        if series.is_active && series.is_empty() {
            series.is_active = false;
            self.active = self.active.saturating_sub(1);
        }
    }

    /// The newest instant that was accepted or is on disk.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// The oldest instant in memory.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.slab.iter().filter_map(|(_, series)| series.first_at()).min()
    }

    /// The ids of all series, in order.
    pub(crate) fn ids(&self) -> Vec<SeriesId> {
        self.slab.iter().map(|(id, _)| id).collect()
    }
}
