//! Summaries of ever longer runs of chunks, so that a window over thousands of chunks merges a few dozen.
//!
//! Running totals would be one subtraction, but sums would cancel, an infinity would never leave them, and minima cannot be
//! subtracted at all. Here everything is merged forward. Invariant: a rung's entry is the merge of the eight below it.

use std::ops::Range;

use ballast_types::WindowSummary;

use super::summary::merged;

/// How many entries one entry of the next rung stands for.
const FAN: usize = 8;

/// The rungs above the chunks' own summaries; the first stands for eight chunks an entry, the next for sixty-four.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    rungs: Vec<Vec<Option<WindowSummary>>>,
}

impl Ladder {
    /// Covers the first `count` chunks, which will not change any more without [`Ladder::forget_from`].
    pub fn cover(&mut self, count: usize, chunk: impl Fn(usize) -> Option<WindowSummary>) {
        let mut below = count;
        for height in 0.. {
            if below < FAN {
                return;
            }
            if self.rungs.len() == height {
                self.rungs.push(Vec::new());
            }
            let (lower, upper) = self.rungs.split_at_mut(height);
            let Some(rung) = upper.first_mut() else { return };
            let entry = |place: usize| match lower.last() {
                None => chunk(place),
                Some(lower) => lower.get(place).copied().flatten(),
            };
            while (rung.len() + 1) * FAN <= below {
                let first = rung.len() * FAN;
                rung.push((first..first + FAN).map(entry).fold(None, merged));
            }
            below = rung.len();
        }
    }

    /// Forgets what stands for a chunk from this place on.
    pub fn forget_from(&mut self, place: usize) {
        let mut whole = place;
        for rung in &mut self.rungs {
            whole /= FAN;
            rung.truncate(whole);
        }
    }

    /// The chunks of a range as one window.
    pub fn over(
        &self,
        range: Range<usize>,
        chunk: impl Fn(usize) -> Option<WindowSummary>,
    ) -> Option<WindowSummary> {
        let (mut place, mut window) = (range.start, None);
        while place < range.end {
            let (entry, chunks) = self.longest(place, range.end).unwrap_or_else(|| (chunk(place), 1));
            window = merged(window, entry);
            place += chunks;
        }
        window
    }

    /// The highest entry that begins at a chunk and does not reach beyond the end, and how many chunks it stands for.
    fn longest(&self, place: usize, end: usize) -> Option<(Option<WindowSummary>, usize)> {
        let (mut chunks, mut best) = (1, None);
        for rung in &self.rungs {
            chunks *= FAN;
            if !place.is_multiple_of(chunks) || place + chunks > end {
                break;
            }
            match rung.get(place / chunks) {
                Some(entry) => best = Some((*entry, chunks)),
                None => break,
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::{Sample, Timestamp};
    use proptest::prelude::*;

    fn one(place: usize) -> Option<WindowSummary> {
        let at = Timestamp::from_secs(place as i64);
        (!place.is_multiple_of(5)).then(|| WindowSummary::one(Sample { at, value: (place * 7 % 31) as f64 }))
    }

    proptest! {
        #[test]
        fn a_range_is_the_merge_of_its_chunks(
            count in 0usize..700, covered in 0usize..700, forgotten in 0usize..700, a in 0usize..700, b in 0usize..700
        ) {
            let mut ladder = Ladder::default();
            ladder.cover(covered.min(count), one);
            ladder.forget_from(forgotten);
            ladder.cover(count, one);
            let range = a.min(b).min(count)..a.max(b).min(count);
            prop_assert_eq!(ladder.over(range.clone(), one), range.map(one).fold(None, merged));
        }
    }
}
