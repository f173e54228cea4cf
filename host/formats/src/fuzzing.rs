//! One entry a decoder for the fuzzers: bytes in, nothing out, and no panic whatever the bytes are. Where a decoder keeps
//! something between bodies, the bytes are read twice, so that what was kept is used; where there is an encoder, what was
//! read is written and must read as the same.
//!
//! The fuzzers are in tests/fuzz; tests/corpus.rs replays their kept inputs.

use ballast_types::series::is_stale;
use ballast_types::{Interner, Labels, Sample, Timestamp};

use crate::remote_write::{LabelCache, Version, WriteSeries};
use crate::text::{BodyEnd, Escaping, Format, Options, ParsedLabels, SeriesCache};
use crate::{otlp, remote_write, text};

/// A sample by its bits, so that NaN is equal to itself.
type Bits<'l> = (&'l Labels, Timestamp, u64);

fn bits(samples: &[(Labels, Sample)]) -> Vec<Bits<'_>> {
    samples.iter().map(|(labels, sample)| (labels, sample.at, sample.value.to_bits())).collect()
}

/// Prometheus's text format.
pub fn text(bytes: &[u8]) {
    exposition(bytes, Format::Text);
}

/// OpenMetrics.
pub fn openmetrics(bytes: &[u8]) {
    exposition(bytes, Format::OpenMetrics);
}

fn exposition(bytes: &[u8], format: Format) {
    for end in [BodyEnd::Known, BodyEnd::Unknown] {
        let options = Options::new(format, end, Timestamp::from_millis(0));
        let mut cache = SeriesCache::new(1000);
        let Ok(first) = text::read(bytes, &options, &mut cache, all_labels) else { continue };
        let again = text::read(bytes, &options, &mut cache, all_labels);
        assert!(
            again.is_ok_and(|again| bits(&again.parsed.samples) == bits(&first.parsed.samples)),
            "a cache changes nothing"
        );
        written_and_read(&first.parsed.samples, &options);
    }
}

fn all_labels(labels: &ParsedLabels<'_>) -> Option<Labels> {
    Some(Labels::from_pairs(labels.iter()))
}

/// Written in the order of names, else as they came.
fn written_and_read(samples: &[(Labels, Sample)], options: &Options) {
    let mut expected: Vec<_> = samples.iter().filter(|(_, one)| !is_stale(one.value)).cloned().collect();
    expected.sort_by(|one, other| one.0.metric_name().cmp(&other.0.metric_name()));
    let body = text::write(samples, |_| None, options.format, Escaping::AllowUtf8);
    let found = text::read(body.as_bytes(), options, &mut SeriesCache::new(1000), all_labels);
    let is_same =
        found.is_ok_and(|f| f.parsed.refused.is_empty() && bits(&f.parsed.samples) == bits(&expected));
    assert!(is_same, "what is written is read: {body}");
}

/// Remote write 1.0: the bytes as a request, and as the message that a request packs.
pub fn remote_write_v1(bytes: &[u8]) {
    remote_write(Version::V1, bytes, remote_write::encode_v1);
}

/// Remote write 2.0, in the same two ways.
pub fn remote_write_v2(bytes: &[u8]) {
    remote_write(Version::V2, bytes, remote_write::encode_v2);
}

fn remote_write(version: Version, bytes: &[u8], encode: fn(&[WriteSeries]) -> Vec<u8>) {
    let limits = remote_write::Limits { unpacked_bytes_max: 1 << 20, ..Default::default() };
    let packed = remote_write::pack(bytes);
    let mut cache = LabelCache::new(Interner::default(), 64 << 10);
    let mut decode = |body: &[u8]| remote_write::decode(version, body, &limits, &mut cache);
    drop(decode(bytes));
    let (first, again) = (decode(&packed), decode(&packed));
    assert_eq!(format!("{first:?}"), format!("{again:?}"), "a cache changes nothing");
    if let Ok(parsed) = first {
        let body = encode(&series(&parsed.samples));
        let limits = remote_write::Limits { packed_bytes_max: 64 << 20, ..Default::default() };
        let found = remote_write::decode(version, &body, &limits, &mut cache);
        let is_same = found.is_ok_and(|f| f.refused.is_empty() && bits(&f.samples) == bits(&parsed.samples));
        assert!(is_same, "what is written is read: {:?}", parsed.samples);
    }
}

/// Neighbours with the same labels are one series.
fn series(samples: &[(Labels, Sample)]) -> Vec<WriteSeries> {
    let one = |run: &[(Labels, Sample)]| {
        let (labels, _) = run.first()?;
        let samples = run.iter().map(|(_, sample)| *sample).collect();
        Some(WriteSeries {
            labels: labels.clone(),
            samples,
            exemplars: Vec::new(),
            metadata: None,
            created: None,
        })
    };
    samples.chunk_by(|one, other| one.0 == other.0).filter_map(one).collect()
}

/// OTLP metrics in protobuf.
pub fn otlp_protobuf(bytes: &[u8]) {
    otlp(otlp::Encoding::Protobuf, bytes);
}

/// OTLP metrics in JSON.
pub fn otlp_json(bytes: &[u8]) {
    otlp(otlp::Encoding::Json, bytes);
}

fn otlp(encoding: otlp::Encoding, bytes: &[u8]) {
    for promote in [false, true] {
        let options = otlp::Options {
            promote_all_resource_attributes: promote,
            promote_scope_metadata: promote,
            ..otlp::Options::default()
        };
        let limits = otlp::Limits::default();
        if let Ok(parsed) = otlp::decode(encoding, bytes, &options, &limits, &Interner::default()) {
            drop(otlp::response(encoding, &parsed.refused, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), line in "[a-c]([{ ][ab=\"},# \\\\n]{0,9})? [0-9.# {}]{0,4}\n") {
            for bytes in [&*bytes, line.as_bytes()] {
                super::text(bytes);
                super::openmetrics(bytes);
                super::remote_write_v1(bytes);
                super::remote_write_v2(bytes);
                super::otlp_protobuf(bytes);
                super::otlp_json(bytes);
            }
        }
    }
}
