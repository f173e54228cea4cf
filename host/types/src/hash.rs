//! Two hashes: a fast stable one for identities, and SHA-256 for content. Both are the same on every machine and in
//! every version, because what they yield is stored.

use sha2::{Digest as _, Sha256};

/// 64-bit FNV-1a over byte strings; each part is followed by a separator that no UTF-8 text holds.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Mixes in one part.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        for byte in bytes.iter().chain([&0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
        self
    }

    /// The hash of all parts so far.
    pub fn finish(self) -> u64 {
        self.0
    }
}

/// SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
