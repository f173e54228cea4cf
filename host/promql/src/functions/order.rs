//! The orders in which `sort` and `sort_by_label` put their elements. A result that is not asked to be ordered has none.

use std::cmp::Ordering;

use ballast_types::Labels;

/// By value, NaN last.
pub(crate) fn ascending(a: f64, b: f64) -> Ordering {
    nan_last(a, b).then(a.partial_cmp(&b).unwrap_or(Ordering::Equal))
}

/// By value from the largest, NaN last.
pub(crate) fn descending(a: f64, b: f64) -> Ordering {
    nan_last(a, b).then(b.partial_cmp(&a).unwrap_or(Ordering::Equal))
}

fn nan_last(a: f64, b: f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan())
}

/// By the values of some labels in their natural order, then by all labels.
pub(crate) fn by_labels<'n>(names: impl IntoIterator<Item = &'n str>, a: &Labels, b: &Labels) -> Ordering {
    for name in names {
        let order = natural(a.get(name).unwrap_or_default(), b.get(name).unwrap_or_default());
        if order.is_ne() {
            return order;
        }
    }
    a.cmp(b)
}

/// Texts in their natural order: a run of digits counts as a number, so that `cpu9` comes before `cpu10`.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    while !rest_a.is_empty() && !rest_b.is_empty() {
        let ((chunk_a, left_a), (chunk_b, left_b)) = (chunk(rest_a), chunk(rest_b));
        let order = match is_number(chunk_a) && is_number(chunk_b) {
            true => by_number(chunk_a, chunk_b),
            false => chunk_a.cmp(chunk_b),
        };
        if order.is_ne() {
            return order;
        }
        (rest_a, rest_b) = (left_a, left_b);
    }
    // Where only leading zeros differ, the texts themselves decide.
    rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b))
}

/// The digits, or all up to the next digit; and the rest.
fn chunk(text: &str) -> (&str, &str) {
    let digits = is_number(text);
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Numbers of any length.
fn by_number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("cpu9", "cpu10", Ordering::Less)]
    #[case("cpu", "cpu1", Ordering::Less)]
    #[case("1.10.3", "1.9.20", Ordering::Greater)]
    #[case("a01", "a1", Ordering::Less)]
    #[case("a99999999999999999999998", "a99999999999999999999999", Ordering::Less)]
    #[case("é2", "é10", Ordering::Less)]
    #[case("2", "b", Ordering::Less)]
    #[case("", "", Ordering::Equal)]
    fn natural_order(#[case] a: &str, #[case] b: &str, #[case] expected: Ordering) {
        assert_eq!((natural(a, b), natural(b, a)), (expected, expected.reverse()));
    }

    #[test]
    fn nan_is_last_in_both_directions() {
        for order in [ascending, descending] {
            let mut values = [f64::NAN, 1.0, 2.0];
            values.sort_by(|a, b| order(*a, *b));
            assert!(values[2].is_nan());
        }
        assert_eq!(descending(1.0, 2.0), Ordering::Greater);
    }

    #[test]
    fn labels_decide_in_the_order_of_their_names() {
        let of = |a: &str, b: &str| Labels::from_pairs([("a", a), ("b", b)]);
        assert_eq!(by_labels(["b"], &of("1", "x10"), &of("2", "x9")), Ordering::Greater);
        assert_eq!(by_labels(["a", "b"], &of("1", "x10"), &of("2", "x9")), Ordering::Less);
        assert_eq!(by_labels(["none"], &of("1", "x"), &of("2", "x")), Ordering::Less);
    }
}
