//! Bodies and what becomes of them. A new case is one entry of `check`.

use ballast_types::Labels;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// Samples as lines, then problems with a `!`.
fn show(scrape: &Scrape) -> String {
    let mut text = String::new();
    for sample in &scrape.samples {
        text.push_str(&format!("{} {}", sample.labels, sample.value));
        text.push_str(&sample.at.map(|at| format!(" @{}", at.as_millis())).unwrap_or_default());
        text.push('\n');
    }
    for problem in &scrape.problems {
        text.push_str(&format!("! {problem}\n"));
    }
    text
}

fn check(body: &str, target: &Labels, expected: &str) {
    let scrape = parse(body.as_bytes(), target, BodyEnd::Unknown);
    let expected: String = expected.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert_eq!(show(&scrape), expected);
    assert_eq!(scrape.lines_refused, scrape.problems.len());
}

#[rstest]
#[case::plain("up 1\n", "up 1")]
#[case::empty("", "")]
#[case::comments("# HELP a b\n# TYPE a counter\n#\n\n  \na 1\n# EOF\n", "a 1")]
#[case::labels("a{b=\"x\",c=\"y\"} 2.5\n", r#"a{b="x", c="y"} 2.5"#)]
#[case::blanks("  a  { b = \"x\" , } \t 1e3  \n", r#"a{b="x"} 1000"#)]
#[case::no_labels("a{} 1\na_b:c 2\n", "a 1\na_b:c 2")]
#[case::carriage_return("a 1\r\nb 2\r\n", "a 1\nb 2")]
#[case::special_values("a NaN\nb +Inf\nc -Inf\nd -0\n", "a NaN\nb inf\nc -inf\nd -0")]
#[case::timestamp("a 1 1700000000123\nb 2 -5\n", "a 1 @1700000000123\nb 2 @-5")]
#[case::escapes(r#"a{b="q\"\\\n\z"} 1"#.to_owned() + "\n", r#"a{b="q\"\\\n\\z"} 1"#)]
#[case::brace_in_value("a{b=\"}, #\"} 1\n", r#"a{b="}, #"} 1"#)]
#[case::utf8_value("a{b=\"größe\"} 1\n", r#"a{b="größe"} 1"#)]
#[case::quoted_name("{\"my.metric\", l=\"x\"} 1\n", r#"my.metric{l="x"} 1"#)]
#[case::quoted_label("a{\"my label\"=\"x\"} 1\n", r#"a{my label="x"} 1"#)]
#[case::quoted_name_late("{l=\"x\", \"my.metric\"} 1\n", r#"my.metric{l="x"} 1"#)]
#[case::histogram(
    "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
    "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2"
)]
#[case::empty_value_is_no_label("a{b=\"\"} 1\n", "a 1")]
fn reads(#[case] body: impl AsRef<str>, #[case] expected: &str) {
    check(body.as_ref(), &Labels::empty(), expected);
}

#[rstest]
#[case::half_a_line("a 1\nb{c=\"x", "a 1\n! line 2: the answer ends in the middle of this line")]
#[case::half_a_number("a 1\nb 12", "a 1\n! line 2: the answer ends in the middle of this line")]
#[case::garbage("a 1\n%&/\nb 2\n", "a 1\nb 2\n! line 2: expected a metric name, found `%&/`")]
#[case::no_value("a\n", "! line 1: expected a value after the metric name, found the end of the line")]
#[case::no_value_but_blank("a \n", "! line 1: expected a value, found the end of the line")]
#[case::no_value_after_labels("a{}\n", "! line 1: expected a value, found the end of the line")]
#[case::no_number("a 1x\n", "! line 1: expected a number, found `1x`")]
#[case::too_large("a 1e999\n", "! line 1: the number `1e999` is too large")]
#[case::bad_timestamp("a 1 1.5\n", "! line 1: expected a timestamp in milliseconds or nothing, found `1.5`")]
#[case::three_numbers("a 1 2 3\n", "! line 1: expected the end of the line, found `3`")]
#[case::glued("a-b 1\n", "! line 1: expected a value after the metric name, found `-b 1`")]
#[case::open_quote("a{b=\"x} 1\n", "! line 1: a text in double quotes without its end: `x} 1`")]
#[case::open_brace("a{b=\"x\" 1\n", "! line 1: expected `,` or `}` after a label, found `1`")]
#[case::no_equals("a{b} 1\n", "! line 1: expected `=` after the label `b`, found `} 1`")]
#[case::no_quotes("a{b=x} 1\n", "! line 1: expected a text in double quotes, found `x} 1`")]
#[case::bad_label("a{1=\"x\"} 1\n", "! line 1: expected a label name, found `1=\"x\"} 1`")]
#[case::label_twice("a{b=\"x\",b=\"y\"} 1\n", "! line 1: the label `b` twice")]
#[case::two_names("a{\"b\"} 1\n", "! line 1: two metric names")]
#[case::name_as_label("a{__name__=\"b\"} 1\n", "! line 1: two metric names")]
#[case::nameless("{a=\"x\"} 1\n", "! line 1: a series without a metric name")]
#[case::duplicate(
    "a{b=\"x\",c=\"y\"} 1\na{c=\"y\",b=\"x\"} 2\n",
    "a{b=\"x\", c=\"y\"} 1\n! line 2: `a{b=\"x\", c=\"y\"}` came before; the first counts"
)]
#[case::multibyte_garbage(
    "é 1\na{é=\"x\"} 1\na é\n",
    "! line 1: expected a metric name, found `é 1`\n! line 2: expected a label name, found `é=\"x\"} 1`\n! line 3: expected a number, found `é`"
)]
fn refuses_the_line_and_keeps_the_rest(#[case] body: &str, #[case] expected: &str) {
    check(body, &Labels::empty(), expected);
}

