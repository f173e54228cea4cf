//! Decoders for fuzzing: each takes any bytes, never panics, and reserves no more memory than a few times their number.
//!
//! Hardly any input passes a checksum. So bytes are read as they are, and also as records that are sealed first. The fuzzers
//! are in tests/fuzz; tests/corpus.rs replays their kept inputs.

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, TimeRange, Timestamp};

use crate::block::{Register, decode_any, read_everything};
use crate::chunk::{CHUNK_SAMPLES_MAX, Chunk, decode_into};
use crate::frame::{frames, put_frame};
use crate::head::{Head, HeadOptions, SeriesId};
use crate::log::{Sink, Tally, read_segment};

/// A chunk: what decodes, rises and comes back when it is sealed again; so do samples made of the bytes.
pub fn chunk(bytes: &[u8]) {
    let all = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };
    // Whoever reads a chunk of a block does not check that it rises.
    let _unchecked =
        decode_into(bytes, TimeRange { start: Timestamp::from_millis(0), ..all }, &mut Vec::new());
    if let Ok(chunk) = Chunk::from_bytes(bytes) {
        let samples = chunk.samples();
        assert!(samples.is_sorted_by(|a, b| a.at < b.at), "a chunk's samples rise in time");
        comes_back(&samples);
    }
    comes_back(&samples_of(bytes));
}

fn comes_back(samples: &[Sample]) {
    let bits = |samples: &[Sample]| -> Vec<(Timestamp, u64)> {
        samples.iter().map(|sample| (sample.at, sample.value.to_bits())).collect()
    };
    let sealed = Chunk::encode(samples).map(|chunk| Chunk::from_bytes(chunk.bytes()));
    let found = sealed.and_then(Result::ok).map(|chunk| chunk.samples());
    let expected = Some(samples).filter(|samples| !samples.is_empty());
    assert_eq!(found.as_deref().map(bits), expected.map(bits), "samples come back bit for bit");
}

/// Samples in rising time, ten bytes each: a step, and a value as bits, as an integer or as a decimal.
fn samples_of(bytes: &[u8]) -> Vec<Sample> {
    let (records, _) = bytes.as_chunks::<10>();
    let mut at_ms = 0i64;
    let one = |[kind, step, bits @ ..]: &[u8; 10]| {
        // Long steps by the high bits of the kind.
        at_ms += (1 + i64::from(*step)) << (kind >> 3);
        let bits = u64::from_le_bytes(*bits);
        let short = f64::from(bits as u16 as i16);
        let value = match kind & 7 {
            0..=2 => short,
            3 | 4 => short / 100.0,
            5 => bits as i64 as f64,
            _ => f64::from_bits(bits),
        };
        Sample { at: Timestamp::from_millis(at_ms), value }
    };
    records.iter().take(CHUNK_SAMPLES_MAX).map(one).collect()
}

/// A segment of the log.
pub fn log(bytes: &[u8]) {
    for segment in [bytes, &sealed(bytes)] {
        read_segment(segment, &mut Everything::new(), &mut Tally::default());
    }
}

/// A block's file.
pub fn block(bytes: &[u8]) {
    for file in [bytes, &sealed(bytes)] {
        read_everything(file, &mut Everything::new());
    }
    decode_any(bytes);
}

/// The bytes as records, each `kind 1 | length 2 | body`, under checksums that hold.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut count, mut rest) = (Vec::new(), 0, bytes);
    while let Some(([kind, low, high], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
        let (body, left) = after.split_at(length);
        put_frame(*kind, &mut out, |out| out.extend(body));
        (count, rest) = (count + 1, left);
    }
    let (found, damaged) = frames(&out);
    assert_eq!((found.len(), damaged), (count, 0), "what is sealed is found");
    out
}

/// Takes all that is read.
struct Everything(Head);

impl Everything {
    fn new() -> Self {
        let options = HeadOptions {
            series_max: 1000,
            labels_max: 100,
            label_bytes_max: 1000,
            chunk_samples: 4,
            out_of_order_ms: 0,
        };
        Everything(Head::new(options, ballast_types::Interner::default()))
    }
}

impl Sink for Everything {
    fn share(&mut self, text: &str) -> Arc<str> {
        Arc::from(text)
    }

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        self.0.restore_series(&labels)
    }

    fn sample(&mut self, series: SeriesId, sample: Sample) {
        self.0.restore(series, sample);
    }

    fn exemplars(&mut self, _batch: Vec<(Labels, Exemplar)>) {}

    fn metadata(&mut self, _batch: Vec<(Arc<str>, Metadata)>) {}
}

impl Register for Everything {
    fn share(&mut self, text: &str) -> Arc<str> {
        Arc::from(text)
    }

    fn series(&mut self, labels: Labels, samples: TimeRange) -> Option<SeriesId> {
        self.0.register(&labels, samples)
    }
}
