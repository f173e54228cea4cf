//! What a target's series were called last time: from the text of a series to its labels, so that a line that was seen
//! before costs a comparison.
//!
//! A slot is found by the order of the lines (the slot that followed the last one last time is tried first) and else by
//! hash. Who fills the slots decides what labels they have; a series that relabelling drops is remembered as dropped. Two
//! texts of the same labels, such as `a{b="x",c="y"}` and `a{c="y",b="x"}`, are one series: the second is an alias.
//!
//! Invariant: a slot lives from the body that brought it to the first body that does not, so that the texts kept never
//! exceed those of two bodies, nor the slots their limit.

use std::hash::BuildHasher as _;

use ballast_types::{Labels, Timestamp};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::families::Families;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// What is known of the series of one target.
pub struct SeriesCache {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_text: HashTable<u32>,
    by_labels: HashTable<u32>,
    hashes: RandomState,
    series_max: usize,
    pub(super) families: Families,
    /// Of the body that is being read.
    generation: u32,
    /// Slots that the body that is being read has touched.
    touched: usize,
    /// The slot of the last line, and of the first line of a body.
    last: u32,
    first: u32,
}

struct Slot {
    text: Box<[u8]>,
    hash: u64,
    /// The slot of the line after, last time.
    next: u32,
    generation: u32,
    kind: Kind,
    /// Whether the series is reported as gone when it is: not so where its target gives its own timestamps.
    ends: bool,
}

/// What a text stands for.
pub(super) enum Kind {
    Free,
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
            slots: Vec::new(),
            free: Vec::new(),
            by_text: HashTable::new(),
            by_labels: HashTable::new(),
            hashes: RandomState::default(),
            series_max: series_max.min(NONE as usize - 1),
            families: Families::default(),
            generation: 0,
            touched: 0,
            last: NONE,
            first: NONE,
        }
    }

    /// How many lines are known, dropped ones among them.
    pub fn len(&self) -> usize {
        self.by_text.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.by_text.is_empty()
    }

    /// Forgets everything and tells which series end by it: for a target that no longer answers, or is no more, or whose
    /// relabelling changed.
    pub fn clear(&mut self) -> Vec<Labels> {
        let ended = self.slots.iter().filter_map(Slot::ending).cloned().collect();
        *self = SeriesCache::new(self.series_max);
        ended
    }

    pub(super) fn begin(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.touched = 0;
        self.last = NONE;
    }

    /// The text that the next line most likely has.
    pub(super) fn foretold(&self) -> &[u8] {
        self.slot(self.foretold_slot()).map(|slot| &*slot.text).unwrap_or_default()
    }

    pub(super) fn foretold_slot(&self) -> u32 {
        self.slot(self.last).map_or(self.first, |slot| slot.next)
    }

    fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize)
    }

    /// The slot of a text.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        let is_it = |slot: &u32| self.slot(*slot).is_some_and(|slot| *slot.text == *text);
        self.by_text.find(self.hashes.hash_one(text), is_it).copied()
    }

    /// The text and the labels of a slot that is a series.
    pub(super) fn series(&self, slot: u32) -> Option<(&[u8], Option<&Labels>)> {
        let found = self.slot(slot)?;
        let labels = match &found.kind {
            Kind::Series(labels) => Some(labels),
            Kind::Alias(of) => self.slot(*of).and_then(|slot| slot.kind.labels()),
            _ => None,
        };
        Some((&found.text, labels))
    }

    pub(super) fn is_alias(&self, slot: u32) -> bool {
        self.slot(slot).is_some_and(|slot| matches!(slot.kind, Kind::Alias(_)))
    }

    /// Remembers what a text stands for; `None` where there is no room. Labels that are known make an alias.
    pub(super) fn add(&mut self, text: &[u8], kind: Kind) -> Option<u32> {
        if self.len() >= self.series_max {
            return None;
        }
        let place = self.free.pop().unwrap_or(self.slots.len() as u32);
        let kind = match kind {
            Kind::Series(labels) => self.known_or_new(labels, place),
            other => other,
        };
        let hash = self.hashes.hash_one(text);
        let generation = self.generation.wrapping_sub(1);
        let slot = Slot { text: text.into(), hash, next: NONE, generation, kind, ends: false };
        match self.slots.get_mut(place as usize) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        let slots = &self.slots;
        self.by_text.insert_unique(hash, place, |slot| slots.get(*slot as usize).map_or(0, |slot| slot.hash));
        Some(place)
    }

    fn known_or_new(&mut self, labels: Labels, place: u32) -> Kind {
        let (slots, hashes) = (&self.slots, &self.hashes);
        let of = |slot: &u32| slots.get(*slot as usize).and_then(|slot| slot.kind.labels());
        let hash = hashes.hash_one(&labels);
        if let Some(known) = self.by_labels.find(hash, |slot| of(slot) == Some(&labels)) {
            return Kind::Alias(*known);
        }
        self.by_labels
            .insert_unique(hash, place, |slot| of(slot).map_or(0, |labels| hashes.hash_one(labels)));
        Kind::Series(labels)
    }

    /// Notes that a line of this body has the text of a slot.
    pub(super) fn touch(&mut self, place: u32, ends: bool) -> Option<Touched<'_>> {
        self.follow(place);
        let own = match self.slot(place)?.kind {
            Kind::Alias(of) => {
                self.mark(place, false);
                of
            }
            _ => place,
        };
        let again = self.mark(own, ends);
        match &mut self.slots.get_mut(own as usize)?.kind {
            Kind::Series(labels) => Some(Touched::Series { labels, again }),
            Kind::Created(created) => Some(Touched::Created(created)),
            Kind::Dropped | Kind::Alias(_) | Kind::Free => Some(Touched::Dropped),
        }
    }

    /// Remembers which slot came after the last one.
    fn follow(&mut self, place: u32) {
        match self.slots.get_mut(self.last as usize) {
            Some(before) => before.next = place,
            None => self.first = place,
        }
        self.last = place;
    }

    /// Whether the slot was touched before in this body.
    fn mark(&mut self, place: u32, ends: bool) -> bool {
        let generation = self.generation;
        let Some(slot) = self.slots.get_mut(place as usize) else { return false };
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
        for place in 0..self.slots.len() as u32 {
            let generation = self.generation;
            let Some(slot) = self.slot(place).filter(|slot| slot.generation != generation) else { continue };
            ended.extend(slot.ending().cloned());
            self.remove(place);
        }
        ended
    }

    fn remove(&mut self, place: u32) {
        let Some(slot) = self.slot(place) else { return };
        if matches!(slot.kind, Kind::Free) {
            return;
        }
        let labels = slot.kind.labels().map(|labels| self.hashes.hash_one(labels));
        if let Ok(entry) = self.by_text.find_entry(slot.hash, |other| *other == place) {
            entry.remove();
        }
        if let Some(Ok(entry)) = labels.map(|hash| self.by_labels.find_entry(hash, |other| *other == place)) {
            entry.remove();
        }
        self.free.push(place);
        if let Some(slot) = self.slots.get_mut(place as usize) {
            slot.kind = Kind::Free;
            slot.text = Box::default();
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
