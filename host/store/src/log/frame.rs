//! How one record lies in a segment, and how records are found again after damage.
//!
//! ```text
//!  magic 4 | body's length u32 | position u64 | crc32 u32 | body          (little endian)
//! ```
//!
//! Invariant: a frame counts only if its checksum over length, position and body is right. After damage the search goes
//! on at the next magic whose frame checks; bodies are UTF-8 behind a short head, and the magic begins with 0xFF, which
//! UTF-8 never has, so a body does not look like a frame.

use std::ops::Range;

const MAGIC: [u8; 4] = [0xff, 0xb1, b'a', 0xfe];
const HEADER_BYTES: usize = 20;

/// Most bytes of one body.
pub(crate) const BODY_BYTES_MAX: usize = 32 << 20;

/// A record that checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Its position in the log.
    pub(crate) position: u64,
    /// Its checksum.
    pub(crate) crc: u32,
    /// Where it lies in the bytes that were searched, header included.
    pub(crate) range: Range<usize>,
    /// What was written.
    pub(crate) body: &'a [u8],
}

/// What lies at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A record.
    Frame(Frame<'a>),
    /// Bytes that are none.
    Damage(Range<usize>),
}

/// Appends a frame to `out` and returns its checksum. The body is at most [`BODY_BYTES_MAX`].
pub(crate) fn write_frame(out: &mut Vec<u8>, position: u64, body: &[u8]) -> u32 {
    // The callers bound the body, so that the length always fits; a body beyond would not check when it is read.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let crc = checksum(length, position, body);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&position.to_le_bytes());
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(body);
    crc
}

/// All that lies in `bytes`, in order, without gaps.
pub(crate) fn frames(bytes: &[u8]) -> impl Iterator<Item = Found<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let found = match frame_at(bytes, at) {
            Some(frame) => Found::Frame(frame),
            None => Found::Damage(at..next_frame(bytes, at + 1)),
        };
        at = match &found {
            Found::Frame(frame) => frame.range.end,
            Found::Damage(range) => range.end,
        };
        Some(found)
    })
}

fn next_frame(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == MAGIC[0])) {
        if frame_at(bytes, at + found).is_some() {
            return at + found;
        }
        at += found + 1;
    }
    bytes.len()
}

fn frame_at(bytes: &[u8], at: usize) -> Option<Frame<'_>> {
    let rest = bytes.get(at..)?;
    let (magic, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (length, position) = (u32::from_le_bytes(*length), u64::from_le_bytes(*position));
    let body = rest.get(..usize::try_from(length).ok()?)?;
    let crc = u32::from_le_bytes(*crc);
    let checks = *magic == MAGIC && body.len() <= BODY_BYTES_MAX && crc == checksum(length, position, body);
    checks.then(|| Frame { position, crc, range: at..at + HEADER_BYTES + body.len(), body })
}

fn checksum(length: u32, position: u64, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&position.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (position, body) in [(1, "one"), (2, "two"), (3, "three")] {
            write_frame(&mut bytes, position, body.as_bytes());
        }
        bytes
    }

    fn positions(bytes: &[u8]) -> Vec<u64> {
        let found = frames(bytes);
        found
            .filter_map(|found| if let Found::Frame(frame) = found { Some(frame.position) } else { None })
            .collect()
    }

    #[test]
    fn any_flipped_bit_costs_exactly_its_own_record() {
        let whole = three();
        let ends: Vec<usize> = [23, 46, 71].to_vec();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let hit = ends.iter().position(|end| at < *end).unwrap() as u64 + 1;
                let left: Vec<u64> = (1..=3).filter(|position| *position != hit).collect();
                assert_eq!(positions(&bytes), left, "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn what_is_found_covers_every_byte() {
        let mut bytes = three();
        bytes.splice(23..23, *b"\xff\xb1a\xfe rubbish");
        let mut at = 0;
        for found in frames(&bytes) {
            let range = match found {
                Found::Frame(frame) => frame.range,
                Found::Damage(range) => range,
            };
            assert_eq!(range.start, at);
            at = range.end;
        }
        assert_eq!(at, bytes.len());
        assert_eq!(positions(&bytes), [1, 2, 3]);
    }
}
