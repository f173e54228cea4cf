//! From the encoded labels of a series to its labels, for all senders together.
//!
//! Bounded in bytes. When it is full, a hand goes round and drops the first entry that was not used since it last passed.

use ballast_types::{Interner, Labels};

use crate::keyed::Keyed;

/// Beside its text: the entry and about what the labels take.
const ENTRY_BYTES: usize = 256;

/// Labels of series seen before, by their encoded form.
pub struct LabelCache {
    known: Keyed<Known>,
    bytes: usize,
    bytes_max: usize,
    hand: u32,
    interner: Interner,
}

struct Known {
    labels: Labels,
    is_used: bool,
}

impl LabelCache {
    /// A cache of about `bytes_max` bytes whose labels share their texts through `interner`.
    pub fn new(interner: Interner, bytes_max: usize) -> Self {
        LabelCache { known: Keyed::default(), bytes: 0, bytes_max, hand: 0, interner }
    }

    /// How many series are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn begin(&mut self) {
        self.known.begin();
    }

    /// The text that most likely comes next.
    pub(super) fn foretold(&self) -> &[u8] {
        self.known.text(self.known.foretold())
    }

    /// The labels of the text that was foretold.
    pub(super) fn get_foretold(&mut self) -> Option<Labels> {
        self.take(self.known.foretold())
    }

    pub(super) fn get(&mut self, text: &[u8]) -> Option<Labels> {
        match self.foretold() == text {
            true => self.get_foretold(),
            false => self.take(self.known.find(text)?),
        }
    }

    fn take(&mut self, place: u32) -> Option<Labels> {
        let known = self.known.get_mut(place)?;
        known.is_used = true;
        let labels = known.labels.clone();
        self.known.follow(place);
        Some(labels)
    }

    pub(super) fn put(&mut self, text: &[u8], labels: Labels) {
        let bytes = text.len() + ENTRY_BYTES;
        if bytes > self.bytes_max {
            return;
        }
        while self.bytes + bytes > self.bytes_max {
            self.drop_one();
        }
        self.bytes += bytes;
        let place = self.known.add(text, Known { labels, is_used: false });
        self.known.follow(place);
    }

    /// One step of the hand.
    fn drop_one(&mut self) {
        let place = self.hand;
        self.hand = if place + 1 < self.known.places() { place + 1 } else { 0 };
        match self.known.get_mut(place) {
            Some(known) if known.is_used => known.is_used = false,
            Some(_) => {
                self.bytes -= self.known.text(place).len() + ENTRY_BYTES;
                self.known.remove(place);
            }
            None => {}
        }
    }

    pub(super) fn interner(&self) -> &Interner {
        &self.interner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_size_is_bounded() {
        let mut cache = LabelCache::new(Interner::default(), 20 * (ENTRY_BYTES + 4));
        for i in 0..1000u32 {
            cache.put(&i.to_le_bytes(), Labels::empty());
            assert!(cache.get(&0u32.to_le_bytes()).is_some());
            assert!(cache.len() <= 20);
        }
        assert!(cache.get(&500u32.to_le_bytes()).is_none());
        assert_eq!(cache.bytes, cache.len() * (ENTRY_BYTES + 4));
    }
}
