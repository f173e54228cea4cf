//! Values by encoded texts, where the texts come in much the same order each time.
//!
//! The entry that followed the last one last time is tried first: then the texts compared lie one after another in memory,
//! as they were first added, and a lookup costs a comparison. Any other order costs a hash and a few cache misses.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// No place.
pub(crate) const NONE: u32 = u32::MAX;

/// Values by text. Places stay the same until they are removed.
pub(crate) struct Keyed<V> {
    entries: Vec<Option<Entry<V>>>,
    free: Vec<u32>,
    by_text: HashTable<u32>,
    hashes: RandomState,
    /// The place of the last text looked up, and of the first one of a body.
    last: u32,
    first: u32,
}

struct Entry<V> {
    text: Box<[u8]>,
    hash: u64,
    /// The place that came after this one last time.
    next: u32,
    value: V,
}

impl<V> Default for Keyed<V> {
    fn default() -> Self {
        Keyed {
            entries: Vec::new(),
            free: Vec::new(),
            by_text: HashTable::new(),
            hashes: RandomState::default(),
            last: NONE,
            first: NONE,
        }
    }
}

impl<V> Keyed<V> {
    pub(crate) fn len(&self) -> usize {
        self.by_text.len()
    }

    /// All places, free ones among them.
    pub(crate) fn places(&self) -> u32 {
        self.entries.len() as u32
    }

    /// A body begins: what comes next does not follow what came last.
    pub(crate) fn begin(&mut self) {
        self.last = NONE;
    }

    fn entry(&self, place: u32) -> Option<&Entry<V>> {
        self.entries.get(place as usize)?.as_ref()
    }

    pub(crate) fn get(&self, place: u32) -> Option<&V> {
        self.entry(place).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut V> {
        self.entries.get_mut(place as usize)?.as_mut().map(|entry| &mut entry.value)
    }

    pub(crate) fn text(&self, place: u32) -> &[u8] {
        self.entry(place).map(|entry| &*entry.text).unwrap_or_default()
    }

    /// The place that most likely comes next.
    pub(crate) fn foretold(&self) -> u32 {
        self.entry(self.last).map_or(self.first, |entry| entry.next)
    }

    /// Remembers that a place came after the last one.
    pub(crate) fn follow(&mut self, place: u32) {
        match self.entries.get_mut(self.last as usize).and_then(Option::as_mut) {
            Some(before) => before.next = place,
            None => self.first = place,
        }
        self.last = place;
    }

    /// The place of a text, wherever it stands.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        let is_it = |place: &u32| self.entry(*place).is_some_and(|entry| *entry.text == *text);
        self.by_text.find(self.hashes.hash_one(text), is_it).copied()
    }

    /// Adds a text that is not there yet.
    pub(crate) fn add(&mut self, text: &[u8], value: V) -> u32 {
        let hash = self.hashes.hash_one(text);
        let entry = Some(Entry { text: text.into(), hash, next: NONE, value });
        let place = self.free.pop().unwrap_or(self.entries.len() as u32);
        match self.entries.get_mut(place as usize) {
            Some(free) => *free = entry,
            None => self.entries.push(entry),
        }
        let entries = &self.entries;
        let hash_of =
            |place: &u32| entries.get(*place as usize).and_then(Option::as_ref).map_or(0, |e| e.hash);
        self.by_text.insert_unique(hash, place, hash_of);
        place
    }

    pub(crate) fn remove(&mut self, place: u32) -> Option<V> {
        let entry = self.entries.get_mut(place as usize)?.take()?;
        if let Ok(found) = self.by_text.find_entry(entry.hash, |other| *other == place) {
            found.remove();
        }
        self.free.push(place);
        Some(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn it_is_a_map_and_foretells_the_order_of_last_time(texts in proptest::collection::vec("[a-c]{0,2}", 1..40)) {
            let (mut keyed, mut model) = (Keyed::default(), HashMap::new());
            for (number, text) in texts.iter().enumerate() {
                match keyed.find(text.as_bytes()) {
                    Some(place) if number % 3 == 0 => prop_assert_eq!(keyed.remove(place), model.remove(text)),
                    Some(place) => prop_assert_eq!(keyed.get(place), model.get(text)),
                    None => {
                        keyed.add(text.as_bytes(), number);
                        prop_assert_eq!(model.insert(text, number), None);
                    }
                }
                prop_assert_eq!(keyed.len(), model.len());
            }
            let known: Vec<_> = model.keys().map(|text| keyed.find(text.as_bytes()).unwrap()).collect();
            for round in 0..2 {
                keyed.begin();
                for place in &known {
                    prop_assert!(round == 0 || keyed.foretold() == *place);
                    keyed.follow(*place);
                }
            }
        }
    }
}
