//! How the values of attributes are written as label values: Go's spellings of numbers, and base64 (RFC 4648).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A bound of a bucket or a quantile: never with an exponent.
pub(super) fn plain(number: f64) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => number.to_string(),
    }
}

/// A number in an attribute: with an exponent where it is very small or very large.
pub(super) fn attribute(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() || size == 0.0 || (1e-6..1e21).contains(&size) {
        return plain(number);
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0usize, |all, byte| all << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter =
                ALPHABET.get(group >> (18 - 6 * place) & 63).map_or('=', |letter| char::from(*letter));
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(letters.len() * 3 / 4);
    for chunk in letters.chunks(4) {
        let mut group = 0usize;
        for letter in chunk {
            // The alphabet of addresses is taken, too.
            let letter = match letter {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            };
            group = group << 6 | ALPHABET.iter().position(|known| *known == letter)?;
        }
        group <<= 6 * (4 - chunk.len());
        let whole = chunk.len().checked_sub(1)?;
        bytes.extend([16, 8, 0].iter().take(whole).map(|shift| (group >> shift) as u8));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_spelt_as_go_does() {
        let spelt = |number| (plain(number), attribute(number));
        assert_eq!(spelt(0.005), ("0.005".to_owned(), "0.005".to_owned()));
        assert_eq!(spelt(1e-7), ("0.0000001".to_owned(), "1e-7".to_owned()));
        assert_eq!(spelt(1.5e21), ("1500000000000000000000".to_owned(), "1.5e+21".to_owned()));
        assert_eq!(spelt(f64::INFINITY).0, "+Inf");
        assert_eq!(spelt(10.0).0, "10");
    }

    proptest! {
        #[test]
        fn base64_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            prop_assert_eq!(from_base64(&to_base64(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn base64_of_the_standard() {
        assert_eq!(to_base64(b"fooba"), "Zm9vYmE=");
        assert_eq!(to_base64(b"foob"), "Zm9vYg==");
        assert_eq!(from_base64("?"), None);
    }
}
