//! Numbers of varying length: seven bits a byte, lowest first; signed ones folded so that small magnitudes stay short.
//!
//! Nothing that is read is believed: each take answers `None` where the bytes do not hold what was asked for.

/// Appends a number in one to ten bytes.
pub(super) fn put_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// How many bytes [`put_varint`] takes.
pub(super) fn varint_bytes(value: u64) -> usize {
    (bit_length(value).max(1) as usize).div_ceil(7)
}

/// The number of the highest bit that is set, from 1; zero for zero.
pub(super) fn bit_length(value: u64) -> u32 {
    64 - value.leading_zeros()
}

/// Folds the two's complement in `value` so that numbers near zero on either side become small.
pub(super) fn zigzag(value: u64) -> u64 {
    (value << 1) ^ (((value as i64) >> 63) as u64)
}

/// The reverse of [`zigzag`].
pub(super) fn unzigzag(value: u64) -> u64 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}

/// Takes values off the front of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
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
}
