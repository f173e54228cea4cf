//! Numbers, texts and labels as bytes, for the log and for blocks. Nothing that is read is believed: whatever does not fit
//! is `None`, and no length makes anybody reserve memory.

use std::sync::Arc;

use ballast_types::Labels;
use ballast_types::labels::LabelPair;

/// A value is written as a whole number where it is one of at most so many bits: then its differences are short.
const WHOLE_MAX: f64 = (1i64 << 48) as f64;

pub(crate) fn put_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

pub(crate) fn put_signed(value: i64, bytes: &mut Vec<u8>) {
    put_varint(zigzag(value), bytes);
}

pub(crate) fn put_text(text: &str, bytes: &mut Vec<u8>) {
    put_varint(text.len() as u64, bytes);
    bytes.extend(text.as_bytes());
}

pub(crate) fn put_labels(labels: &Labels, bytes: &mut Vec<u8>) {
    put_varint(labels.len() as u64, bytes);
    labels.iter().flat_map(|(name, value)| [name, value]).for_each(|text| put_text(text, bytes));
}

pub(crate) fn put_bits(value: f64, bytes: &mut Vec<u8>) {
    bytes.extend(value.to_bits().to_le_bytes());
}

/// A value that is likely to be near another: the difference where both are whole, else the bits.
pub(crate) fn put_near(value: f64, base: f64, bytes: &mut Vec<u8>) {
    match (whole(value), whole(base)) {
        (Some(value), Some(base)) => put_varint(zigzag(value - base) << 1 | 1, bytes),
        _ => {
            bytes.push(0);
            put_bits(value, bytes);
        }
    }
}

/// The whole number that a value is, bit for bit; not for -0, which none is.
pub(crate) fn whole(value: f64) -> Option<i64> {
    let number = value as i64;
    (value.abs() < WHOLE_MAX && (number as f64).to_bits() == value.to_bits()).then_some(number)
}

pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// Takes values off the front of some bytes.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        self.varint().map(unzigzag)
    }

    pub(crate) fn bits(&mut self) -> Option<f64> {
        let (bits, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_bits(u64::from_le_bytes(*bits)))
    }

    pub(crate) fn near(&mut self, base: f64) -> Option<f64> {
        match self.varint()? {
            0 => self.bits(),
            odd if odd & 1 == 1 => Some(unzigzag(odd >> 1).checked_add(whole(base)?)? as f64),
            _ => None,
        }
    }

    pub(crate) fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn text(&mut self) -> Option<&'b str> {
        let length = self.varint()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// Labels over the strings that `share` gives for theirs.
    pub(crate) fn labels(&mut self, share: &mut dyn FnMut(&str) -> Arc<str>) -> Option<Labels> {
        let count = self.varint()?;
        let pairs: Option<Vec<LabelPair>> =
            (0..count).map(|_| Some((share(self.text()?), share(self.text()?)))).collect();
        let pairs = pairs?;
        match pairs.is_sorted_by(|a, b| a.0 < b.0) && pairs.iter().all(|(_, value)| !value.is_empty()) {
            true => Some(Labels::from_sorted(pairs.into())),
            false => Some(Labels::from_pairs(pairs)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_come_back_bit_for_bit(value in any::<f64>(), base in prop_oneof![any::<f64>(), any::<i32>().prop_map(f64::from)], near in any::<i64>()) {
            let mut bytes = Vec::new();
            let values = [value, near as f64, (near >> 20) as f64, -0.0, f64::NAN];
            values.iter().for_each(|value| put_near(*value, base, &mut bytes));
            let mut reader = Reader(&bytes);
            for value in values {
                prop_assert_eq!(reader.near(base).map(f64::to_bits), Some(value.to_bits()));
            }
        }
    }
}
