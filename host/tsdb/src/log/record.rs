//! What the frames of a segment say. Ids count only within their segment.
//!
//! Samples lie closely: the difference to the id before, whether the time is that of the sample before, and the value as a
//! whole number where it is one. A batch of a scrape takes two to ten bytes a sample.

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata, MetricType};
use ballast_types::{Labels, Sample, Timestamp};

use crate::bytes::{Reader, put_bits, put_labels, put_signed, put_text, put_varint, unzigzag, whole, zigzag};
use crate::frame::{Frame, put_frame};

const DEFINE: u8 = 1;
/// As the first version wrote samples; only read.
const PLAIN_SAMPLES: u8 = 2;
const FORGET: u8 = 3;
const SAMPLES: u8 = 4;
const EXEMPLARS: u8 = 5;
const METADATA: u8 = 6;

/// These ids stand for these labels.
pub(super) fn put_define(series: &[(u64, Labels)], bytes: &mut Vec<u8>) {
    put_frame(DEFINE, bytes, |bytes| {
        put_varint(series.len() as u64, bytes);
        for (id, labels) in series {
            put_varint(*id, bytes);
            put_labels(labels, bytes);
        }
    });
}

/// Samples of a batch.
pub(super) fn put_samples(samples: impl ExactSizeIterator<Item = (u64, Sample)>, bytes: &mut Vec<u8>) {
    put_frame(SAMPLES, bytes, |bytes| {
        put_varint(samples.len() as u64, bytes);
        let (mut id_before, mut ms_before) = (0u64, 0i64);
        for (id, sample) in samples {
            let (ms, whole) = (sample.at.as_millis(), whole(sample.value));
            let flags = u64::from(ms == ms_before) << 1 | u64::from(whole.is_some());
            put_varint(zigzag(id.wrapping_sub(id_before) as i64) << 2 | flags, bytes);
            if ms != ms_before {
                put_signed(ms.wrapping_sub(ms_before), bytes);
            }
            match whole {
                Some(number) => put_signed(number, bytes),
                None => put_bits(sample.value, bytes),
            }
            (id_before, ms_before) = (id, ms);
        }
    });
}

/// Everything before is forgotten.
pub(super) fn put_forget(horizon: Timestamp, bytes: &mut Vec<u8>) {
    put_frame(FORGET, bytes, |bytes| put_signed(horizon.as_millis(), bytes));
}

/// Exemplars, each with the labels of its series.
pub(super) fn put_exemplars(batch: &[(Labels, Exemplar)], bytes: &mut Vec<u8>) {
    put_frame(EXEMPLARS, bytes, |bytes| {
        put_varint(batch.len() as u64, bytes);
        for (labels, exemplar) in batch {
            put_labels(labels, bytes);
            put_labels(&exemplar.labels, bytes);
            put_signed(exemplar.at.as_millis(), bytes);
            put_bits(exemplar.value, bytes);
        }
    });
}

/// What metrics are.
pub(super) fn put_metadata(batch: &[(Arc<str>, Metadata)], bytes: &mut Vec<u8>) {
    put_frame(METADATA, bytes, |bytes| {
        put_varint(batch.len() as u64, bytes);
        for (name, metadata) in batch {
            put_text(name, bytes);
            bytes.push(metadata.kind as u8);
            put_text(&metadata.help, bytes);
            put_text(&metadata.unit, bytes);
        }
    });
}

/// A record that is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Record {
    Define(Vec<(u64, Labels)>),
    Samples(Vec<(u64, Sample)>),
    Forget(Timestamp),
    Exemplars(Vec<(Labels, Exemplar)>),
    Metadata(Vec<(Arc<str>, Metadata)>),
}

/// Whether a frame defines labels, which come before everything else of their segment.
pub(super) fn is_definition(frame: &Frame<'_>) -> bool {
    frame.kind == DEFINE
}

/// The record of a frame, over the strings that `share` gives; `None` where it says nothing that makes sense.
pub(super) fn decode(frame: &Frame<'_>, share: &mut dyn FnMut(&str) -> Arc<str>) -> Option<Record> {
    let mut reader = Reader(frame.body);
    match frame.kind {
        FORGET => Some(Record::Forget(Timestamp::from_millis(reader.signed()?))),
        DEFINE => {
            many(&mut reader, |reader| Some((reader.varint()?, reader.labels(share)?))).map(Record::Define)
        }
        PLAIN_SAMPLES => plain_samples(&mut reader).map(Record::Samples),
        SAMPLES => samples(&mut reader).map(Record::Samples),
        EXEMPLARS => many(&mut reader, |reader| exemplar(reader, share)).map(Record::Exemplars),
        METADATA => many(&mut reader, |reader| metadata(reader, share)).map(Record::Metadata),
        _ => None,
    }
}

/// As many as the first number says. Each takes at least a byte, so that a wrong number costs no memory.
fn many<'b, T>(reader: &mut Reader<'b>, mut one: impl FnMut(&mut Reader<'b>) -> Option<T>) -> Option<Vec<T>> {
    let count = reader.varint()?;
    (0..count).map(|_| one(reader)).collect()
}

