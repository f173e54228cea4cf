//! Bodies and what becomes of them. A new case is one entry of a table.

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, Sample, Timestamp};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::parsed::{PROBLEMS_MAX, Parsed, Reason};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn options(format: Format) -> Options {
    Options::new(format, BodyEnd::Unknown, NOW)
}

fn keep(labels: &ParsedLabels<'_>) -> Option<Labels> {
    Some(Labels::from_pairs(labels.iter()))
}

fn scrape(body: &str, format: Format, cache: &mut SeriesCache) -> Scraped {
    read(body.as_bytes(), &options(format), cache, keep).unwrap()
}

/// Everything a body brought, a line each; problems with a `!`.
fn show(parsed: &Parsed) -> String {
    let mut text = String::new();
    for (labels, Sample { at, value }) in &parsed.samples {
        text.push_str(&format!("{labels} {value}"));
        text.push_str(&if *at == NOW { String::new() } else { format!(" @{}", at.as_millis()) });
        text.push('\n');
    }
    for (series, exemplar) in &parsed.exemplars {
        let (labels, at) = (&exemplar.labels, exemplar.at.as_millis());
        text.push_str(&format!("exemplar of {series}: {labels} {} @{at}\n", exemplar.value));
    }
    for (name, meta) in &parsed.metadata {
        text.push_str(&format!("{name}: {} {:?} {:?}\n", meta.kind.as_str(), &*meta.help, &*meta.unit));
    }
    for (labels, at) in &parsed.created {
        text.push_str(&format!("{labels} since {}\n", at.as_millis()));
    }
    for problem in parsed.refused.problems() {
        text.push_str(&format!("! {problem}\n"));
    }
    text
}

/// What a body brings; the error where it is no metrics at all. Read twice, it brings the same samples.
fn outcome(body: &[u8], format: Format, end: BodyEnd) -> String {
    let mut cache = SeriesCache::new(1000);
    let options = Options { end, ..options(format) };
    match read(body, &options, &mut cache, keep) {
        Err(error) => error.to_string() + "\n",
        Ok(first) => {
            let second = read(body, &options, &mut cache, |_| panic!("nothing is new")).unwrap();
            assert_eq!(show_samples(&second.parsed), show_samples(&first.parsed));
            assert_eq!((second.new, second.gone), (vec![], vec![]));
            show(&first.parsed)
        }
    }
}

fn show_samples(parsed: &Parsed) -> String {
    let (samples, exemplars) = (parsed.samples.clone(), parsed.exemplars.clone());
    show(&Parsed { samples, exemplars, refused: parsed.refused.clone(), ..Parsed::default() })
}

fn check(body: &str, format: Format, expected: &str) {
    let expected: String = expected.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert_eq!(outcome(body.as_bytes(), format, BodyEnd::Unknown), expected);
}

