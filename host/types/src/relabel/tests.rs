//! Rules in a small notation: `action source,source -> target /pattern/ = replacement mod N sep S`, each part but the action
//! optional.

use super::*;
use crate::Labels;
use proptest::prelude::*;
use rstest::rstest;

fn rule(text: &str) -> RelabelRule {
    let mut words = text.split_whitespace();
    let action = words.next().unwrap();
    let action = RelabelAction::ALL.into_iter().find(|known| known.as_str() == action).unwrap();
    let mut rule = RelabelRule::new(action).unwrap();
    while let Some(word) = words.next() {
        match word {
            "->" => rule.target_label = words.next().unwrap().to_owned(),
            "=" => rule.replacement = words.next().unwrap_or_default().to_owned(),
            "sep" => rule.separator = words.next().unwrap_or_default().to_owned(),
            "mod" => rule.modulus = words.next().unwrap().parse().unwrap(),
            _ if word.starts_with('/') => rule.regex = anchored(word.trim_matches('/')).unwrap(),
            _ => rule.source_labels = word.split(',').map(str::to_owned).collect(),
        }
    }
    rule
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(text.split_whitespace().filter_map(|pair| pair.split_once('=')))
}

#[rstest]
#[case::the_default_copies("replace a -> b", "a=x", "a=x b=x")]
#[case::an_absent_source_removes("replace nope -> b", "b=old", "")]
#[case::groups("replace a -> b /(.+):(\\d+)/ = $2-${1}", "a=host:80", "a=host:80 b=80-host")]
#[case::named_groups("replace a -> b /(?P<first>.).*/ = ${first}!", "a=xyz", "a=xyz b=x!")]
#[case::a_longest_name_is_no_group("replace a -> b /(.*)/ = $1x", "a=1 b=2", "a=1")]
#[case::a_dollar("replace a -> b /(.*)/ = $$1", "a=1", "a=1 b=$1")]
#[case::no_match_no_change("replace a -> b /y/ = z", "a=x b=old", "a=x b=old")]
#[case::anchored("replace a -> b /y/ = z", "a=xyx", "a=xyx")]
#[case::an_alternative_stays_inside("keep a /x|y/", "a=xz", "dropped")]
#[case::constant("replace -> b = c", "a=x", "a=x b=c")]
#[case::several_sources("replace a,b -> c", "a=1 b=2", "a=1 b=2 c=1;2")]
#[case::another_separator("replace a,b,nope -> c sep _", "a=1 b=2", "a=1 b=2 c=1_2_")]
#[case::a_target_of_groups("replace a -> ${1}_new /(.*)-(.*)/ = $2", "a=x-y", "a=x-y x_new=y")]
#[case::a_target_that_comes_to_nothing("replace a -> $2 /(.*)/ = z", "a=x", "a=x")]
#[case::an_empty_replacement_removes("replace a -> a =", "a=x b=y", "b=y")]
#[case::keep("keep a /x.*/", "a=xyz", "a=xyz")]
#[case::keep_drops("keep a /x.*/", "b=xyz", "dropped")]
#[case::drop("drop a,b /1;2/", "a=1 b=2", "dropped")]
#[case::drop_keeps("drop a,b /1;2/", "a=1 b=3", "a=1 b=3")]
#[case::keep_equal("keepequal a -> b", "a=1 b=1", "a=1 b=1")]
#[case::keep_equal_drops("keepequal a -> b", "a=1 b=2", "dropped")]
#[case::drop_equal("dropequal a -> b", "a=1 b=1", "dropped")]
#[case::drop_equal_keeps("dropequal a -> b", "a=1 b=2", "a=1 b=2")]
#[case::hashmod("hashmod c -> d mod 1000", "c=baz", "c=baz d=976")]
#[case::hashmod_of_another("hashmod a -> d mod 1000", "a=foo b=bar c=baz", "a=foo b=bar c=baz d=696")]
#[case::labelmap("labelmap /meta_(.*)/", "a=1 meta_b=2 meta_c=3", "a=1 b=2 c=3 meta_b=2 meta_c=3")]
#[case::labelmap_to("labelmap /meta_(.*)/ = ${1}_x", "meta_b=2", "b_x=2 meta_b=2")]
#[case::labeldrop("labeldrop /a.*/", "a=1 ab=2 b=3", "b=3")]
#[case::labelkeep("labelkeep /a.*/", "a=1 ab=2 b=3", "a=1 ab=2")]
#[case::lowercase("lowercase a -> b", "a=ÄbC", "a=ÄbC b=äbc")]
#[case::uppercase("uppercase a,b -> c", "a=x b=é", "a=x b=é c=X;É")]
fn rules_do_what_they_say(#[case] text: &str, #[case] before: &str, #[case] after: &str) {
    let rule = rule(text);
    assert_eq!(rule.check(), Ok(()));
    let mut builder = LabelsBuilder::of(&labels(before));
    let kept = apply(&[rule], &mut builder);
    match after {
        "dropped" => assert!(!kept),
        _ => assert_eq!((kept, builder.labels()), (true, labels(after))),
    }
}

#[test]
fn a_drop_ends_the_chain_and_earlier_rules_feed_later_ones() {
    let rules = ["replace a -> b = $1$1", "drop b /xx/", "replace a -> c"].map(rule);
    let mut dropped = LabelsBuilder::of(&labels("a=x"));
    assert!(!apply(&rules, &mut dropped));
    assert_eq!(dropped.labels(), labels("a=x b=xx"));
    let mut kept = LabelsBuilder::of(&labels("a=y"));
    assert!(apply(&rules, &mut kept));
    assert_eq!(kept.labels(), labels("a=y b=yy c=y"));
}

#[rstest]
#[case("replace a", "target_label")]
#[case("hashmod a -> b", "modulus")]
#[case("hashmod a mod 3", "target_label")]
#[case("lowercase a", "target_label")]
#[case("lowercase a -> b = x", "replacement")]
#[case("keepequal a -> b /x/", "regex")]
#[case("dropequal a -> b sep x", "separator")]
#[case("keepequal a", "target_label")]
#[case("labeldrop a", "source_labels")]
#[case("labelkeep -> b", "target_label")]
#[case("labelkeep /x/ = y", "replacement")]
#[case("labelmap /x/ =", "replacement")]
fn rules_that_make_no_sense_name_the_key(#[case] text: &str, #[case] key: &str) {
    assert_eq!(rule(text).check().unwrap_err().key, key);
}

#[rstest]
#[case("(")]
#[case("a)|(b")]
#[case("[z-a]")]
#[case("(?<x")]
#[case("(((a{100}){100}){100})")]
fn patterns_that_are_none_are_refused(#[case] pattern: &str) {
    assert_eq!(anchored(pattern).unwrap_err().key, "regex");
}

proptest! {
    #[test]
    fn what_comes_out_is_a_sorted_set_without_empty_values(
        pairs in proptest::collection::vec(("[a-c]{1,2}", "[a-z]{0,3}"), 0..6),
        source in "[a-c]", target in "[a-c$1]{1,3}", replacement in ".{0,6}",
    ) {
        let mut rule = rule("replace");
        (rule.source_labels, rule.target_label, rule.replacement) = (vec![source], target, replacement);
        let mut builder = LabelsBuilder::of(&Labels::from_pairs(pairs));
        prop_assert!(apply(&[rule], &mut builder));
        let labels = builder.labels();
        prop_assert_eq!(&labels, &Labels::from_pairs(labels.iter()));
    }
}
