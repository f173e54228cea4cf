//! Framed records: the unit of damage in the log and in blocks.
//!
//! ```text
//! marker 4 | length 4 | CRC-32 4 | kind 1 | body         length counts kind and body, the CRC covers length, kind and body
//! ```
//!
//! Where a record does not check, the next marker is searched whose record does. So no byte is trusted, not even a length,
//! and damage costs the record that it lies in and no other.

/// Begins each record; the last byte is the version of the frame.
const MARKER: [u8; 4] = [0xb5, 0x17, 0x5e, 1];
/// Bytes before the kind.
const HEADER_BYTES: usize = 12;
/// What a frame adds to a body.
pub(crate) const FRAME_BYTES: usize = HEADER_BYTES + 1;
/// No record is larger, so that a damaged length is not believed.
pub(crate) const BODY_BYTES_MAX: usize = 8 << 20;

/// One record that checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'b> {
    /// What the body is.
    pub(crate) kind: u8,
    /// What it says.
    pub(crate) body: &'b [u8],
    /// Where the record begins.
    pub(crate) at: usize,
}

/// Appends a record whose body `fill` appends.
pub(crate) fn put_frame(kind: u8, bytes: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend(MARKER);
    bytes.extend([0; HEADER_BYTES - 4]);
    bytes.push(kind);
    fill(bytes);
    let length = u32::try_from(bytes.len() - start - HEADER_BYTES).unwrap_or(u32::MAX).to_le_bytes();
    let crc = checksum(length, bytes.get(start + HEADER_BYTES..).unwrap_or_default()).to_le_bytes();
    for (slot, byte) in bytes.iter_mut().skip(start + 4).zip(length.into_iter().chain(crc)) {
        *slot = byte;
    }
}

/// The records of some bytes, and how often something had to be skipped to find them.
pub(crate) fn frames(bytes: &[u8]) -> (Vec<Frame<'_>>, usize) {
    let (mut found, mut damaged) = (Vec::new(), 0);
    let (mut at, mut lost) = (0, false);
    while at < bytes.len() {
        match first_frame(bytes.get(at..).unwrap_or_default()) {
            Some((frame, length)) => {
                found.push(Frame { at, ..frame });
                damaged += usize::from(lost);
                lost = false;
                at += length;
            }
            None => {
                lost = true;
                at = next_marker(bytes, at + 1);
            }
        }
    }
    (found, damaged + usize::from(lost))
}

/// The record that the bytes begin with, and its length with the frame.
pub(crate) fn first_frame(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let rest = bytes.strip_prefix(&MARKER)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let content_bytes =
        usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= BODY_BYTES_MAX)?;
    let content = rest.get(..content_bytes)?;
    if checksum(*length, content) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (kind, body) = content.split_first()?;
    Some((Frame { kind: *kind, body, at: 0 }, HEADER_BYTES + content_bytes))
}

fn next_marker(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(MARKER.len()).position(|window| window == MARKER).map_or(bytes.len(), |found| from + found)
}

fn checksum(length: [u8; 4], content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(content);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Plain = (u8, Vec<u8>);

    fn records() -> impl Strategy<Value = Vec<Plain>> {
        prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 1..6)
    }

    fn encoded(records: &[Plain]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for (kind, body) in records {
            put_frame(*kind, &mut bytes, |bytes| bytes.extend(body));
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn read(bytes: &[u8]) -> (Vec<Plain>, usize) {
        let (found, damaged) = frames(bytes);
        (found.iter().map(|frame| (frame.kind, frame.body.to_vec())).collect(), damaged)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(records in records()) {
            prop_assert_eq!(read(&encoded(&records).0), (records, 0));
        }

        #[test]
        fn a_flipped_byte_costs_its_record_only(records in records(), place in any::<prop::sample::Index>(), flip in 1u8..) {
            let (mut bytes, ends) = encoded(&records);
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            let mut expected = records;
            expected.remove(ends.iter().position(|end| place < *end).unwrap());
            prop_assert_eq!(read(&bytes), (expected, 1));
        }

        #[test]
        fn a_cut_leaves_the_records_before_it(records in records(), place in any::<prop::sample::Index>()) {
            let (bytes, ends) = encoded(&records);
            let cut = place.index(bytes.len());
            let whole = ends.iter().filter(|end| **end <= cut).count();
            prop_assert_eq!(&read(&bytes[..cut]).0, &records[..whole]);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            frames(&[MARKER.as_slice(), &bytes].concat());
        }
    }
}