#[rstest]
#[case::plain("up 1\n", "up 1")]
#[case::empty("", "")]
#[case::comments("#\n\n  \n# a comment\na 1\n# EOF\n", "a 1")]
#[case::labels("a{b=\"x\",c=\"y\"} 2.5\n", r#"a{b="x", c="y"} 2.5"#)]
#[case::blanks("  a  { b = \"x\" , } \t 1e3  \n", r#"a{b="x"} 1000"#)]
#[case::no_labels("a{} 1\na_b:c 2\n", "a 1\na_b:c 2")]
#[case::carriage_return("a 1\r\nb 2\r\n", "a 1\nb 2")]
#[case::special_values("a NaN\nb +Inf\nc -Inf\nd -0\n", "a NaN\nb inf\nc -inf\nd -0")]
#[case::timestamp("a 1 1700000000123\nb 2 -5\n", "a 1 @1700000000123\nb 2 @-5")]
#[case::escapes(&(r#"a{b="q\"\\\n\z"} 1"#.to_owned() + "\n"), r#"a{b="q\"\\\n\\z"} 1"#)]
#[case::brace_in_value("a{b=\"}, #\"} 1\n", r#"a{b="}, #"} 1"#)]
#[case::brace_and_number_in_value("a{b=\"} 1\"} 2\n", r#"a{b="} 1"} 2"#)]
#[case::utf8_value("a{b=\"größe\"} 1\n", r#"a{b="größe"} 1"#)]
#[case::quoted_name("{\"my.metric\", l=\"x\"} 1\n", r#"my.metric{l="x"} 1"#)]
#[case::quoted_label("a{\"my label\"=\"x\"} 1\n", r#"a{my label="x"} 1"#)]
#[case::quoted_name_late("{l=\"x\", \"my.metric\"} 1\n", r#"my.metric{l="x"} 1"#)]
#[case::histogram(
    "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
    "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2"
)]
#[case::empty_value_is_no_label("a{b=\"\"} 1\n", "a 1")]
#[case::a_bare_name_before_the_same_with_labels("a 1\na {b=\"x\"} 2\n", "a 1\na{b=\"x\"} 2")]
#[case::own_times_may_come_twice("a 1 5\na 2 6\n", "a 1 @5\na 2 @6")]
#[case::metadata(
    "# HELP a one\\ntwo \\\\ three\n# TYPE a counter\na 1\n#TYPE b untyped\n# TYPE \"c d\" gauge\n",
    "a 1\na: counter \"one\\ntwo \\\\ three\" \"\"\nb: unknown \"\" \"\"\nc d: gauge \"\" \"\""
)]
#[case::bounds_are_written_as_floats(
    "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1e6\"} 1\nh_bucket{le=\"+Inf\"} 2\n# TYPE s summary\ns{quantile=\"1\"} 3\ns{le=\"1\"} 4\n",
    "h_bucket{le=\"1.0\"} 1\nh_bucket{le=\"1e+06\"} 1\nh_bucket{le=\"+Inf\"} 2\ns{quantile=\"1.0\"} 3\ns{le=\"1\"} 4\nh: histogram \"\" \"\"\ns: summary \"\" \"\""
)]
#[case::created_is_a_series_here(
    "# TYPE a counter\na_total 1\na_created 2\n",
    "a_total 1\na_created 2\na: counter \"\" \"\""
)]
fn text_reads(#[case] body: &str, #[case] expected: &str) {
    check(body, Format::Text, expected);
}

#[rstest]
#[case::half_a_line("a 1\nb{c=\"x", "a 1\n! line 2: the answer ends in the middle of this line")]
#[case::half_a_number("a 1\nb 12", "a 1\n! line 2: the answer ends in the middle of this line")]
#[case::garbage("a 1\n%&/\nb 2\n", "a 1\nb 2\n! line 2, column 1: expected a metric name, found `%&/`")]
#[case::no_value("a\n", "! line 1, column 2: expected a value, found the end of the line")]
#[case::no_value_but_blank("a \n", "! line 1, column 3: expected a value, found the end of the line")]
#[case::no_value_after_labels("a{}\n", "! line 1, column 4: expected a value, found the end of the line")]
#[case::no_number("a 1x\n", "! line 1, column 3: expected a number, found `1x`")]
#[case::signed_nan("a -NaN\n", "! line 1, column 3: expected a number, found `-NaN`")]
#[case::too_large("a 1e999\n", "! line 1, column 3: the number `1e999` is too large")]
#[case::bad_timestamp(
    "a 1 1.5\n",
    "! line 1, column 5: expected a timestamp in milliseconds or nothing, found `1.5`"
)]
#[case::three_numbers("a 1 2 3\n", "! line 1, column 7: expected the end of the line, found `3`")]
#[case::an_exemplar(
    "a 1 # {} 1\n",
    "! line 1, column 5: expected a timestamp in milliseconds or nothing, found `#`"
)]
#[case::glued("a-b 1\n", "! line 1, column 2: expected a value after the metric name, found `-b 1`")]
#[case::open_quote("a{b=\"x} 1\n", "! line 1, column 6: a text in double quotes without its end: `x} 1`")]
#[case::open_brace("a{b=\"x\" 1\n", "! line 1, column 9: expected `,` or `}` after a label, found `1`")]
#[case::no_equals("a{b} 1\n", "! line 1, column 4: expected `=` after the label `b`, found `} 1`")]
#[case::no_quotes("a{b=x} 1\n", "! line 1, column 5: expected a text in double quotes, found `x} 1`")]
#[case::bad_label("a{1=\"x\"} 1\n", "! line 1, column 3: expected a label name, found `1=\"x\"} 1`")]
#[case::label_twice("a{b=\"x\",b=\"y\"} 1\n", "! line 1, column 1: the label `b` twice")]
#[case::two_names("a{\"b\"} 1\n", "! line 1, column 1: two metric names")]
#[case::name_as_label("a{__name__=\"b\"} 1\n", "! line 1, column 1: two metric names")]
#[case::nameless("{a=\"x\"} 1\n", "! line 1, column 1: a series without a metric name")]
#[case::no_such_type("# TYPE a thing\na 1\n", "a 1\n! line 1: there is no type `thing`")]
#[case::duplicate(
    "a{b=\"x\",c=\"y\"} 1\na{c=\"y\",b=\"x\"} 2\n",
    "a{b=\"x\", c=\"y\"} 1\n! line 2: `a{b=\"x\", c=\"y\"}` came before; the first counts"
)]
#[case::duplicate_text("a 1\nb 1\na 2\n", "a 1\nb 1\n! line 3: `a` came before; the first counts")]
#[case::multibyte_garbage(
    "b 0\né 1\na{é=\"x\"} 1\na é\n",
    "b 0\n! line 2, column 1: expected a metric name, found `é 1`\n! line 3, column 3: expected a label name, found `é=\"x\"} 1`\n! line 4, column 3: expected a number, found `é`"
)]
fn text_refuses_the_line_and_keeps_the_rest(#[case] body: &str, #[case] expected: &str) {
    let nothing = expected.starts_with('!');
    let expected = match expected.strip_prefix("! ") {
        Some(problem) if nothing => format!("no line of the answer is a metric (1 refused); {problem}"),
        _ => expected.to_owned(),
    };
    check(body, Format::Text, &expected);
}

