//! What a target's series were called last time: from the text of a series to its labels, so that a line that was seen
//! before costs a comparison.
//!
//! Who fills the slots decides what labels they have; a series that relabelling drops is remembered as dropped. Two texts
//! of the same labels, such as `a{b="x",c="y"}` and `a{c="y",b="x"}`, are one series: the second is an alias.
//!
//! Invariant: a slot lives from the body that brought it to the first body that does not, so that the texts kept never
//! exceed those of two bodies, nor the slots their limit.

use std::hash::BuildHasher as _;

use ballast_types::{Labels, Timestamp};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::families::Families;
use crate::keyed::{Keyed, NONE};

/// What is known of the series of one target.
pub struct SeriesCache {
    slots: Keyed<Slot>,
    by_labels: HashTable<u32>,
    hashes: RandomState,
    series_max: usize,
    pub(super) families: Families,
    /// Of the body that is being read.
    generation: u32,
    /// Slots that the body that is being read has touched.
    touched: usize,
}

struct Slot {
    generation: u32,
    /// Whether the series is reported as gone when it is: not so where its target gives its own timestamps.
    ends: bool,
    kind: Kind,
}

/// What a text stands for.
pub(super) enum Kind {
    Series(Labels),
    Dropped,
    /// Another text of the series in that slot.
    Alias(u32),
    Created(Box<Created>),
}

/// The series whose beginning a line speaks of.
pub(super) struct Created {
    pub(super) series: Vec<Labels>,
    /// What was said last.
    pub(super) at: Option<Timestamp>,
}

/// What a line turned out to be.
pub(super) enum Touched<'c> {
    Series { labels: &'c Labels, again: bool },
    Dropped,
    Created(&'c mut Created),
}

impl SeriesCache {
    /// A cache for one target, of at most so many different lines.
    pub fn new(series_max: usize) -> Self {
        SeriesCache {
            slots: Keyed::default(),
            by_labels: HashTable::new(),
            hashes: RandomState::default(),
            series_max: series_max.min(NONE as usize - 1),
            families: Families::default(),
            generation: 0,
            touched: 0,
        }
    }

    /// How many lines are known, dropped ones among them.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything and tells which series end by it: for a target that no longer answers, or is no more, or whose
    /// relabelling changed.
    pub fn clear(&mut self) -> Vec<Labels> {
        let places = 0..self.slots.places();
        let ended = places.filter_map(|place| self.slots.get(place)?.ending().cloned()).collect();
        *self = SeriesCache::new(self.series_max);
        ended
    }

    pub(super) fn begin(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.touched = 0;
        self.slots.begin();
    }

    /// The text that the next line most likely has.
    pub(super) fn foretold(&self) -> &[u8] {
        self.slots.text(self.slots.foretold())
    }

    pub(super) fn foretold_slot(&self) -> u32 {
        self.slots.foretold()
    }

    /// The slot of a text.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        self.slots.find(text)
    }

    /// The text and the labels of a slot that is a series.
    pub(super) fn series(&self, place: u32) -> Option<(&[u8], Option<&Labels>)> {
        let labels = match &self.slots.get(place)?.kind {
            Kind::Alias(of) => self.slots.get(*of).and_then(|slot| slot.kind.labels()),
            own => own.labels(),
        };
        Some((self.slots.text(place), labels))
    }

    pub(super) fn is_alias(&self, place: u32) -> bool {
        self.slots.get(place).is_some_and(|slot| matches!(slot.kind, Kind::Alias(_)))
    }

    /// Remembers what a text stands for; `None` where there is no room. Labels that are known make an alias.
    pub(super) fn add(&mut self, text: &[u8], kind: Kind) -> Option<u32> {
        if self.len() >= self.series_max {
            return None;
        }
        let known = match &kind {
            Kind::Series(labels) => self.place_of(labels),
            _ => None,
        };
        let kind = known.map_or(kind, Kind::Alias);
        let labels = kind.labels().cloned();
        let generation = self.generation.wrapping_sub(1);
        let place = self.slots.add(text, Slot { generation, ends: false, kind });
        if let Some(labels) = labels {
            self.index(&labels, place);
        }
        Some(place)
    }

    fn place_of(&self, labels: &Labels) -> Option<u32> {
        let is_it = |place: &u32| self.slots.get(*place).and_then(|slot| slot.kind.labels()) == Some(labels);
        self.by_labels.find(self.hashes.hash_one(labels), is_it).copied()
    }

    fn index(&mut self, labels: &Labels, place: u32) {
        let (slots, hashes) = (&self.slots, &self.hashes);
        let hash_of = |place: &u32| {
            slots.get(*place).and_then(|slot| slot.kind.labels()).map_or(0, |labels| hashes.hash_one(labels))
        };
        self.by_labels.insert_unique(hashes.hash_one(labels), place, hash_of);
    }

    /// Notes that a line of this body has the text of a slot.
    pub(super) fn touch(&mut self, place: u32, ends: bool) -> Option<Touched<'_>> {
        self.slots.follow(place);
        let own = match self.slots.get(place)?.kind {
            Kind::Alias(of) => {
                self.mark(place, false);
                of
            }
            _ => place,
        };
        let again = self.mark(own, ends);
        match &mut self.slots.get_mut(own)?.kind {
            Kind::Series(labels) => Some(Touched::Series { labels, again }),
            Kind::Created(created) => Some(Touched::Created(created)),
            Kind::Dropped | Kind::Alias(_) => Some(Touched::Dropped),
        }
    }

    /// Whether the slot was touched before in this body.
    fn mark(&mut self, place: u32, ends: bool) -> bool {
        let generation = self.generation;
        let Some(slot) = self.slots.get_mut(place) else { return false };
        slot.ends = ends;
        let again = slot.generation == generation;
        if !again {
            slot.generation = generation;
            self.touched += 1;
        }
        again
    }

    /// Drops the slots that this body did not touch, and tells which series end by it.
    pub(super) fn finish(&mut self) -> Vec<Labels> {
        let mut ended = Vec::new();
        if self.touched == self.len() {
            return ended;
        }
        for place in 0..self.slots.places() {
            let generation = self.generation;
            let Some(slot) = self.slots.get(place).filter(|slot| slot.generation != generation) else {
                continue;
            };
            ended.extend(slot.ending().cloned());
            self.remove(place);
        }
        ended
    }

    fn remove(&mut self, place: u32) {
        let Some(slot) = self.slots.remove(place) else { return };
        let Some(labels) = slot.kind.labels() else { return };
        let hash = self.hashes.hash_one(labels);
        if let Ok(entry) = self.by_labels.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
    }
}

impl Slot {
    fn ending(&self) -> Option<&Labels> {
        self.kind.labels().filter(|_| self.ends)
    }
}

impl Kind {
    fn labels(&self) -> Option<&Labels> {
        match self {
            Kind::Series(labels) => Some(labels),
            _ => None,
        }
    }
}