fn samples(reader: &mut Reader<'_>) -> Option<Vec<(u64, Sample)>> {
    let (mut id, mut ms) = (0u64, 0i64);
    many(reader, |reader| {
        let tag = reader.varint()?;
        id = id.wrapping_add(unzigzag(tag >> 2) as u64);
        if tag & 2 == 0 {
            ms = ms.wrapping_add(reader.signed()?);
        }
        let value = if tag & 1 == 1 { reader.signed()? as f64 } else { reader.bits()? };
        Some((id, Sample { at: Timestamp::from_millis(ms), value }))
    })
}

fn plain_samples(reader: &mut Reader<'_>) -> Option<Vec<(u64, Sample)>> {
    let mut ms = 0i64;
    many(reader, |reader| {
        let id = reader.varint()?;
        ms = ms.wrapping_add(reader.signed()?);
        Some((id, Sample { at: Timestamp::from_millis(ms), value: reader.bits()? }))
    })
}

fn exemplar(reader: &mut Reader<'_>, share: &mut dyn FnMut(&str) -> Arc<str>) -> Option<(Labels, Exemplar)> {
    let (series, labels) = (reader.labels(share)?, reader.labels(share)?);
    let at = Timestamp::from_millis(reader.signed()?);
    Some((series, Exemplar { labels, value: reader.bits()?, at }))
}

fn metadata(
    reader: &mut Reader<'_>,
    share: &mut dyn FnMut(&str) -> Arc<str>,
) -> Option<(Arc<str>, Metadata)> {
    let name = share(reader.text()?);
    let kind = metric_type(reader.byte()?)?;
    let (help, unit) = (Arc::from(reader.text()?), Arc::from(reader.text()?));
    Some((name, Metadata { kind, help, unit }))
}

fn metric_type(byte: u8) -> Option<MetricType> {
    let all = [
        MetricType::Counter,
        MetricType::Gauge,
        MetricType::Histogram,
        MetricType::GaugeHistogram,
        MetricType::Summary,
        MetricType::Info,
        MetricType::StateSet,
        MetricType::Unknown,
    ];
    all.into_iter().find(|kind| *kind as u8 == byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::frames;
    use proptest::prelude::*;

    fn labels() -> impl Strategy<Value = Labels> {
        prop::collection::vec(("[a-c]{1,3}", "\\PC{0,4}"), 0..4).prop_map(Labels::from_pairs)
    }

    fn samples() -> impl Strategy<Value = Vec<(u64, Sample)>> {
        let value = prop_oneof![any::<f64>(), any::<i32>().prop_map(f64::from)];
        let at = prop_oneof![any::<i64>(), Just(5)].prop_map(Timestamp::from_millis);
        let id = prop_oneof![0..u64::MAX / 8, 0..9u64];
        prop::collection::vec((id, (at, value).prop_map(|(at, value)| Sample { at, value })), 0..6)
    }

    fn one(bytes: &[u8]) -> Record {
        let found = frames(bytes).0;
        assert_eq!(found.len(), 1);
        decode(&found[0], &mut |text| Arc::from(text)).unwrap()
    }

    fn bits(samples: &[(u64, Sample)]) -> Vec<(u64, Timestamp, u64)> {
        samples.iter().map(|(id, sample)| (*id, sample.at, sample.value.to_bits())).collect()
    }

    proptest! {
        #[test]
        fn samples_come_back_bit_for_bit(batch in samples()) {
            let mut bytes = Vec::new();
            put_samples(batch.iter().copied(), &mut bytes);
            let Record::Samples(found) = one(&bytes) else { panic!("no samples") };
            prop_assert_eq!(bits(&found), bits(&batch));
        }

        #[test]
        fn labels_exemplars_and_metadata_come_back(series in prop::collection::vec((any::<u64>(), labels()), 0..4), at in any::<i64>()) {
            let at = Timestamp::from_millis(at);
            let exemplars: Vec<(Labels, Exemplar)> =
                series.iter().map(|(_, l)| (l.clone(), Exemplar { labels: l.clone(), value: 0.5, at })).collect();
            let metadata = [(Arc::from("m"), Metadata { kind: MetricType::StateSet, help: "é".into(), unit: "".into() })];
            let write = |fill: &dyn Fn(&mut Vec<u8>)| { let mut bytes = Vec::new(); fill(&mut bytes); one(&bytes) };
            prop_assert_eq!(write(&|b| put_define(&series, b)), Record::Define(series.clone()));
            prop_assert_eq!(write(&|b| put_exemplars(&exemplars, b)), Record::Exemplars(exemplars.clone()));
            prop_assert_eq!(write(&|b| put_metadata(&metadata, b)), Record::Metadata(metadata.to_vec()));
            prop_assert_eq!(write(&|b| put_forget(at, b)), Record::Forget(at));
        }

        #[test]
        fn any_body_is_survived(kind in 0u8..8, body in prop::collection::vec(any::<u8>(), 0..60)) {
            decode(&Frame { kind, body: &body, at: 0 }, &mut |text| Arc::from(text));
        }
    }
}
