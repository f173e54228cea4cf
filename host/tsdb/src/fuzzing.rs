//! Decoders for fuzzing: each takes any bytes, never panics, and reserves no more memory than a few times their number.

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, TimeRange};

use crate::block::{Register, decode_any, read_everything};
use crate::chunk::Chunk;
use crate::head::{Head, HeadOptions, SeriesId};
use crate::log::{Sink, Tally, read_segment};

/// A chunk: what decodes, rises.
pub fn chunk(bytes: &[u8]) {
    if let Ok(chunk) = Chunk::from_bytes(bytes) {
        assert!(chunk.samples().is_sorted_by(|a, b| a.at < b.at), "a chunk's samples rise in time");
    }
}

/// A segment of the log.
pub fn log_segment(bytes: &[u8]) {
    read_segment(bytes, &mut Everything::new(), &mut Tally::default());
}

/// A block's file.
pub fn block(bytes: &[u8]) {
    read_everything(bytes, &mut Everything::new());
    // Also behind the checksums, which hardly any input passes.
    decode_any(bytes);
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