#[rstest]
#[case::nothing("# EOF\n", "")]
#[case::no_line_feed_after_the_end("a 1\n# EOF", "a 1")]
#[case::timestamps("a 1 1520879607.789\n# EOF\n", "a 1 @1520879607789")]
#[case::unit(
    "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds x \\\"y\\\"\na_seconds 1\n# EOF\n",
    "a_seconds 1\na_seconds: gauge \"x \\\"y\\\"\" \"seconds\""
)]
#[case::types(
    "# TYPE a info\n# TYPE b stateset\n# TYPE c gaugehistogram\n# TYPE d unknown\n# EOF\n",
    "a: info \"\" \"\"\nb: stateset \"\" \"\"\nc: gaugehistogram \"\" \"\"\nd: unknown \"\" \"\""
)]
#[case::exemplars(
    "a_total{b=\"#}\"} 5 # {trace_id=\"x} # \"} 0.5 1.5\nc_total 1 2 # {} 3\nd_total 1 # {a=\"b\"} 3\n# EOF\n",
    "a_total{b=\"#}\"} 5\nc_total 1 @2000\nd_total 1
     exemplar of a_total{b=\"#}\"}: {trace_id=\"x} # \"} 0.5 @1500
     exemplar of c_total: {} 3 @2000\nexemplar of d_total: {a=\"b\"} 3 @1000000"
)]
#[case::created_of_a_counter(
    "# TYPE a counter\na_total{b=\"x\"} 1\na_created{b=\"x\"} 1.5\na_total{b=\"y\"} 1\na_created{b=\"y\"} 2.5\n# EOF\n",
    "a_total{b=\"x\"} 1\na_total{b=\"y\"} 1\na: counter \"\" \"\"\na_total{b=\"x\"} since 1500\na_total{b=\"y\"} since 2500"
)]
#[case::created_of_a_histogram(
    "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nh_created 9\n# EOF\n",
    "h_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nh: histogram \"\" \"\"
     h_count since 9000\nh_sum since 9000\nh_bucket{le=\"+Inf\"} since 9000\nh_bucket{le=\"1.0\"} since 9000"
)]
#[case::created_of_a_summary(
    "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\ns_created 9\n# EOF\n",
    "s{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\ns: summary \"\" \"\"\ns_count since 9000\ns_sum since 9000"
)]
#[case::created_of_a_quoted_family(
    "# TYPE \"a.b\" counter\n{\"a.b_total\"} 1\n{\"a.b_created\"} 1.5\n# EOF\n",
    "a.b_total 1\na.b: counter \"\" \"\"\na.b_total since 1500"
)]
#[case::created_of_what_has_none("# TYPE g gauge\ng_created 9\n# EOF\n", "g_created 9\ng: gauge \"\" \"\"")]
#[case::created_without_its_series(
    "# TYPE a counter\na_created 9\n# EOF\n",
    "a_created 9\na: counter \"\" \"\""
)]
fn open_metrics_reads(#[case] body: &str, #[case] expected: &str) {
    check(body, Format::OpenMetrics, expected);
}

