//! The order of labels, kept so that answers need not be sorted by comparing texts.
//!
//! Most series have a rank. New ones wait for theirs until there are enough of them that ranking all anew costs each little;
//! until then they are compared by their labels. Invariant: ranks rise as labels do.

use std::cmp::Ordering;
use std::sync::Arc;

use ballast_types::Labels;

use super::SeriesId;
use super::series::HeadSeries;
use super::slab::Slab;

/// The rank of a series that has none yet.
pub(super) const UNRANKED: u32 = u32::MAX;
/// So many may wait without regard to how many are ranked.
const WAITING_MAX: usize = 64;

/// The ids of all series: those in order, and those that wait.
#[derive(Debug, Default)]
pub(super) struct LabelOrder {
    ranked: Vec<SeriesId>,
    waiting: Vec<SeriesId>,
}

impl LabelOrder {
    /// Adds a series, and ranks all anew where that is due.
    pub(super) fn add(&mut self, id: SeriesId, slab: &mut Slab) {
        self.waiting.push(id);
        if self.waiting.len() > WAITING_MAX + self.ranked.len() / 8 {
            self.rank(slab);
        }
    }

    /// Removes series, given in the order of their ids.
    pub(super) fn remove_all(&mut self, gone: &[(SeriesId, &Labels)]) {
        let stays = |id: &SeriesId| gone.binary_search_by_key(id, |(id, _)| *id).is_err();
        self.ranked.retain(stays);
        self.waiting.retain(stays);
    }

    fn rank(&mut self, slab: &mut Slab) {
        let mut all = std::mem::take(&mut self.ranked);
        all.append(&mut self.waiting);
        // A stable sort goes over what is in order already without comparing it often.
        all.sort_by(|a, b| match (slab.get(*a), slab.get(*b)) {
            (Some(a), Some(b)) => compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
        for (rank, id) in all.iter().enumerate() {
            if let Some(series) = slab.get_mut(*id) {
                series.rank = rank as u32;
            }
        }
        self.ranked = all;
    }
}

/// The order of two series' labels.
pub(super) fn compare(a: &HeadSeries, b: &HeadSeries) -> Ordering {
    match a.rank != UNRANKED && b.rank != UNRANKED {
        true => a.rank.cmp(&b.rank),
        false => compare_labels(a.labels(), b.labels()),
    }
}

/// As `Labels` compare, without reading texts that are the same copy.
fn compare_labels(a: &Labels, b: &Labels) -> Ordering {
    let text = |a: &Arc<str>, b: &Arc<str>| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
    let pairs = a.pairs().iter().zip(b.pairs());
    let parts = pairs.map(|(a, b)| text(&a.0, &b.0).then_with(|| text(&a.1, &b.1)));
    parts.into_iter().find(|part| part.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}
