//! A column of integers: each as its distance above a common base, in as many bits as most of them need; the few that need
//! more stand apart with their places. So a column that repeats costs nothing, and one outlier costs only itself.
//!
//! ```text
//! width 1 (bit 7: there are exceptions) | base varint | [count 1 | (place 1, distance varint)..] | packed bits
//! ```
//!
//! Arithmetic wraps, so that every 64-bit pattern is kept. Invariant: what is taken is what was put, for any values.

use super::bytes::{Reader, bit_length, put_varint, unzigzag, varint_bytes, zigzag};

/// One unaligned load of 64 bits yields any value of at most so many bits.
const WIDTH_MAX: usize = 56;
/// A column this narrow is not worth the search for another base.
const WIDTH_GOOD: usize = 8;
const HAS_EXCEPTIONS: u8 = 0x80;

/// How a column is best written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    base: u64,
    width: usize,
    exceptions: usize,
    /// Bytes that the column will take.
    pub(super) bytes: usize,
}

impl Plan {
    /// The cheapest of two bases: the smallest value, or one near it where the smallest are outliers.
    pub(super) fn of(values: &[u64]) -> Plan {
        let least = values.iter().map(|value| *value as i64).min().unwrap_or_default() as u64;
        let plain = Plan::above(values, least);
        if plain.width <= WIDTH_GOOD {
            return plain;
        }
        let second = Plan::above(values, about(values, 1));
        if second.bytes < plain.bytes { second } else { plain }
    }

    /// The cheapest width over one base.
    fn above(values: &[u64], base: u64) -> Plan {
        let mut counts = [0u32; 65];
        for value in values {
            if let Some(count) = counts.get_mut(bit_length(value.wrapping_sub(base)) as usize) {
                *count += 1;
            }
        }
        let header = 1 + varint_bytes(zigzag(base));
        let whole = header + values.len() * 8;
        let mut best = Plan { base, width: 64, exceptions: 0, bytes: whole };
        let widest = counts.iter().rposition(|count| *count > 0).unwrap_or_default();
        let (mut exceptions, mut apart) = (0, 0);
        for (width, count) in counts.iter().enumerate().take(widest + 1).rev() {
            let cost = header + (values.len() * width).div_ceil(8) + apart;
            if width <= WIDTH_MAX && cost <= best.bytes {
                best = Plan { base, width, exceptions, bytes: cost };
            }
            if *count > 0 {
                // One byte says how many there are; each has its place, and its distance with a bit for the sign.
                apart += usize::from(exceptions == 0) + *count as usize * (1 + (width + 1).div_ceil(7));
                exceptions += *count as usize;
            }
        }
        best
    }

    /// Appends the column that this plan was made for.
    pub(super) fn put(&self, values: &[u64], bytes: &mut Vec<u8>) {
        let flag = if self.exceptions > 0 { HAS_EXCEPTIONS } else { 0 };
        bytes.push(self.width as u8 | flag);
        put_varint(zigzag(self.base), bytes);
        if self.exceptions > 0 {
            bytes.push(self.exceptions as u8);
            for (place, value) in values.iter().enumerate().filter(|(_, value)| !self.fits(**value)) {
                bytes.push(place as u8);
                put_varint(zigzag(value.wrapping_sub(self.base)), bytes);
            }
        }
        self.pack(values, bytes);
    }

    fn fits(&self, value: u64) -> bool {
        bit_length(value.wrapping_sub(self.base)) as usize <= self.width
    }