#[rstest]
#[case::no_end("a 1\n", "a 1\n! line 1: the answer ends without `# EOF`")]
#[case::half(
    "a 1\nb 1",
    "a 1\n! line 2: the answer ends in the middle of this line\n! line 2: the answer ends without `# EOF`"
)]
#[case::more("a 1\n# EOF\nb 2\n", "a 1\n! line 2: something follows `# EOF`")]
#[case::empty("", "no line of the answer is a metric (1 refused); line 1: the answer ends without `# EOF`")]
#[case::bad_exemplar("a 1 # x\n# EOF\n", "a 1\n! line 1: expected the labels of an exemplar, found `x`")]
#[case::exemplar_without_value(
    "a 1 # {}\n# EOF\n",
    "a 1\n! line 1: expected a value, found the end of the line"
)]
#[case::nameless_label("a 1 # {\"x\"} 1\n# EOF\n", "a 1\n! line 1: a label of an exemplar without a value")]
#[case::bad_created(
    "# TYPE a counter\na_total 1\na_created NaN\n# EOF\n",
    "a_total 1\na: counter \"\" \"\"\n! line 3: NaN is no time since when something counts"
)]
fn open_metrics_refuses_and_keeps_the_rest(#[case] body: &str, #[case] expected: &str) {
    check(body, Format::OpenMetrics, expected);
}

#[test]
fn an_exemplar_longer_than_open_metrics_allows_is_refused_and_its_sample_kept() {
    let body = format!("a 1 # {{b=\"{}\"}} 1\n# EOF\n", "ü".repeat(128));
    let scraped = scrape(&body, Format::OpenMetrics, &mut SeriesCache::new(10));
    assert_eq!((scraped.parsed.samples.len(), scraped.parsed.exemplars.len()), (1, 0));
    assert_eq!(scraped.parsed.refused.counts(), [(Reason::InvalidExemplar, 1)]);
}

#[test]
fn a_last_line_without_line_feed_counts_where_the_length_was_known() {
    assert_eq!(outcome(b"a 1\nb 2", Format::Text, BodyEnd::Known), "a 1\nb 2\n");
}

#[test]
fn only_ten_problems_are_kept_in_words_but_all_are_counted() {
    let body = "?\n".repeat(25) + "a 1\n";
    let scraped = scrape(&body, Format::Text, &mut SeriesCache::new(10));
    let refused = &scraped.parsed.refused;
    assert_eq!((refused.problems().len(), refused.total()), (PROBLEMS_MAX, 25));
}

#[test]
fn an_exemplar_that_is_not_utf8_costs_no_sample_whether_its_series_is_known_or_not() {
    let body = b"a_total 1 # {b=\"\xff\"} 1\n# EOF\n";
    let mut cache = SeriesCache::new(10);
    for _ in 0..2 {
        let parsed = read(body, &options(Format::OpenMetrics), &mut cache, keep).unwrap().parsed;
        assert_eq!((parsed.samples.len(), parsed.exemplars.len()), (1, 0));
        assert_eq!(parsed.refused.problems(), ["line 1: not UTF-8"]);
    }
}

#[test]
fn a_line_that_is_not_utf8_is_refused_alone() {
    let shown = outcome(b"a 1\nb{c=\"\xff\"} 1\nd 1\n", Format::Text, BodyEnd::Known);
    assert_eq!(shown, "a 1\nd 1\n! line 2: not UTF-8\n");
}

#[test]
fn problems_stay_short_however_long_the_line_is() {
    let shown = outcome(format!("a {}\n", "x".repeat(100_000)).as_bytes(), Format::Text, BodyEnd::Known);
    assert!(shown.len() < 200, "{shown}");
}

#[test]
fn a_line_with_labels_without_end_is_refused() {
    let labels: String = (0..=cursor::LABELS_MAX).map(|i| format!("l{i}=\"x\",")).collect();
    let shown = outcome(format!("a{{{labels}}} 1\nb 2\n").as_bytes(), Format::Text, BodyEnd::Known);
    assert_eq!(shown.lines().last(), Some("! line 1, column 2196: more than 256 labels"), "{shown}");
}