#[rstest]
#[case::added(r#"a{b="x"} 1"#, r#"a{b="x", instance="h:1", job="j"} 1"#)]
#[case::clash(r#"a{job="x"} 1"#, r#"a{exported_job="x", instance="h:1", job="j"} 1"#)]
#[case::exported_is_taken(
    r#"a{job="x",exported_job="y"} 1"#,
    r#"a{exported_exported_job="x", exported_job="y", instance="h:1", job="j"} 1"#
)]
#[case::empty_is_no_clash(r#"a{job=""} 1"#, r#"a{instance="h:1", job="j"} 1"#)]
fn the_targets_labels_win(#[case] line: &str, #[case] expected: &str) {
    check(&format!("{line}\n"), &Labels::from_pairs([("job", "j"), ("instance", "h:1")]), expected);
}

#[test]
fn a_last_line_without_line_feed_counts_where_the_length_was_known() {
    let scrape = parse(b"a 1\nb 2", &Labels::empty(), BodyEnd::Known);
    assert_eq!(show(&scrape), "a 1\nb 2\n");
}

#[test]
fn only_ten_problems_are_kept_in_words_but_all_are_counted() {
    let scrape = parse("?\n".repeat(25).as_bytes(), &Labels::empty(), BodyEnd::Known);
    assert_eq!((scrape.problems.len(), scrape.lines_refused), (PROBLEMS_MAX, 25));
}

#[test]
fn a_line_that_is_not_utf8_is_refused_alone() {
    let scrape = parse(b"a 1\nb{c=\"\xff\"} 1\nd 1\n", &Labels::empty(), BodyEnd::Known);
    assert_eq!(show(&scrape), "a 1\nd 1\n! line 2: not UTF-8\n");
}

#[test]
fn problems_stay_short_however_long_the_line_is() {
    let scrape = parse(format!("a {}\n", "x".repeat(100_000)).as_bytes(), &Labels::empty(), BodyEnd::Known);
    assert!(scrape.problems.iter().all(|problem| problem.len() < 200));
}

#[test]
fn a_line_with_labels_without_end_is_refused() {
    let labels: String = (0..=line::LABELS_MAX).map(|i| format!("l{i}=\"x\",")).collect();
    let scrape = parse(format!("a{{{labels}}} 1\nb 2\n").as_bytes(), &Labels::empty(), BodyEnd::Known);
    assert_eq!(show(&scrape), "b 2\n! line 1: more than 256 labels\n");
}

/// Writes samples so that `parse` must give them back.
fn format(samples: &[ScrapedSample]) -> String {
    let quote = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let mut body = String::new();
    for sample in samples {
        body.push_str(&format!("{{\"{}\"", quote(sample.labels.metric_name().unwrap())));
        for (name, value) in sample.labels.without_name().iter() {
            body.push_str(&format!(",\"{}\"=\"{}\"", quote(name), quote(value)));
        }
        body.push_str(&format!("}} {:?}", sample.value));
        body.push_str(&sample.at.map(|at| format!(" {}", at.as_millis())).unwrap_or_default());
        body.push('\n');
    }
    body
}

fn any_sample() -> impl Strategy<Value = ScrapedSample> {
    let pairs = proptest::collection::btree_map("[^_].{0,6}|a\n\"\\\\", ".{1,12}", 0..5);
    let value = prop_oneof![any::<f64>(), any::<u32>().prop_map(f64::from)];
    (".{1,10}", pairs, value, any::<Option<i64>>()).prop_map(|(name, pairs, value, at)| ScrapedSample {
        labels: Labels::from_pairs(pairs).with(ballast_types::labels::METRIC_NAME, &name),
        value,
        at: at.map(Timestamp::from_millis),
    })
}

/// Equal, where NaN equals NaN.
fn same(left: &ScrapedSample, right: &ScrapedSample) -> bool {
    let values = left.value == right.value || (left.value.is_nan() && right.value.is_nan());
    left.labels == right.labels && values && left.at == right.at
}

proptest! {
    #[test]
    fn never_panics_on_bytes(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        parse(&body, &Labels::from_pairs([("job", "j")]), BodyEnd::Unknown);
    }

    #[test]
    fn never_panics_on_near_misses(body in "[a-z{}\",=\\\\ \n#é0-9.+-]{0,200}") {
        let scrape = parse(body.as_bytes(), &Labels::from_pairs([("job", "j")]), BodyEnd::Known);
        prop_assert!(scrape.samples.iter().all(|sample| sample.labels.metric_name().is_some()));
    }

    #[test]
    fn gives_back_what_was_written(samples in proptest::collection::vec(any_sample(), 0..8)) {
        let mut seen = HashSet::new();
        let samples: Vec<_> = samples.into_iter().filter(|sample| seen.insert(sample.labels.clone())).collect();
        let scrape = parse(format(&samples).as_bytes(), &Labels::empty(), BodyEnd::Unknown);
        prop_assert_eq!(&scrape.problems, &Vec::<String>::new());
        prop_assert_eq!(scrape.samples.len(), samples.len());
        for (read, written) in scrape.samples.iter().zip(&samples) {
            prop_assert!(same(read, written), "{:?} is not {:?}", read, written);
        }
    }
}
