//! One series in memory: its labels, its sealed chunks with their summaries, and a tail of samples in the clear.
//!
//! When the tail is full, its older part joins the last chunk, or begins the next one. So what was taken in the last
//! minutes, which most questions are about, needs no decoding, and a series of few samples takes few bytes.
//!
//! Invariant: chunks and tail do not overlap and rise strictly in time, also after samples that came out of order.

use ballast_types::ingest::Refused;
use ballast_types::{Labels, Sample, TimeRange, Timestamp, WindowSummary};

use crate::chunk::{CHUNK_SAMPLES_MAX, Chunk, ChunkSummary, Ladder};

/// A tail is sealed by a fourth of a chunk at a time...
const TAIL_SEALED: usize = 4;
/// ...and keeps at least a sixth of a chunk: five minutes at the usual interval.
const TAIL_KEPT: usize = 6;
/// A list of chunks shorter than this has no room to spare.
const CHUNKS_FEW: usize = 16;

/// A sealed chunk with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) chunk: Chunk,
    pub(crate) summary: ChunkSummary,
}

impl Sealed {
    /// Adds later samples, for which there is room.
    fn extend(&mut self, later: &[Sample]) {
        let mut samples = Vec::with_capacity(self.chunk.count() + later.len());
        samples.extend(self.chunk.samples());
        samples.extend_from_slice(later);
        if let (Some(chunk), Some(summary)) = (Chunk::encode(&samples), ChunkSummary::of(later)) {
            self.chunk = chunk;
            self.summary.merge(&summary);
        }
    }
}

/// What is to be done with a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the newest.
    Last,
    /// It goes between others.
    Between,
    /// It is there already.
    Taken,
    /// It is not to be kept.
    Nowhere(Refused),
}

/// A series of the head. It may have no sample here, where all it has is on disk.
///
/// What an append touches comes first and begins a cache line: with many series, memory is what an append waits for.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct HeadSeries {
    /// The newest sample that was accepted, applied or not. It outlives the sample itself being forgotten.
    newest: Option<Sample>,
    pub(super) tail: Vec<Sample>,
    /// Whether it counts against the limit on series.
    pub(super) is_active: bool,
    /// How many samples fewer the first tail takes, so that series that began together are not sealed together.
    head_start: u8,
    /// Its place in the order of labels, where it has one yet.
    pub(super) rank: u32,
    labels: Labels,
    pub(super) chunks: Vec<Sealed>,
    pub(super) ladder: Ladder,
    /// What of it lies on disk is within these bounds.
    on_disk: Option<TimeRange>,
}

impl HeadSeries {
    pub(super) fn new(labels: Labels) -> Self {
        HeadSeries {
            newest: None,
            tail: Vec::new(),
            is_active: false,
            head_start: labels.fingerprint().0 as u8,
            rank: u32::MAX,
            labels,
            chunks: Vec::new(),
            ladder: Ladder::default(),
            on_disk: None,
        }
    }

    /// All labels, the metric name among them.
    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The bounds of what it has on disk.
    pub(crate) fn on_disk(&self) -> Option<TimeRange> {
        self.on_disk
    }

    /// The newest instant that was accepted, also where that sample has left the head.
    pub(super) fn newest_at(&self) -> Option<Timestamp> {
        self.newest.map(|newest| newest.at)
    }

    /// Judges a sample; as the newest it is the one that later ones are judged against.
    pub(super) fn reserve(&mut self, sample: Sample, out_of_order_ms: i64) -> Place {
        let Some(newest) = self.newest.filter(|newest| sample.at <= newest.at) else {
            self.newest = Some(sample);
            return Place::Last;
        };
        let there = if sample.at == newest.at { Some(newest) } else { self.sample_at(sample.at) };
        match there {
            Some(there) if there.value.to_bits() == sample.value.to_bits() => Place::Taken,
            Some(_) => Place::Nowhere(Refused::Duplicate),
            None if out_of_order_ms == 0 => Place::Nowhere(Refused::OutOfOrder),
            None if sample.at.as_millis() < newest.at.as_millis().saturating_sub(out_of_order_ms) => {
                Place::Nowhere(Refused::TooOld)
            }
            None => Place::Between,
        }
    }

    /// Forgets what was accepted and never applied.
    pub(super) fn release(&mut self) {
        let on_disk = self.on_disk.map(|range| Sample { at: range.end, value: f64::NAN });
        self.newest = self.last_sample().or(on_disk);
    }

    /// Keeps a sample that was accepted.
    pub(super) fn push(&mut self, sample: Sample, chunk_samples: usize) {
        if self.last_at().is_some_and(|last| sample.at <= last) {
            return self.insert(sample, chunk_samples);
        }
        let kept = chunk_samples / TAIL_KEPT;
        let mut sealed = (chunk_samples / TAIL_SEALED).max(1);
        if self.chunks.is_empty() {
            sealed -= usize::from(self.head_start) % sealed;
        }
        if self.tail.len() >= kept + sealed {
            self.seal_tail(sealed, chunk_samples);
        }
        if self.tail.len() == self.tail.capacity() {
            // Grown by need, and not beyond what a tail holds.
            let room = (kept + sealed).saturating_sub(self.tail.len()).max(1);
            self.tail.reserve_exact(self.tail.len().clamp(4, 16).min(room));
        }
        self.tail.push(sample);
    }