#[test]
fn a_series_of_a_megabyte_is_refused_and_not_remembered() {
    let mut cache = SeriesCache::new(10);
    let body = format!("a{{b=\"{}\"}} 1\nb 2\n", "x".repeat(1 << 20));
    let scraped = scrape(&body, Format::Text, &mut cache);
    assert_eq!(show(&scraped.parsed), "b 2\n! line 1, column 1: a series of more than 65536 bytes\n");
    assert_eq!(cache.len(), 1);
}

#[test]
fn series_that_come_and_go_are_told() {
    let mut cache = SeriesCache::new(10);
    let told = |scraped: &Scraped| format!("new {:?} gone {:?}", scraped.new, scraped.gone);
    let mut next = |body: &str| told(&scrape(body, Format::Text, &mut cache));
    assert_eq!(next("a 1\nb 1\n"), "new [a, b] gone []");
    assert_eq!(next("c 1\nb 2\n"), "new [c] gone [a]");
    assert_eq!(next("b 2\nc 1\n"), "new [] gone []");
    assert_eq!(next("b 2 5\nc 1\n"), "new [] gone []");
    assert_eq!(next(""), "new [] gone [c]");
    assert_eq!(next("a 1\n"), "new [a] gone []");
    assert_eq!(cache.clear(), [Labels::from_pairs([(METRIC_NAME, "a")])]);
    assert!(cache.is_empty());
}

#[test]
fn a_series_that_changes_how_it_is_written_is_neither_new_nor_gone() {
    let mut cache = SeriesCache::new(10);
    scrape("a{b=\"x\",c=\"y\"} 1\n", Format::Text, &mut cache);
    for body in ["a{c=\"y\",b=\"x\"} 2\n", "a{c=\"y\",b=\"x\"} 3\n", "a{b=\"x\",c=\"y\"} 4\n"] {
        let scraped = scrape(body, Format::Text, &mut cache);
        assert_eq!((scraped.parsed.samples.len(), scraped.new, scraped.gone), (1, vec![], vec![]));
    }
    assert_eq!(cache.len(), 1);
}

#[test]
fn what_relabelling_drops_is_remembered_as_dropped() {
    let mut cache = SeriesCache::new(10);
    let mut asked = 0;
    for _ in 0..3 {
        let make = |labels: &ParsedLabels<'_>| {
            asked += 1;
            keep(labels).filter(|_| labels.name() != "b")
        };
        let scraped = read(b"a 1\nb 2\n", &options(Format::Text), &mut cache, make).unwrap();
        assert_eq!((show(&scraped.parsed), scraped.dropped), ("a 1\n".to_owned(), 1));
    }
    assert_eq!(asked, 2);
}

#[test]
fn two_lines_that_relabelling_makes_one_series_are_duplicates() {
    let make = |_: &ParsedLabels<'_>| Some(Labels::from_pairs([(METRIC_NAME, "one")]));
    let scraped = read(b"a 1\nb 2\n", &options(Format::Text), &mut SeriesCache::new(10), make).unwrap();
    assert_eq!(show(&scraped.parsed), "one 1\n! line 2: `one` came before; the first counts\n");
}

#[test]
fn more_series_than_the_limit_are_refused_and_room_comes_back() {
    let mut cache = SeriesCache::new(2);
    let scraped = scrape("a 1\nb 1\nc 1\nd 1\n", Format::Text, &mut cache);
    assert_eq!(scraped.parsed.refused.counts(), [(Reason::SeriesLimit, 2)]);
    assert_eq!(scrape("a 1\n", Format::Text, &mut cache).parsed.samples.len(), 1);
    assert_eq!(scrape("a 1\nd 1\n", Format::Text, &mut cache).parsed.samples.len(), 2);
}

#[test]
fn metadata_and_created_timestamps_are_told_when_they_change() {
    let mut cache = SeriesCache::new(10);
    let mut next = |body: &str| {
        let scraped = scrape(body, Format::OpenMetrics, &mut cache).parsed;
        (scraped.metadata.len(), scraped.created.len())
    };
    let body = "# TYPE a counter\na_total 1\na_created 5\n# EOF\n";
    assert_eq!(next(body), (1, 1));
    assert_eq!(next(body), (0, 0));
    assert_eq!(next("# TYPE a counter\na_total 1\na_created 6\n# EOF\n"), (0, 1));
    assert_eq!(next("# TYPE a counter\n# HELP a b\na_total 1\na_created 6\n# EOF\n"), (1, 0));
    assert_eq!(next("# TYPE a counter\na_total 1\na_created 6\n# EOF\n"), (0, 0));
    assert_eq!(next("# EOF\n"), (0, 0));
    assert_eq!(next(body), (1, 1));
}