    fn pack(&self, values: &[u64], bytes: &mut Vec<u8>) {
        if self.width == 0 {
            return;
        }
        let distances =
            values.iter().map(|value| if self.fits(*value) { value.wrapping_sub(self.base) } else { 0 });
        if self.width == 64 {
            distances.for_each(|distance| bytes.extend(distance.to_le_bytes()));
            return;
        }
        let start = bytes.len();
        let end = start + (values.len() * self.width).div_ceil(8);
        // Whole words are written, the last of them over the end.
        bytes.resize(end + 8, 0);
        let packed = bytes.get_mut(start..).unwrap_or_default();
        for (place, distance) in distances.enumerate() {
            let bit = place * self.width;
            if let Some(word) = packed.get_mut(bit / 8..).and_then(|rest| rest.first_chunk_mut::<8>()) {
                *word = (u64::from_le_bytes(*word) | distance << (bit % 8)).to_le_bytes();
            }
        }
        bytes.truncate(end);
    }
}

/// A value that about so many eighths are below, going by a few of them.
pub(super) fn about(values: &[u64], eighths: usize) -> u64 {
    let mut some = [0i64; 16];
    let step = values.len() / some.len() + 1;
    let mut count = 0;
    for (slot, value) in some.iter_mut().zip(values.iter().step_by(step)) {
        *slot = *value as i64;
        count += 1;
    }
    let some = some.get_mut(..count).unwrap_or_default();
    some.sort_unstable();
    some.get(count * eighths / 8).copied().unwrap_or_default() as u64
}

/// Takes a column of as many values as there are slots.
pub(super) fn take(reader: &mut Reader<'_>, slots: &mut [u64]) -> Option<()> {
    let head = reader.byte()?;
    let width = usize::from(head & !HAS_EXCEPTIONS);
    if width > WIDTH_MAX && width != 64 {
        return None;
    }
    let base = unzigzag(reader.varint()?);
    let mut exceptions = *reader;
    let count = if head & HAS_EXCEPTIONS == 0 { 0 } else { reader.byte()? };
    for _ in 0..count {
        reader.byte()?;
        reader.varint()?;
    }
    let packed = reader.take((slots.len() * width).div_ceil(8))?;
    match width {
        0 => slots.fill(base),
        _ => unpack(packed, width, base, slots),
    }
    if count > 0 {
        exceptions.byte()?;
        for _ in 0..count {
            let place = usize::from(exceptions.byte()?);
            *slots.get_mut(place)? = base.wrapping_add(unzigzag(exceptions.varint()?));
        }
    }
    Some(())
}

fn unpack(packed: &[u8], width: usize, base: u64, slots: &mut [u64]) {
    let mask = u64::MAX >> (64 - width);
    for (place, slot) in slots.iter_mut().enumerate() {
        let bit = place * width;
        *slot = base.wrapping_add((load(packed, bit / 8) >> (bit % 8)) & mask);
    }
}

/// Eight bytes from a place on; zeroes behind the end.
#[inline]
fn load(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Vec<u64>> {
        let value = prop_oneof![4 => 0u64..50, 2 => 1000u64..1100, 1 => any::<u64>()];
        let any_width = (0u32..64).prop_flat_map(|shift| {
            prop::collection::vec(any::<u64>().prop_map(move |value| value >> shift), 0..255)
        });
        prop_oneof![prop::collection::vec(value, 0..255), any_width]
    }

    fn put(values: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let plan = Plan::of(values);
        plan.put(values, &mut bytes);
        assert!(bytes.len() <= plan.bytes.max(3), "{} bytes, {plan:?}", bytes.len());
        bytes
    }

    #[test]
    fn an_outlier_costs_only_itself() {
        let mut values = [15_000u64; 120];
        assert_eq!(put(&values).len(), 4);
        values[60] = 600_000;
        assert_eq!(put(&values).len(), 9);
        values[60] = 0;
        assert!(put(&values).len() <= 9);
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken(values in values(), rest in prop::collection::vec(any::<u8>(), 0..9)) {
            let bytes = [put(&values), rest.clone()].concat();
            let mut slots = vec![7; values.len()];
            let mut reader = Reader(&bytes);
            prop_assert_eq!(take(&mut reader, &mut slots), Some(()));
            prop_assert_eq!((slots, reader.0), (values, rest.as_slice()));
        }
    }
}
