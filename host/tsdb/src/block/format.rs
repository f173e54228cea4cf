//! What the frames of a block's file say.
//!
//! ```text
//! meta | chunk chunk .. table | chunk chunk .. table | .. | series series .. | meta
//! ```
//!
//! The meta tells where the series begin, and stands twice, so that one damaged byte leaves one. A series' frame has its
//! labels, where its chunks are, and what they all come to; its table says the same of each chunk. A damaged table is
//! made anew from the chunks; a damaged chunk or series is lost, and nothing else with it.

use std::sync::Arc;

use ballast_types::{Labels, Sample, TimeRange, Timestamp, WindowSummary};

use crate::bytes::{Reader, put_labels, put_near, put_signed, put_varint};
use crate::chunk::ChunkSummary;
use crate::frame::{FRAME_BYTES, Frame, put_frame};

const META: u8 = 16;
pub(super) const CHUNK: u8 = 17;
const TABLE: u8 = 18;
const SERIES: u8 = 19;

/// Bytes of a meta with its frame.
pub(super) const META_BYTES: usize = FRAME_BYTES + 6 * 8;

/// What a block holds, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// The windows that the block stands for, from the first instant to before the second.
    pub(crate) start: Timestamp,
    /// The first instant that is not the block's any more.
    pub(crate) end: Timestamp,
    /// Where the frames of series begin.
    pub(super) series_at: u64,
    /// Bytes of the file.
    pub(super) bytes: u64,
    pub(super) series: u64,
    pub(super) samples: u64,
}

impl Meta {
    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        let Meta { start, end, series_at, bytes: file, series, samples } = *self;
        let times = [start.as_millis() as u64, end.as_millis() as u64];
        put_frame(META, bytes, |bytes| {
            for number in times.into_iter().chain([series_at, file, series, samples]) {
                bytes.extend(number.to_le_bytes());
            }
        });
    }

    pub(super) fn of(frame: &Frame<'_>) -> Option<Meta> {
        let body: &[u8; 48] = frame.body.try_into().ok().filter(|_| frame.kind == META)?;
        let (numbers, _) = body.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let mut time = || numbers.next().map(|ms| Timestamp::from_millis(ms as i64));
        let (start, end) = (time()?, time()?);
        let (series_at, bytes, series, samples) =
            (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next()?);
        (start < end && series_at <= bytes).then_some(Meta { start, end, series_at, bytes, series, samples })
    }

    /// Whether an instant is the block's.
    pub(crate) fn covers(&self, other: &Meta) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// Where the chunks of a series are, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    /// Where the first chunk's frame begins; the table's follows on the last chunk's.
    pub(crate) at: u64,
    /// Bytes of all chunks with their frames.
    pub(crate) chunk_bytes: u64,
    /// Bytes of the table with its frame.
    pub(crate) table_bytes: u32,
    /// All samples of the series in the block.
    pub(crate) summary: ChunkSummary,
}

/// Appends the frame of a series.
pub(super) fn put_series(labels: &Labels, extent: &Extent, bytes: &mut Vec<u8>) {
    put_frame(SERIES, bytes, |bytes| {
        put_labels(labels, bytes);
        put_varint(extent.at, bytes);
        put_varint(extent.chunk_bytes, bytes);
        put_varint(u64::from(extent.table_bytes), bytes);
        put_summary(&extent.summary, 0, bytes);
    });
}

/// The series of a frame.
pub(super) fn series_of(
    frame: &Frame<'_>,
    share: &mut dyn FnMut(&str) -> Arc<str>,
) -> Option<(Labels, Extent)> {
    let mut reader = Reader(Some(frame.body).filter(|_| frame.kind == SERIES)?);
    let labels = reader.labels(share)?;
    let (at, chunk_bytes) = (reader.varint()?, reader.varint()?);
    let table_bytes = u32::try_from(reader.varint()?).ok()?;
    let summary = take_summary(&mut reader, 0)?;
    at.checked_add(chunk_bytes)?.checked_add(u64::from(table_bytes))?;
    Some((labels, Extent { at, chunk_bytes, table_bytes, summary }))
}

/// One chunk of a series, as its table has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ChunkEntry {
    /// Where its frame begins, from the first chunk of the series on.
    pub(crate) offset: u64,
    /// Bytes with the frame.
    pub(crate) bytes: u32,
    /// What its samples come to.
    pub(crate) summary: ChunkSummary,
}

/// Appends a table; the chunks lie one behind the other.
pub(super) fn put_table(chunks: &[ChunkEntry], bytes: &mut Vec<u8>) {
    put_frame(TABLE, bytes, |bytes| {
        put_varint(chunks.len() as u64, bytes);
        let mut before_ms = 0;
        for chunk in chunks {
            put_varint(u64::from(chunk.bytes), bytes);
            put_summary(&chunk.summary, before_ms, bytes);
            before_ms = chunk.summary.last.as_millis();
        }
    });
}

/// The chunks of a table, all of which lie within so many bytes.
pub(super) fn table_of(frame: &Frame<'_>, chunk_bytes: u64) -> Option<Vec<ChunkEntry>> {
    let mut reader = Reader(Some(frame.body).filter(|_| frame.kind == TABLE)?);
    let (count, mut offset, mut before_ms) = (reader.varint()?, 0u64, 0);
    let mut chunk = |_| {
        let bytes = u32::try_from(reader.varint()?).ok()?;
        let summary = take_summary(&mut reader, before_ms)?;
        before_ms = summary.last.as_millis();
        let entry = ChunkEntry { offset, bytes, summary };
        offset = offset.checked_add(u64::from(bytes)).filter(|end| *end <= chunk_bytes)?;
        Some(entry)
    };
    (0..count).map(&mut chunk).collect()
}

