//! The bytes of a record, and how records are found again among damaged ones.
//!
//! ```text
//! marker 4 | length 4 | CRC-32 4 | kind 1 | body         length counts kind and body, the CRC covers length, kind and body
//! ```
//!
//! Where a record does not check, the next marker is searched whose record does. So no byte is trusted, not even a length,
//! and damage costs the record that it lies in and no other.

use std::sync::Arc;

use ballast_types::{Labels, Sample, Timestamp};

/// Begins each record; the last byte is the version of the format.
const MARKER: [u8; 4] = [0xb5, 0x17, 0x5e, 1];
const HEADER_BYTES: usize = 12;
/// No record is larger, so that a damaged length is not believed.
pub(super) const BODY_BYTES_MAX: usize = 8 << 20;

/// What a record says. Ids count only within their segment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Record {
    /// These ids stand for these labels.
    Define(Vec<(u64, Labels)>),
    /// Samples of a batch.
    Samples(Vec<(u64, Sample)>),
    /// Everything before is forgotten.
    Forget(Timestamp),
}

/// Appends a record's bytes.
pub(super) fn encode(record: &Record, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend(MARKER);
    bytes.extend([0; HEADER_BYTES - 4]);
    encode_body(record, bytes);
    let length = u32::try_from(bytes.len() - start - HEADER_BYTES).unwrap_or(u32::MAX).to_le_bytes();
    let crc = checksum(length, bytes.get(start + HEADER_BYTES..).unwrap_or_default()).to_le_bytes();
    for (slot, byte) in bytes.iter_mut().skip(start + 4).zip(length.into_iter().chain(crc)) {
        *slot = byte;
    }
}

fn encode_body(record: &Record, bytes: &mut Vec<u8>) {
    match record {
        Record::Define(series) => {
            bytes.push(1);
            put_varint(series.len() as u64, bytes);
            for (id, labels) in series {
                put_varint(*id, bytes);
                put_varint(labels.len() as u64, bytes);
                labels.iter().flat_map(|(name, value)| [name, value]).for_each(|text| put_text(text, bytes));
            }
        }
        Record::Samples(samples) => {
            bytes.push(2);
            put_varint(samples.len() as u64, bytes);
            let mut before_ms = 0i64;
            for (id, sample) in samples {
                put_varint(*id, bytes);
                put_varint(zigzag(sample.at.as_millis().wrapping_sub(before_ms)), bytes);
                bytes.extend(sample.value.to_bits().to_le_bytes());
                before_ms = sample.at.as_millis();
            }
        }
        Record::Forget(horizon) => {
            bytes.push(3);
            put_varint(zigzag(horizon.as_millis()), bytes);
        }
    }
}

/// The whole records of a segment, and how often something had to be skipped.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) records: Vec<Record>,
    /// Stretches of bytes that hold no record; a stretch may be several damaged records.
    pub(super) damaged: usize,
}

/// Reads all records that check.
pub(super) fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan::default();
    let (mut at, mut lost) = (0, false);
    while at < bytes.len() {
        match decode(bytes.get(at..).unwrap_or_default()) {
            Some((record, length)) => {
                scan.records.push(record);
                scan.damaged += usize::from(lost);
                lost = false;
                at += length;
            }
            None => {
                lost = true;
                at = next_marker(bytes, at + 1);
            }
        }
    }
    scan.damaged += usize::from(lost);
    scan
}

fn next_marker(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(MARKER.len()).position(|window| window == MARKER).map_or(bytes.len(), |found| from + found)
}

/// The record that the bytes begin with, and its length.
fn decode(bytes: &[u8]) -> Option<(Record, usize)> {
    let rest = bytes.strip_prefix(&MARKER)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let body_bytes =
        usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= BODY_BYTES_MAX)?;
    let body = rest.get(..body_bytes)?;
    if checksum(*length, body) != u32::from_le_bytes(*crc) {
        return None;
    }
    Some((decode_body(body)?, HEADER_BYTES + body_bytes))
}

fn decode_body(body: &[u8]) -> Option<Record> {
    let (kind, body) = body.split_first()?;
    let mut reader = Reader(body);
    match kind {
        1 => {
            let count = reader.varint()?;
            (0..count)
                .map(|_| Some((reader.varint()?, reader.labels()?)))
                .collect::<Option<_>>()
                .map(Record::Define)
        }
        2 => {
            let (count, mut at_ms) = (reader.varint()?, 0i64);
            let sample = |_| {
                let id = reader.varint()?;
                at_ms = at_ms.wrapping_add(unzigzag(reader.varint()?));
                Some((id, Sample { at: Timestamp::from_millis(at_ms), value: reader.float()? }))
            };
            (0..count).map(sample).collect::<Option<_>>().map(Record::Samples)
        }
        3 => Some(Record::Forget(Timestamp::from_millis(unzigzag(reader.varint()?)))),
        _ => None,
    }
}

fn checksum(length: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize()
}

fn put_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn put_text(text: &str, bytes: &mut Vec<u8>) {
    put_varint(text.len() as u64, bytes);
    bytes.extend(text.as_bytes());
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// Takes values off the front of a body; nothing in it is believed.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn float(&mut self) -> Option<f64> {
        let (bits, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_bits(u64::from_le_bytes(*bits)))
    }

    fn text(&mut self) -> Option<Arc<str>> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(Arc::from)
    }

    fn labels(&mut self) -> Option<Labels> {
        let count = self.varint()?;
        let pairs: Option<Vec<(Arc<str>, Arc<str>)>> =
            (0..count).map(|_| Some((self.text()?, self.text()?))).collect();
        pairs.map(Labels::from_pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let labels = prop::collection::vec(("[a-c]{1,3}", "\\PC{0,4}"), 0..4).prop_map(Labels::from_pairs);
        let sample = (any::<i64>(), any::<i32>())
            .prop_map(|(at, value)| Sample { at: Timestamp::from_millis(at), value: f64::from(value) });
        let record = prop_oneof![
            prop::collection::vec((any::<u64>(), labels), 0..4).prop_map(Record::Define),
            prop::collection::vec((any::<u64>(), sample), 0..6).prop_map(Record::Samples),
            any::<i64>().prop_map(|at| Record::Forget(Timestamp::from_millis(at))),
        ];
        prop::collection::vec(record, 1..6)
    }

    fn encoded(records: &[Record]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for record in records {
            encode(record, &mut bytes);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(records in records()) {
            let found = scan(&encoded(&records).0);
            prop_assert_eq!((found.records, found.damaged), (records, 0));
        }

        #[test]
        fn a_flipped_byte_costs_its_record_only(records in records(), place in any::<prop::sample::Index>(), flip in 1u8..) {
            let (mut bytes, ends) = encoded(&records);
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            let mut expected = records;
            expected.remove(ends.iter().position(|end| place < *end).unwrap());
            let found = scan(&bytes);
            prop_assert_eq!((found.records, found.damaged), (expected, 1));
        }

        #[test]
        fn a_cut_leaves_the_records_before_it(records in records(), place in any::<prop::sample::Index>()) {
            let (bytes, ends) = encoded(&records);
            let cut = place.index(bytes.len());
            let whole = ends.iter().filter(|end| **end <= cut).count();
            prop_assert_eq!(scan(&bytes[..cut]).records, &records[..whole]);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            scan(&[MARKER.as_slice(), &bytes].concat());
        }
    }
}
