//! The series of a block by id: one look, because a long window asks every block for every series.

use super::format::Extent;
use crate::head::SeriesId;

/// A table of places is made where it is at most so many times as long as the list.
const SPARSE_MAX: usize = 8;
const NOWHERE: u32 = u32::MAX;

/// Series with their extents, in the order of ids.
#[derive(Debug)]
pub(super) struct Places {
    series: Vec<(SeriesId, Extent)>,
    /// By the distance from the first id; empty where the ids lie too far apart.
    by_id: Vec<u32>,
}

impl Places {
    /// From a list in the order of ids, each once.
    pub(super) fn new(mut series: Vec<(SeriesId, Extent)>) -> Self {
        series.shrink_to_fit();
        let (first, last) = (first_number(&series), series.last().map_or(0, |(id, _)| id.number()));
        let span = usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX).saturating_add(1);
        let mut by_id = Vec::new();
        if span <= series.len().saturating_mul(SPARSE_MAX) && series.len() < NOWHERE as usize {
            by_id.resize(span, NOWHERE);
            for (place, (id, _)) in series.iter().enumerate() {
                if let Some(slot) = distance(*id, first).and_then(|at| by_id.get_mut(at)) {
                    *slot = place as u32;
                }
            }
        }
        Places { series, by_id }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[(SeriesId, Extent)] {
        &self.series
    }

    /// A series' extent.
    pub(super) fn find(&self, id: SeriesId) -> Option<&Extent> {
        let place = match self.by_id.as_slice() {
            [] => self.series.binary_search_by_key(&id, |(found, _)| *found).ok()?,
            by_id => *by_id.get(distance(id, first_number(&self.series))?)? as usize,
        };
        self.series.get(place).map(|(_, extent)| extent)
    }
}

fn first_number(series: &[(SeriesId, Extent)]) -> u64 {
    series.first().map_or(0, |(id, _)| id.number())
}

fn distance(id: SeriesId, first: u64) -> Option<usize> {
    usize::try_from(id.number().checked_sub(first)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::ChunkSummary;
    use crate::head::{Head, HeadOptions};
    use ballast_types::{Interner, Labels, Sample, Timestamp};

    #[test]
    fn series_are_found_whether_their_ids_lie_close_or_far_apart() {
        let bounds = HeadOptions {
            series_max: 9,
            labels_max: 9,
            label_bytes_max: 99,
            chunk_samples: 9,
            out_of_order_ms: 0,
        };
        let mut head = Head::new(bounds, Interner::default());
        let id = |at: usize| head.restore_series(&Labels::from_pairs([("at", at.to_string())]));
        let ids: Vec<SeriesId> = (0..200).filter_map(id).collect();
        let summary = ChunkSummary::of(&[Sample { at: Timestamp::MIN, value: 0.0 }]).unwrap();
        for step in [1, 3, 60] {
            let kept = ids.iter().enumerate().skip(5).step_by(step);
            let extent = |at: usize| Extent { at: at as u64, chunk_bytes: 0, table_bytes: 0, summary };
            let places = Places::new(kept.map(|(at, id)| (*id, extent(at))).collect());
            assert_eq!(places.by_id.is_empty(), step == 60);
            for (at, id) in ids.iter().enumerate() {
                let expected = (at >= 5 && (at - 5) % step == 0).then_some(at as u64);
                assert_eq!(places.find(*id).map(|extent| extent.at), expected);
            }
        }
        assert_eq!(Places::new(Vec::new()).find(ids[0]), None);
    }
}
