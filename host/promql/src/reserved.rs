//! The labels that say what a series is rather than which one: its name, type and unit. What is computed from it is no
//! longer that, so they go together.

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

/// Whether a label goes where the metric name goes.
pub(crate) fn is_reserved(name: &str) -> bool {
    matches!(name, METRIC_NAME | "__type__" | "__unit__")
}

/// The labels of what was computed from a series.
pub(crate) fn without_reserved(labels: &Labels) -> Labels {
    let pairs = labels.pairs();
    let mut reserved = pairs.iter().enumerate().filter(|(_, (name, _))| is_reserved(name));
    match (reserved.next(), reserved.next()) {
        (None, _) => labels.clone(),
        // Most often it is the name alone: two slices have a length that is known, and take one allocation.
        (Some((at, _)), None) => {
            let (before, after) =
                (pairs.get(..at).unwrap_or_default(), pairs.get(at + 1..).unwrap_or_default());
            Labels::from_sorted(before.iter().chain(after).cloned().collect())
        }
        _ => labels.filtered(|name| !is_reserved(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_type_and_unit_go_together() {
        let labels = Labels::from_pairs([
            ("__name__", "a"),
            ("__type__", "counter"),
            ("__unit__", "s"),
            ("__x__", "y"),
            ("b", "c"),
        ]);
        assert_eq!(without_reserved(&labels), Labels::from_pairs([("__x__", "y"), ("b", "c")]));
        let named = Labels::from_pairs([("__name__", "a"), ("__x__", "y"), ("A", "d"), ("b", "c")]);
        assert_eq!(without_reserved(&named), Labels::from_pairs([("__x__", "y"), ("A", "d"), ("b", "c")]));
        assert_eq!(without_reserved(&without_reserved(&named)), without_reserved(&named));
    }
}
