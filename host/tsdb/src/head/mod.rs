//! All series: by id, by labels, and by each of their labels, with the samples that are in memory. It decides what is
//! appended; it writes nothing and reads no disk.
//!
//! ```text
//! labels ─► id ─► series: chunks (sealed, with summaries) │ tail (in the clear)
//! matchers ─► index ─► ids in the order of labels
//! ```
//!
//! A series is here as long as it has a sample in memory or on disk. A sample is first reserved, so that the next of its
//! batch is judged against it, then applied, or, where the log failed, released. Invariants: the index names exactly the
//! series that are there; no sample before the floor is taken, so that what has moved to disk ends before what is here.

mod exemplars;
mod find;
mod index;
mod metadata;
mod order;
mod pattern;
mod read;
mod restore;
mod series;
mod series_read;
mod slab;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use ballast_types::ingest::Refused;
use ballast_types::{Interner, Labels, Sample, TimeRange, Timestamp};

pub(crate) use exemplars::Exemplars;
use index::Index;
pub(crate) use metadata::MetadataTable;
use order::LabelOrder;
pub(crate) use series::HeadSeries;
use series::Place;
use slab::Slab;

/// A series within this head; later series have larger ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SeriesId(u32);

impl SeriesId {
    /// The id as the log writes it.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.0)
    }
}

/// What becomes of one sample of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is to be logged and applied.
    Append {
        /// Its series.
        id: SeriesId,
        /// Whether the series was not there before.
        is_new: bool,
    },
    /// The series has that very sample already.
    Repeated,
    /// It is not kept.
    Refused(Refused),
}

/// The bounds of a head.
#[derive(Clone, Debug)]
pub(crate) struct HeadOptions {
    /// Most series with a sample in memory.
    pub(crate) series_max: usize,
    /// Most labels of a series.
    pub(crate) labels_max: usize,
    /// Most bytes of the names and values of one series' labels.
    pub(crate) label_bytes_max: usize,
    /// Samples of a chunk, at most [`crate::chunk::CHUNK_SAMPLES_MAX`].
    pub(crate) chunk_samples: usize,
    /// How much older than the newest of its series a sample may be, in milliseconds; zero takes none out of order.
    pub(crate) out_of_order_ms: i64,
}

/// The series in memory.
#[derive(Debug)]
pub(crate) struct Head {
    options: HeadOptions,
    interner: Interner,
    slab: Slab,
    ids: HashMap<Labels, SeriesId, BuildHasherDefault<CachedHash>>,
    index: Index,
    order: LabelOrder,
    /// Series with a sample in memory, or about to get one.
    active: usize,
    /// Samples out of order that are reserved and not applied yet, by their bits.
    late: HashMap<(SeriesId, Timestamp), u64>,
    /// The newest instant that was accepted or is on disk.
    newest: Option<Timestamp>,
    floor: Timestamp,
}

impl Head {
    /// An empty head that shares its labels' texts with whoever has the same table.
    pub(crate) fn new(options: HeadOptions, interner: Interner) -> Self {
        Head {
            options,
            interner,
            slab: Slab::default(),
            ids: HashMap::default(),
            index: Index::default(),
            order: LabelOrder::default(),
            active: 0,
            late: HashMap::new(),
            newest: None,
            floor: Timestamp::MIN,
        }
    }

    /// Judges a sample and reserves its place.
    pub(crate) fn reserve(&mut self, labels: &Labels, sample: Sample) -> Verdict {
        let known = self.ids.get(labels).copied();
        match self.place(known, labels, sample) {
            Ok((id, Place::Last)) => Verdict::Append { id, is_new: known.is_none() },
            Ok((id, Place::Between)) => self.reserve_late(id, sample),
            Ok((_, Place::Taken)) => Verdict::Repeated,
            Ok((_, Place::Nowhere(reason))) | Err(reason) => Verdict::Refused(reason),
        }
    }

    /// Reserves a zero at the instant that a counter was created, where its series has nothing at or after it; silently
    /// nothing where it cannot be.
    pub(crate) fn reserve_created(&mut self, labels: &Labels, at: Timestamp) -> Option<(SeriesId, Sample)> {
        let sample = Sample { at, value: 0.0 };
        let newest = self.ids.get(labels).and_then(|id| self.slab.get(*id)).and_then(HeadSeries::newest_at);
        match (newest < Some(at)).then(|| self.reserve(labels, sample))? {
            Verdict::Append { id, .. } => Some((id, sample)),
            Verdict::Repeated | Verdict::Refused(_) => None,
        }
    }

    /// Makes a reserved sample visible.
    pub(crate) fn apply(&mut self, id: SeriesId, sample: Sample) {
        if let Some(series) = self.slab.get_mut(id) {
            series.push(sample, self.options.chunk_samples);
        }
        if !self.late.is_empty() {
            self.late.remove(&(id, sample.at));
        }
    }

    /// Takes back what was reserved and never applied.
    pub(crate) fn release(&mut self) {
        self.late.clear();
        self.slab.iter_mut().for_each(HeadSeries::release);
        self.newest = self.slab.iter().filter_map(|(_, series)| series.newest_at()).max();
        self.drop_empty();
    }

