//! `limit_ratio`: which elements belong to a part of all, chosen by their labels alone, so that the same series are chosen
//! at each instant and a ratio and its complement share no element and leave out none.
//!
//! The choice is that of Prometheus: the XXH64 of the labels as it keeps them in memory, each name and value after its
//! length (XXH64: <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>).

use ballast_types::Labels;

const PRIMES: [u64; 5] = [
    0x9E37_79B1_85EB_CA87,
    0xC2B2_AE3D_27D4_EB4F,
    0x1656_67B1_9E37_79F9,
    0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
];

/// Whether an element belongs to the part: below the ratio, or for a negative one above its complement.
pub(crate) fn is_in_ratio(ratio: f64, labels: &Labels) -> bool {
    let place = place(labels);
    if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio }
}

/// Where the labels lie between 0 and 1.
fn place(labels: &Labels) -> f64 {
    xxh64(&encoded(labels)) as f64 / u64::MAX as f64
}

fn encoded(labels: &Labels) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in labels.iter().flat_map(|(name, value)| [name, value]) {
        let length = part.len().to_le_bytes();
        match part.len() {
            0..255 => bytes.extend(length.iter().take(1)),
            _ => bytes.extend([255].iter().chain(length.iter().take(3))),
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// XXH64 with seed 0.
fn xxh64(bytes: &[u8]) -> u64 {
    let [p1, p2, p3, p4, p5] = PRIMES;
    let stripes = bytes.chunks_exact(32);
    let mut rest = stripes.remainder();
    let mut hash = p5;
    if bytes.len() >= 32 {
        let mut lanes = [p1.wrapping_add(p2), p2, 0, 0_u64.wrapping_sub(p1)];
        for stripe in stripes {
            for (lane, word) in lanes.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = round(*lane, little_endian(word));
            }
        }
        let rotated = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
        hash = rotated.fold(0, u64::wrapping_add);
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(p1).wrapping_add(p4);
        }
    }
    hash = hash.wrapping_add(bytes.len() as u64);
    while let Some((word, left)) = rest.split_at_checked(8) {
        hash ^= round(0, little_endian(word));
        hash = hash.rotate_left(27).wrapping_mul(p1).wrapping_add(p4);
        rest = left;
    }
    if let Some((word, left)) = rest.split_at_checked(4) {
        hash ^= little_endian(word).wrapping_mul(p1);
        hash = hash.rotate_left(23).wrapping_mul(p2).wrapping_add(p3);
        rest = left;
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(p5);
        hash = hash.rotate_left(11).wrapping_mul(p1);
    }
    avalanche(hash)
}

fn round(lane: u64, word: u64) -> u64 {
    let [p1, p2, ..] = PRIMES;
    lane.wrapping_add(word.wrapping_mul(p2)).rotate_left(31).wrapping_mul(p1)
}

fn avalanche(hash: u64) -> u64 {
    let [_, p2, p3, ..] = PRIMES;
    let hash = (hash ^ (hash >> 33)).wrapping_mul(p2);
    let hash = (hash ^ (hash >> 29)).wrapping_mul(p3);
    hash ^ (hash >> 32)
}

/// Up to eight bytes, the least first.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Values from the reference implementation.
    #[rstest]
    #[case("", 0xEF46_DB37_51D8_E999)]
    #[case("a", 0xD24E_C4F1_A98C_6E5B)]
    #[case("abc", 0x44BC_2CF5_AD77_0999)]
    #[case("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1)]
    fn the_hash_is_the_known_one(#[case] text: &str, #[case] expected: u64) {
        assert_eq!(xxh64(text.as_bytes()), expected);
    }

    #[test]
    fn a_ratio_and_its_complement_part_all_series() {
        let all: Vec<Labels> = (0..1000).map(|i| Labels::from_pairs([("i", i.to_string())])).collect();
        for ratio in [0.0, 0.2, 0.5, 0.8, 1.0] {
            let chosen = all.iter().filter(|labels| is_in_ratio(ratio, labels)).count();
            assert!((chosen as f64 / 1000.0 - ratio).abs() < 0.05, "{chosen}");
            assert!(all.iter().all(|l| is_in_ratio(ratio, l) != is_in_ratio(ratio - 1.0, l)) || ratio == 1.0);
        }
    }
}