    /// Notes that samples of these bounds lie on disk.
    pub(super) fn add_on_disk(&mut self, range: TimeRange) {
        self.on_disk = Some(self.on_disk.map_or(range, |known| TimeRange {
            start: known.start.min(range.start),
            end: known.end.max(range.end),
        }));
        if self.newest_at() < Some(range.end) {
            self.newest = Some(Sample { at: range.end, value: f64::NAN });
        }
    }

    /// Drops the samples before an instant, here and on disk.
    pub(super) fn forget_before(&mut self, horizon: Timestamp, chunk_samples: usize) {
        self.on_disk = self
            .on_disk
            .filter(|range| range.end >= horizon)
            .map(|range| TimeRange { start: range.start.max(horizon), ..range });
        if self.first_at().is_some_and(|first| first < horizon) {
            self.split_at(horizon, chunk_samples);
            self.drop_chunks_before(horizon);
        }
    }

    /// Seals all samples before an instant, so that no chunk reaches over it.
    pub(super) fn split_at(&mut self, at: Timestamp, chunk_samples: usize) {
        if self.tail.first().is_some_and(|first| first.at < at) {
            let later = self.tail.split_off(self.tail.partition_point(|sample| sample.at < at));
            let earlier = std::mem::replace(&mut self.tail, later);
            self.append_chunks(&earlier, chunk_samples);
        }
        let place = self.chunks.partition_point(|sealed| sealed.summary.last < at);
        let reaches_over = |sealed: &&Sealed| sealed.summary.first < at;
        if let Some(sealed) = self.chunks.get(place).filter(reaches_over) {
            let samples = sealed.chunk.samples();
            let (earlier, later) = samples.split_at(samples.partition_point(|sample| sample.at < at));
            let halves = seal(earlier).into_iter().chain(seal(later));
            self.chunks.splice(place..=place, halves);
            self.recover(place);
        }
    }

    /// The sealed chunks that end before an instant.
    pub(crate) fn chunks_before(&self, at: Timestamp) -> &[Sealed] {
        let count = self.chunks.partition_point(|sealed| sealed.summary.last < at);
        self.chunks.get(..count).unwrap_or_default()
    }

    /// Drops the sealed chunks that end before an instant.
    pub(super) fn drop_chunks_before(&mut self, at: Timestamp) {
        let gone = self.chunks_before(at).len();
        if gone > 0 {
            self.chunks.drain(..gone);
            self.chunks.shrink_to_fit();
            self.recover(0);
        }
    }

    /// Seals the oldest samples of the tail.
    fn seal_tail(&mut self, count: usize, chunk_samples: usize) {
        let mut tail = std::mem::take(&mut self.tail);
        self.append_chunks(tail.get(..count).unwrap_or_default(), chunk_samples);
        tail.drain(..count.min(tail.len()));
        self.tail = tail;
    }

    /// Puts later samples behind the chunks: joined to the last chunk where that has room, else as one of their own.
    fn append_chunks(&mut self, later: &[Sample], chunk_samples: usize) {
        let room = chunk_samples.min(CHUNK_SAMPLES_MAX).saturating_sub(later.len());
        if self.chunks.len() < CHUNKS_FEW {
            self.chunks.reserve_exact(1);
        }
        match self.chunks.last_mut().filter(|last| last.summary.count as usize <= room) {
            Some(last) => last.extend(later),
            None => self.chunks.extend(later.chunks(CHUNK_SAMPLES_MAX).filter_map(seal)),
        }
        self.cover();
    }

    /// Puts a sample between others; where its instant is taken it is dropped.
    fn insert(&mut self, sample: Sample, chunk_samples: usize) {
        let place = self.chunks.partition_point(|sealed| sealed.summary.last < sample.at);
        let Some(sealed) = self.chunks.get(place) else {
            if let Err(place) = self.tail.binary_search_by_key(&sample.at, |sample| sample.at) {
                self.tail.insert(place, sample);
            }
            return;
        };
        let mut samples = sealed.chunk.samples();
        let Err(between) = samples.binary_search_by_key(&sample.at, |sample| sample.at) else { return };
        samples.insert(between, sample);
        let part = match samples.len() > (chunk_samples * 2).min(CHUNK_SAMPLES_MAX) {
            true => samples.len().div_ceil(2),
            false => samples.len(),
        };
        let parts: Vec<Sealed> = samples.chunks(part).filter_map(seal).collect();
        self.chunks.splice(place..=place, parts);
        self.recover(place);
    }

    /// Chunks from this place on have changed.
    fn recover(&mut self, place: usize) {
        self.ladder.forget_from(place);
        self.cover();
    }

    /// The last chunk may still grow.
    fn cover(&mut self) {
        let chunks = &self.chunks;
        self.ladder.cover(chunks.len().saturating_sub(1), |place| window_of(chunks, place));
    }
}

/// What a chunk of a list comes to.
pub(super) fn window_of(chunks: &[Sealed], place: usize) -> Option<WindowSummary> {
    chunks.get(place).and_then(|sealed| sealed.summary.window)
}

fn seal(samples: &[Sample]) -> Option<Sealed> {
    Some(Sealed { chunk: Chunk::encode(samples)?, summary: ChunkSummary::of(samples)? })
}
