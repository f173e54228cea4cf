//! Which windows of time blocks stand for, and which of them are due to become one.
//!
//! Windows of two hours are written from the head; six of them become one of twelve hours, eight of those one of four
//! days. So thirty days are about twenty blocks, and a sample is written three times on the way.

use std::sync::Arc;

use ballast_types::Timestamp;

use super::Block;
use super::merge::Merge;

const HOUR_MS: i64 = 3_600_000;
/// The windows of a block, the shortest first.
pub(crate) const SPANS_MS: [i64; 3] = [2 * HOUR_MS, 12 * HOUR_MS, 96 * HOUR_MS];

/// The aligned window of a length that an instant lies in: its start, and the first instant after it.
pub(crate) fn window_of(at: Timestamp, span_ms: i64) -> (Timestamp, Timestamp) {
    let start = at.as_millis().div_euclid(span_ms).saturating_mul(span_ms);
    (Timestamp::from_millis(start), Timestamp::from_millis(start.saturating_add(span_ms)))
}

/// The next merge that is due: at least two blocks of one window, all of which lies before `settled`.
pub(crate) fn due_merge(blocks: &[Arc<Block>], settled: Timestamp, horizon: Timestamp) -> Option<Merge> {
    SPANS_MS.into_iter().skip(1).find_map(|span_ms| {
        let window = |block: &Block| {
            let (start, end) = window_of(block.meta.start, span_ms);
            (block.meta.end <= end && end <= settled).then_some((start, end))
        };
        let same = |a: &Arc<Block>, b: &Arc<Block>| window(a).is_some() && window(a) == window(b);
        let group = blocks.chunk_by(same).find(|group| group.len() > 1)?;
        let (start, end) = window(group.first()?)?;
        Some(Merge { blocks: group.to_vec(), start, end, horizon })
    })
}