/// The chunk's own bytes within their frame.
pub(super) fn chunk_of<'b>(frame: &Frame<'b>) -> Option<&'b [u8]> {
    Some(frame.body).filter(|_| frame.kind == CHUNK)
}

/// Whatever some bytes may be the body of, for fuzzing.
pub(crate) fn decode_any(body: &[u8]) {
    let frame = |kind| Frame { kind, body, at: 0 };
    let _decoded = Meta::of(&frame(META));
    if let Some(chunks) = table_of(&frame(TABLE), u64::MAX) {
        let count = chunks.len();
        super::table::ChunkTable::new(chunks).summary(0..count);
    }
    let _decoded = series_of(&frame(SERIES), &mut |text| Arc::from(text));
}

fn put_summary(summary: &ChunkSummary, base_ms: i64, bytes: &mut Vec<u8>) {
    let (first, last) = (summary.first.as_millis(), summary.last.as_millis());
    put_signed(first.wrapping_sub(base_ms), bytes);
    put_varint(last.wrapping_sub(first) as u64, bytes);
    put_varint(u64::from(summary.count), bytes);
    let Some(window) = &summary.window else { return bytes.push(0) };
    bytes.push(1);
    put_varint(window.count, bytes);
    put_varint(window.first.at.as_millis().wrapping_sub(first) as u64, bytes);
    put_varint(last.wrapping_sub(window.last.at.as_millis()) as u64, bytes);
    put_near(window.first.value, 0.0, bytes);
    put_near(window.last.value, window.first.value, bytes);
    put_near(window.min, window.first.value, bytes);
    put_near(window.max, window.last.value, bytes);
    put_near(window.sum, 0.0, bytes);
    put_near(window.compensation, 0.0, bytes);
    put_varint(window.resets, bytes);
    put_near(window.correction, 0.0, bytes);
    put_varint(window.changes, bytes);
}

fn take_summary(reader: &mut Reader<'_>, base_ms: i64) -> Option<ChunkSummary> {
    let first = reader.signed()?.wrapping_add(base_ms);
    let last = first.wrapping_add(reader.varint()? as i64);
    let count = u32::try_from(reader.varint()?).ok()?;
    let window = match reader.byte()? {
        0 => None,
        // No more of anything than samples, so that no sum of counts overflows.
        _ => Some(take_window(reader, first, last)?)
            .filter(|window| window.count.max(window.resets).max(window.changes) <= u64::from(count)),
    };
    let bounds = TimeRange { start: Timestamp::from_millis(first), end: Timestamp::from_millis(last) };
    let summary = ChunkSummary { first: bounds.start, last: bounds.end, count, window };
    (first <= last).then_some(summary)
}

fn take_window(reader: &mut Reader<'_>, first_ms: i64, last_ms: i64) -> Option<WindowSummary> {
    let count = reader.varint()?;
    let first_at = first_ms.wrapping_add(reader.varint()? as i64);
    let last_at = last_ms.wrapping_sub(reader.varint()? as i64);
    let first = Sample { at: Timestamp::from_millis(first_at), value: reader.near(0.0)? };
    let last = Sample { at: Timestamp::from_millis(last_at), value: reader.near(first.value)? };
    let (min, max) = (reader.near(first.value)?, reader.near(last.value)?);
    let (sum, compensation) = (reader.near(0.0)?, reader.near(0.0)?);
    let (resets, correction) = (reader.varint()?, reader.near(0.0)?);
    let changes = reader.varint()?;
    Some(WindowSummary { count, first, last, sum, compensation, min, max, resets, correction, changes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::first_frame;
    use proptest::prelude::*;

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let value = prop_oneof![
            any::<f64>(),
            any::<i32>().prop_map(f64::from),
            Just(ballast_types::series::stale_nan())
        ];
        prop::collection::vec((1i64..100_000, value), 1..20).prop_map(|steps| {
            let mut at = -50_000;
            let mut one = |(step, value)| {
                at += step;
                Sample { at: Timestamp::from_millis(at), value }
            };
            steps.into_iter().map(&mut one).collect()
        })
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body in prop::collection::vec(any::<u8>(), 0..80)) {
            decode_any(&body);
        }

        #[test]
        fn series_and_tables_come_back(samples in samples(), bytes in any::<u32>(), at in any::<u32>()) {
            let summary = ChunkSummary::of(&samples).unwrap();
            let entry = |offset| ChunkEntry { offset, bytes, summary };
            let table = [entry(0), entry(u64::from(bytes))];
            let mut written = Vec::new();
            put_table(&table, &mut written);
            let found = table_of(&first_frame(&written).unwrap().0, u64::MAX).unwrap();
            prop_assert_eq!(format!("{found:?}"), format!("{table:?}"));
            let extent = Extent { at: u64::from(at), chunk_bytes: 7, table_bytes: bytes, summary };
            let labels = Labels::from_pairs([("a", "b")]);
            written.clear();
            put_series(&labels, &extent, &mut written);
            let found = series_of(&first_frame(&written).unwrap().0, &mut |text| Arc::from(text)).unwrap();
            prop_assert_eq!(format!("{found:?}"), format!("{:?}", (labels, extent)));
        }
    }
}
