//! The index against trying every matcher on every series.

use std::collections::BTreeSet;

use ballast_types::{MatchOp, Matcher};
use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_the_matchers_say(
        series in prop::collection::btree_set(("[ab]", "[a-c]?", "[xyz]{0,2}"), 0..200),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        matchers in prop::collection::vec(matcher(), 0..4),
    ) {
        let mut head = head(options());
        let all: Vec<Labels> = series
            .iter()
            .map(|(name, one, two)| Labels::from_pairs([("__name__", &**name), ("one", one), ("two", two)]))
            .collect();
        let gone: Vec<&Labels> = gone.iter().filter(|_| !all.is_empty()).map(|gone| gone.get(&all)).collect();
        // Those that go are added among the others, so that the order of ids is not the order of labels.
        for (place, labels) in all.iter().rev().enumerate() {
            append(&mut head, labels, sample(if gone.contains(&labels) { 1 } else { 10 + place as i64 }, 1.0));
        }
        head.forget_before(ms(5));
        let mut expected: Vec<&Labels> = all.iter().filter(|labels| !gone.contains(labels)).collect();
        expected.retain(|labels| matchers.iter().all(|matcher| matcher.matches(labels)));
        expected.sort();
        let found = head.matching(&matchers);
        prop_assert_eq!(found.iter().map(|id| head.labels(*id).unwrap()).collect::<Vec<_>>(), expected.clone());
        let selectors = [matchers];
        let values: BTreeSet<&str> = expected.iter().filter_map(|labels| labels.get("two")).collect();
        let listed = head.label_values("two", &selectors, ALL_TIME);
        prop_assert_eq!(listed.iter().map(|value| &**value).collect::<Vec<_>>(), values.into_iter().collect::<Vec<_>>());
        let names: BTreeSet<&str> = expected.iter().flat_map(|labels| labels.iter()).map(|(name, _)| name).collect();
        let listed = head.label_names(&selectors, ALL_TIME);
        prop_assert_eq!(listed.iter().map(|name| &**name).collect::<Vec<_>>(), names.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(head.label_names(&[], ALL_TIME), head.label_names(&[Vec::new()], ALL_TIME));
        prop_assert_eq!(head.label_values("one", &[], ALL_TIME), head.label_values("one", &[Vec::new()], ALL_TIME));
    }
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
    let name = prop::sample::select(vec!["__name__", "one", "two", "absent"]);
    let value = prop::sample::select(vec!["a", "b", "c", "x", "xy", ""]);
    let pattern = prop::sample::select(vec![
        "a|b",
        "x.*",
        ".+",
        ".*",
        "",
        "a?",
        "x[yz]",
        "(x|y)(x|z)",
        "[^x]*",
        "(?i)A",
    ]);
    (op, name, value, pattern).prop_map(|(op, name, value, pattern)| {
        let text = if matches!(op, MatchOp::Equal | MatchOp::NotEqual) { value } else { pattern };
        Matcher::new(name, op, text).unwrap()
    })
}
