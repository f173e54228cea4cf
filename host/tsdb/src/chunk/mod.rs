//! A sealed run of samples of one series: small, quick to decode, and never changed. What it comes to is in its
//! [`ChunkSummary`], so that most questions need no sample of it.
//!
//! ```text
//! count 1 | first time varint | steps of time: column | values
//! ```
//!
//! The bytes are the same in memory and on disk; checksums are the business of whoever stores them. Invariants: a chunk
//! has 1 to 255 samples in strictly rising time, and yields the very bits that it was made of.

mod bytes;
mod column;
mod ladder;
mod summary;
mod values;

use ballast_types::{Sample, TimeRange, Timestamp};

use bytes::{Reader, put_varint, unzigzag, zigzag};
use column::Plan;
pub use ladder::Ladder;
pub use summary::ChunkSummary;
pub(crate) use summary::merged;

/// Most samples of a chunk.
pub const CHUNK_SAMPLES_MAX: usize = 255;
/// Chunks of so many, which are most, are decoded in less space.
const USUAL_SAMPLES: usize = 120;

/// Bytes that are no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("decode a chunk of {bytes} bytes")]
pub struct Corrupt {
    /// How many bytes there were.
    pub bytes: usize,
}

/// A sealed run of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    bytes: Box<[u8]>,
}

impl Chunk {
    /// Seals samples in strictly rising time. `None` where there is none, or more than [`CHUNK_SAMPLES_MAX`].
    pub fn encode(samples: &[Sample]) -> Option<Chunk> {
        let first = samples.first().filter(|_| samples.len() <= CHUNK_SAMPLES_MAX)?;
        let mut bytes = Vec::with_capacity(16 + samples.len() * 2);
        bytes.push(samples.len() as u8);
        put_varint(zigzag(first.at.as_millis() as u64), &mut bytes);
        let times = samples.iter().map(|sample| sample.at.as_millis() as u64);
        let steps: Vec<u64> =
            times.clone().zip(times.skip(1)).map(|(before, after)| after.wrapping_sub(before)).collect();
        Plan::of(&steps).put(&steps, &mut bytes);
        let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        values::put(&values, &mut bytes);
        Some(Chunk { bytes: bytes.into() })
    }

    /// A chunk from its bytes, all of which are checked to yield samples in rising time.
    pub fn from_bytes(bytes: &[u8]) -> Result<Chunk, Corrupt> {
        let chunk = || Chunk { bytes: bytes.into() };
        let decoded = Decoded::<CHUNK_SAMPLES_MAX>::of(bytes).filter(Decoded::rises);
        decoded.map(|_| chunk()).ok_or(Corrupt { bytes: bytes.len() })
    }

    /// What [`Chunk::from_bytes`] takes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many samples, staleness markers included.
    pub fn count(&self) -> usize {
        self.bytes.first().copied().map_or(0, usize::from)
    }

    /// Appends the samples within a range, both ends included.
    pub fn decode_into(&self, range: TimeRange, samples: &mut Vec<Sample>) {
        // The bytes were checked when the chunk was made.
        let _checked = decode_into(&self.bytes, range, samples);
    }

    /// All samples.
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::with_capacity(self.count());
        self.decode_into(TimeRange { start: Timestamp::MIN, end: Timestamp::MAX }, &mut samples);
        samples
    }
}

/// Appends the samples of a chunk's bytes within a range, both ends included, without keeping the bytes. Does not check
/// that times rise; whoever reads bytes that nobody checked before makes a [`Chunk`] of them first.
pub fn decode_into(bytes: &[u8], range: TimeRange, samples: &mut Vec<Sample>) -> Result<(), Corrupt> {
    let appended = match bytes.first() {
        Some(count) if usize::from(*count) <= USUAL_SAMPLES => append::<USUAL_SAMPLES>(bytes, range, samples),
        _ => append::<CHUNK_SAMPLES_MAX>(bytes, range, samples),
    };
    appended.ok_or(Corrupt { bytes: bytes.len() })
}

fn append<const N: usize>(bytes: &[u8], range: TimeRange, samples: &mut Vec<Sample>) -> Option<()> {
    let decoded = Decoded::<N>::of(bytes)?;
    let times = decoded.times();
    let from = times.partition_point(|at| (*at as i64) < range.start.as_millis());
    let to = times.partition_point(|at| (*at as i64) <= range.end.as_millis());
    let (times, values) = (times.get(from..to)?, decoded.values().get(from..to)?);
    samples.extend(
        times.iter().zip(values).map(|(at, bits)| Sample {
            at: Timestamp::from_millis(*at as i64),
            value: f64::from_bits(*bits),
        }),
    );
    Some(())
}

/// Both columns, side by side on the stack.
struct Decoded<const N: usize> {
    count: usize,
    times: [u64; N],
    values: [u64; N],
}

impl<const N: usize> Decoded<N> {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let count = usize::from(reader.byte()?);
        let mut decoded = Decoded { count, times: [0; N], values: [0; N] };
        let (first, steps) = decoded.times.get_mut(..count)?.split_first_mut()?;
        *first = unzigzag(reader.varint()?);
        column::take(&mut reader, steps)?;
        values::sum_up(decoded.times.get_mut(..count)?);
        values::take(&mut reader, decoded.values.get_mut(..count)?)?;
        reader.0.is_empty().then_some(decoded)
    }

    fn times(&self) -> &[u64] {
        self.times.get(..self.count).unwrap_or_default()
    }

    fn values(&self) -> &[u64] {
        self.values.get(..self.count).unwrap_or_default()
    }

    fn rises(&self) -> bool {
        self.times().windows(2).all(|pair| matches!(pair, [a, b] if (*a as i64) < *b as i64))
    }
}

#[cfg(test)]
mod tests;
