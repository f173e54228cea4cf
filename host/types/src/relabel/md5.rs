//! MD5 (RFC 1321), because Prometheus's `hashmod` is defined by it: shards of one cluster must agree on who scrapes what.
//! Not for anything that must withstand an adversary.

/// How far each step rotates, four steps repeated in each of the four rounds.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The last eight bytes of the digest as a big-endian number.
pub(super) fn tail(text: &str) -> u64 {
    let [_, _, c, d] = digest(text.as_bytes());
    (u64::from(c.swap_bytes()) << 32) | u64::from(d.swap_bytes())
}

/// The digest as its four words, each little-endian.
fn digest(text: &[u8]) -> [u32; 4] {
    let mut message = text.to_vec();
    message.push(0x80);
    message.resize(message.len().next_multiple_of(64), 0);
    if message.len() - text.len() < 9 {
        message.resize(message.len() + 64, 0);
    }
    let bits = (text.len() as u64).wrapping_mul(8).to_le_bytes();
    message.truncate(message.len() - bits.len());
    message.extend(bits);
    let constants: [u32; 64] =
        std::array::from_fn(|step| (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32);
    message.chunks_exact(64).fold(START, |state, block| round(state, block, &constants))
}

fn round(state: [u32; 4], block: &[u8], constants: &[u32; 64]) -> [u32; 4] {
    let mut words = [0u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte));
    }
    let [mut a, mut b, mut c, mut d] = state;
    for (step, constant) in constants.iter().enumerate() {
        let (mixed, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        let sum = a.wrapping_add(mixed).wrapping_add(*constant).wrapping_add(words[word % 16]);
        let rotated = sum.rotate_left(ROTATIONS[step / 16][step % 4]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(rotated));
    }
    let [w, x, y, z] = state;
    [w.wrapping_add(a), x.wrapping_add(b), y.wrapping_add(c), z.wrapping_add(d)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The test suite of RFC 1321, A.5, and the lengths around which the padding changes.
    #[rstest]
    #[case("", "d41d8cd98f00b204e9800998ecf8427e")]
    #[case("a", "0cc175b9c0f1b6a831c399e269772661")]
    #[case("message digest", "f96b697d7cb7938d525a2f31aaf161d0")]
    #[case(
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        "57edf4a22be3c955ac49da2e2107b67a"
    )]
    #[case(&"a".repeat(55), "ef1772b6dff9a122358552954ad0df65")]
    #[case(&"a".repeat(56), "3b0c8ac703f828b04c6c197006d17218")]
    #[case(&"a".repeat(64), "014842d480b571495a4a0363793f7367")]
    fn digests_are_those_of_the_standard(#[case] text: &str, #[case] expected: &str) {
        let words = digest(text.as_bytes()).map(|word| format!("{:08x}", word.swap_bytes()));
        assert_eq!(words.concat(), expected);
        assert_eq!(format!("{:016x}", tail(text)), &expected[16..]);
    }
}