    /// Notes a series of which samples of these bounds lie on disk. It does not count against the limit on series. `None`
    /// where ids have run out.
    pub(crate) fn register(&mut self, labels: &Labels, on_disk: TimeRange) -> Option<SeriesId> {
        let id = match self.ids.get(labels) {
            Some(id) => *id,
            None => self.create(labels)?,
        };
        self.slab.get_mut(id)?.add_on_disk(on_disk);
        self.newest = self.newest.max(Some(on_disk.end));
        Some(id)
    }

    /// A series.
    pub(crate) fn series(&self, id: SeriesId) -> Option<&HeadSeries> {
        self.slab.get(id)
    }

    /// The labels of a series.
    pub(crate) fn labels(&self, id: SeriesId) -> Option<&Labels> {
        self.series(id).map(HeadSeries::labels)
    }

    /// How many series have a sample in memory.
    pub(crate) fn len(&self) -> usize {
        self.active
    }

    /// How many samples are in memory.
    pub(crate) fn sample_count(&self) -> usize {
        self.slab.iter().map(|(_, series)| series.sample_count()).sum()
    }

    /// All series in the order of their ids, those that are on disk only too.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SeriesId, &HeadSeries)> {
        self.slab.iter()
    }

    /// Samples before this instant are refused.
    pub(crate) fn floor(&self) -> Timestamp {
        self.floor
    }

    /// Refuses samples before an instant from now on, because the disk has what there is.
    pub(crate) fn raise_floor(&mut self, floor: Timestamp) {
        self.floor = self.floor.max(floor);
    }

    /// Drops the samples before an instant, and the series that are left without one, here and on disk.
    pub(crate) fn forget_before(&mut self, horizon: Timestamp) {
        let chunk_samples = self.options.chunk_samples;
        self.slab.iter_mut().for_each(|series| series.forget_before(horizon, chunk_samples));
        self.drop_empty();
    }

    /// Finds the place of a sample; a new series is made where it may be.
    fn place(
        &mut self,
        known: Option<SeriesId>,
        labels: &Labels,
        sample: Sample,
    ) -> Result<(SeriesId, Place), Refused> {
        if sample.at < self.floor {
            return Err(Refused::TooOld);
        }
        let id = match known {
            Some(id) => id,
            None => self.admit(labels)?,
        };
        let series = self.slab.get_mut(id).ok_or(Refused::SeriesLimit)?;
        if !series.is_active && self.active >= self.options.series_max {
            return Err(Refused::SeriesLimit);
        }
        let place = series.reserve(sample, self.options.out_of_order_ms);
        if matches!(place, Place::Last | Place::Between) {
            self.active += usize::from(!series.is_active);
            series.is_active = true;
            self.newest = self.newest.max(Some(sample.at));
        }
        Ok((id, place))
    }

    /// Two values for one instant of a batch are a duplicate also where neither is applied yet.
    fn reserve_late(&mut self, id: SeriesId, sample: Sample) -> Verdict {
        let bits = sample.value.to_bits();
        match self.late.insert((id, sample.at), bits) {
            None => Verdict::Append { id, is_new: false },
            Some(before) if before == bits => Verdict::Repeated,
            Some(before) => {
                self.late.insert((id, sample.at), before);
                Verdict::Refused(Refused::Duplicate)
            }
        }
    }

    fn admit(&mut self, labels: &Labels) -> Result<SeriesId, Refused> {
        let bytes: usize = labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        if labels.len() > self.options.labels_max || bytes > self.options.label_bytes_max {
            return Err(Refused::LabelLimit);
        }
        if self.active >= self.options.series_max {
            return Err(Refused::SeriesLimit);
        }
        self.create(labels).ok_or(Refused::SeriesLimit)
    }

    fn create(&mut self, labels: &Labels) -> Option<SeriesId> {
        let labels = self.interner.labels(labels);
        let id = self.slab.insert(HeadSeries::new(labels.clone()))?;
        self.index.add(id, &labels);
        self.ids.insert(labels, id);
        self.order.add(id, &mut self.slab);
        Some(id)
    }

    /// Sees to the series that are left without a sample.
    fn drop_empty(&mut self) {
        for series in self.slab.iter_mut().filter(|series| series.is_active && series.is_empty()) {
            series.is_active = false;
            self.active = self.active.saturating_sub(1);
        }
        let gone = self.slab.extract(|series| series.is_empty() && series.on_disk().is_none());
        if gone.is_empty() {
            return;
        }
        let labels: Vec<(SeriesId, &Labels)> =
            gone.iter().map(|(id, series)| (*id, series.labels())).collect();
        self.index.remove_all(&labels);
        self.order.remove_all(&labels);
        for (_, labels) in &labels {
            self.ids.remove(*labels);
        }
        drop(gone);
        self.interner.sweep();
    }
}

/// Takes the hash that labels carry as it is.
#[derive(Clone, Copy, Debug, Default)]
struct CachedHash(u64);

impl Hasher for CachedHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Labels hash themselves to one word; this is right, if slow, for anything else.
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}