#[test]
fn an_answer_that_is_no_metrics_leaves_the_cache_as_it_was() {
    let mut cache = SeriesCache::new(10);
    scrape("a 1\n", Format::Text, &mut cache);
    read(b"<html>\n</html>\n", &options(Format::Text), &mut cache, keep).unwrap_err();
    let scraped = scrape("a 2\n", Format::Text, &mut cache);
    assert_eq!((scraped.new, scraped.gone), (vec![], vec![]));
}

#[test]
fn own_times_count_only_where_they_are_honoured() {
    let options = Options { honor_timestamps: false, ..options(Format::Text) };
    let scraped = read(b"a 1 5\n", &options, &mut SeriesCache::new(10), keep).unwrap();
    assert_eq!(show(&scraped.parsed), "a 1\n");
}

#[test]
fn content_types_name_their_format() {
    let of = Format::of_content_type;
    assert_eq!(of("application/openmetrics-text; version=1.0.0; charset=utf-8"), Format::OpenMetrics);
    assert_eq!(of("text/plain; version=0.0.4"), Format::Text);
    assert_eq!(of(""), Format::Text);
}

/// Writes samples so that they must be read as they were.
fn format(samples: &[(Labels, Sample)]) -> String {
    let quote = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let mut body = String::new();
    for (labels, sample) in samples {
        body.push_str(&format!("{{\"{}\"", quote(labels.metric_name().unwrap())));
        for (name, value) in labels.without_name().iter() {
            body.push_str(&format!(",\"{}\"=\"{}\"", quote(name), quote(value)));
        }
        body.push_str(&format!("}} {:?} {}\n", sample.value, sample.at.as_millis()));
    }
    body
}

fn any_sample() -> impl Strategy<Value = (Labels, Sample)> {
    let pairs = proptest::collection::btree_map("[^_\r].{0,6}|a\n\"\\\\", ".{1,12}", 0..5);
    let value = prop_oneof![any::<f64>(), any::<u32>().prop_map(f64::from)];
    (".{1,10}", pairs, value, any::<i64>()).prop_map(|(name, pairs, value, at)| {
        (Labels::from_pairs(pairs).with(METRIC_NAME, &name), Sample { at: Timestamp::from_millis(at), value })
    })
}

proptest! {
    #[test]
    fn never_panics_on_bytes(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Text, Format::OpenMetrics] {
            let _ = read(&body, &options(format), &mut SeriesCache::new(10), keep);
        }
    }

    /// The quick way by the cache and the exact way agree, whatever came before.
    #[test]
    fn a_cache_changes_nothing(
        before in "([ab]([{ ][ab=\"}# ]{0,9})? [0-9# {}\n]{0,4}\n){0,6}",
        body in "([ab]([{ ][ab=\"}# ]{0,9})? [0-9# {}\n]{0,4}\n){0,6}",
    ) {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut cache = SeriesCache::new(100);
            let _ = read(before.as_bytes(), &options(format), &mut cache, keep);
            let warm = read(body.as_bytes(), &options(format), &mut cache, keep).map(|s| show_samples(&s.parsed));
            let cold = read(body.as_bytes(), &options(format), &mut SeriesCache::new(100), keep).map(|s| show_samples(&s.parsed));
            prop_assert_eq!(warm, cold);
        }
    }

    #[test]
    fn gives_back_what_was_written(samples in proptest::collection::vec(any_sample(), 0..8)) {
        let scraped = scrape(&format(&samples), Format::Text, &mut SeriesCache::new(10)).parsed;
        prop_assert_eq!(scraped.refused.problems(), Vec::<String>::new());
        prop_assert_eq!(scraped.samples.len(), samples.len());
        for (read, written) in scraped.samples.iter().zip(&samples) {
            let same = read.1.value == written.1.value || (read.1.value.is_nan() && written.1.value.is_nan());
            prop_assert!(read.0 == written.0 && read.1.at == written.1.at && same, "{:?} is not {:?}", read, written);
        }
    }
}
