//! Series by id. Ids are given out in rising order and never again, so that lists of ids stay sorted; a page of ids goes
//! once all of its series have gone, so that churn leaves next to nothing behind.

use super::SeriesId;
use super::series::HeadSeries;

const PAGE: usize = 1024;

type Page = Vec<Option<Box<HeadSeries>>>;

/// All series of the head.
#[derive(Debug, Default)]
pub(super) struct Slab {
    pages: Vec<Page>,
    next: u32,
}

impl Slab {
    /// Keeps a series under a new id; `None` where ids have run out.
    pub(super) fn insert(&mut self, series: HeadSeries) -> Option<SeriesId> {
        let id = SeriesId(self.next);
        self.next = self.next.checked_add(1)?;
        let (page, _) = place(id);
        if self.pages.len() <= page {
            self.pages.push(Vec::new());
        }
        self.pages.get_mut(page)?.push(Some(Box::new(series)));
        Some(id)
    }

    pub(super) fn get(&self, id: SeriesId) -> Option<&HeadSeries> {
        let (page, slot) = place(id);
        self.pages.get(page)?.get(slot)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, id: SeriesId) -> Option<&mut HeadSeries> {
        let (page, slot) = place(id);
        self.pages.get_mut(page)?.get_mut(slot)?.as_deref_mut()
    }

    /// All series in the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SeriesId, &HeadSeries)> {
        let slots = self.pages.iter().enumerate().flat_map(|(page, slots)| slots.iter().zip(page * PAGE..));
        slots.filter_map(|(slot, id)| Some((SeriesId(id as u32), slot.as_deref()?)))
    }

    /// All series, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut HeadSeries> {
        self.pages.iter_mut().flatten().filter_map(|slot| slot.as_deref_mut())
    }

    /// Takes out the series for which `is_gone` says so, in the order of their ids.
    pub(super) fn extract(&mut self, is_gone: impl Fn(&HeadSeries) -> bool) -> Vec<(SeriesId, HeadSeries)> {
        let mut gone = Vec::new();
        for (number, page) in self.pages.iter_mut().enumerate() {
            for (slot, id) in page.iter_mut().zip(number * PAGE..) {
                let taken = slot.take_if(|series| is_gone(series));
                gone.extend(taken.map(|series| (SeriesId(id as u32), *series)));
            }
            if page.len() == PAGE && page.iter().all(Option::is_none) {
                *page = Vec::new();
            }
        }
        gone
    }
}

fn place(id: SeriesId) -> (usize, usize) {
    (id.0 as usize / PAGE, id.0 as usize % PAGE)
}
