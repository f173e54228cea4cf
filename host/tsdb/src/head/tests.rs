//! The head through its own entry, against a plain list of samples by series.

use std::collections::BTreeMap;

use ballast_types::series::stale_nan;
use ballast_types::{Found, MatchOp, Matcher, QueryError, Selection, Want, WindowSummary};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };

fn options() -> HeadOptions {
    HeadOptions {
        series_max: 1000,
        labels_max: 10,
        label_bytes_max: 1000,
        chunk_samples: 12,
        out_of_order_ms: 0,
    }
}

fn head(options: HeadOptions) -> Head {
    Head::new(options, Interner::default())
}

fn ms(at: i64) -> Timestamp {
    Timestamp::from_millis(at)
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange { start: ms(start), end: ms(end) }
}

fn sample(at: i64, value: f64) -> Sample {
    Sample { at: ms(at), value }
}

fn labels(name: &str) -> Labels {
    Labels::from_pairs([("__name__", "m"), ("series", name)])
}

fn append(head: &mut Head, labels: &Labels, sample: Sample) -> Verdict {
    let verdict = head.reserve(labels, sample);
    if let Verdict::Append { id, .. } = verdict {
        head.apply(id, sample);
    }
    verdict
}

fn samples_of(head: &Head, labels: &Labels) -> Vec<(i64, u64)> {
    let mut samples = Vec::new();
    for id in head.matching(&[Matcher::equal("series", labels.get("series").unwrap())]) {
        head.samples_of(id, ALL_TIME, &mut samples);
    }
    samples.iter().map(|s| (s.at.as_millis(), s.value.to_bits())).collect()
}

/// Lets go of what a block has now.
fn move_before(head: &mut Head, end: i64) {
    for id in head.ids() {
        let first = head.series(id).and_then(HeadSeries::first_at).filter(|first| *first < ms(end));
        if let Some(start) = first {
            let last = head.series(id).unwrap().latest_in(TimeRange { start, end: ms(end - 1) }).unwrap();
            head.move_to_disk(id, TimeRange { start, end: last.at }, ms(end));
        }
    }
    head.raise_floor(ms(end));
}

fn refused(verdict: Verdict) -> Option<Refused> {
    match verdict {
        Verdict::Refused(reason) => Some(reason),
        _ => None,
    }
}

#[rstest]
#[case::the_very_same(100, 1.0, None)]
#[case::another_value(100, 2.0, Some(Refused::Duplicate))]
#[case::an_old_one_again(90, 1.0, None)]
#[case::an_old_one_with_another_value(90, 2.0, Some(Refused::Duplicate))]
#[case::just_within(50, 1.0, None)]
#[case::just_beyond(49, 1.0, Some(Refused::TooOld))]
#[case::before_the_floor(5, 1.0, Some(Refused::TooOld))]
fn late_samples_are_taken_within_their_window(
    #[case] at: i64,
    #[case] value: f64,
    #[case] reason: Option<Refused>,
) {
    let mut head = head(HeadOptions { out_of_order_ms: 50, ..options() });
    head.raise_floor(ms(10));
    append(&mut head, &labels("a"), sample(90, 1.0));
    append(&mut head, &labels("a"), sample(100, 1.0));
    assert_eq!(refused(append(&mut head, &labels("a"), sample(at, value))), reason);
}

#[test]
fn without_a_window_what_is_older_is_out_of_order() {
    let mut head = head(options());
    append(&mut head, &labels("a"), sample(100, 1.0));
    assert_eq!(refused(append(&mut head, &labels("a"), sample(99, 1.0))), Some(Refused::OutOfOrder));
}

#[test]
fn late_duplicates_of_one_batch_are_told_apart() {
    let mut head = head(HeadOptions { out_of_order_ms: 50, ..options() });
    append(&mut head, &labels("a"), sample(100, 1.0));
    let first = head.reserve(&labels("a"), sample(80, 1.0));
    assert!(matches!(first, Verdict::Append { is_new: false, .. }));
    assert_eq!(head.reserve(&labels("a"), sample(80, 1.0)), Verdict::Repeated);
    assert_eq!(refused(head.reserve(&labels("a"), sample(80, 2.0))), Some(Refused::Duplicate));
    head.release();
    assert_eq!(head.reserve(&labels("a"), sample(80, 2.0)), first);
}

#[test]
fn a_created_zero_goes_only_where_nothing_is_at_or_after_it() {
    let mut head = head(HeadOptions { out_of_order_ms: 1000, ..options() });
    let (id, zero) = head.reserve_created(&labels("a"), ms(10)).unwrap();
    head.apply(id, zero);
    assert_eq!(head.reserve_created(&labels("a"), ms(10)), None);
    append(&mut head, &labels("a"), sample(20, 5.0));
    assert_eq!(head.reserve_created(&labels("a"), ms(15)), None);
    assert!(head.reserve_created(&labels("a"), ms(21)).is_some());
    assert_eq!(samples_of(&head, &labels("a")), [(10, 0), (20, 5.0f64.to_bits())]);
}

#[test]
fn limits_count_series_in_memory_and_bound_labels() {
    let mut head = head(HeadOptions { series_max: 2, labels_max: 2, label_bytes_max: 20, ..options() });
    head.register(&labels("disk"), range(0, 10)).unwrap();
    append(&mut head, &labels("a"), sample(20, 1.0));
    append(&mut head, &labels("b"), sample(20, 1.0));
    assert_eq!(refused(append(&mut head, &labels("c"), sample(20, 1.0))), Some(Refused::SeriesLimit));
    assert_eq!(refused(append(&mut head, &labels("disk"), sample(20, 1.0))), Some(Refused::SeriesLimit));
    assert_eq!(
        refused(append(&mut head, &labels("much too long"), sample(20, 1.0))),
        Some(Refused::LabelLimit)
    );
    let many = labels("a").with("more", "x");
    assert_eq!(refused(append(&mut head, &many, sample(20, 1.0))), Some(Refused::LabelLimit));
    assert_eq!(head.len(), 2);
    head.forget_before(ms(21));
    assert_eq!(head.len(), 0);
    assert!(matches!(append(&mut head, &labels("c"), sample(30, 1.0)), Verdict::Append { is_new: true, .. }));
}

#[test]
fn what_moves_to_disk_leaves_the_head_and_its_series_stay() {
    let mut head = head(options());
    for at in 0..100 {
        append(&mut head, &labels("a"), sample(at, at as f64));
        append(&mut head, &labels("b"), sample(at / 2, 1.0));
    }
    move_before(&mut head, 55);
    assert_eq!((head.len(), head.floor(), head.newest()), (1, ms(55), Some(ms(99))));
    assert!(samples_of(&head, &labels("b")).is_empty());
    // A chunk that reaches over the instant may stay.
    let kept: Vec<i64> = samples_of(&head, &labels("a")).iter().map(|(at, _)| *at).collect();
    assert!(kept.starts_with(&(kept[0]..55).collect::<Vec<_>>()) && kept[0] > 55 - 12);
    assert!(kept.ends_with(&(55..100).collect::<Vec<_>>()));
    assert_eq!(head.find(&[], ALL_TIME), [labels("a"), labels("b")]);
    assert_eq!(head.find(&[], range(50, 54)), [labels("a")]);
    assert_eq!(refused(append(&mut head, &labels("b"), sample(54, 1.0))), Some(Refused::TooOld));
    head.forget_before(ms(50));
    assert_eq!(head.find(&[], ALL_TIME), [labels("a")]);
}

#[test]
fn one_budget_covers_all_selections_of_a_read() {
    let mut head = head(options());
    for at in 0..30 {
        append(&mut head, &labels("a"), sample(at, 1.0));
    }
    let selection = Selection { matchers: &[], range: ALL_TIME, want: Want::Samples };
    assert!(head.read(&[selection; 2], 60).is_ok());
    assert_eq!(head.read(&[selection; 2], 59), Err(QueryError::TooManySamples { limit: 59 }));
    let windows = vec![range(0, 10); 60];
    let many = Selection { want: Want::Windows(&windows), ..selection };
    assert!(head.read(&[many], 60).is_ok());
    assert!(head.read(&[many], 59).is_err());
}

#[test]
fn the_newest_of_a_range_may_be_a_marker_and_series_without_one_are_left_out() {
    let mut head = head(options());
    for at in 0..40 {
        append(&mut head, &labels("a"), sample(at, 1.0));
    }
    append(&mut head, &labels("a"), sample(40, stale_nan()));
    append(&mut head, &labels("b"), sample(5, 2.0));
    let latest = |start, end| {
        let selection = Selection { matchers: &[], range: range(start, end), want: Want::Latest };
        let found = head.read(&[selection], 10).unwrap();
        let [Found::Samples(found)] = found.as_slice() else { panic!("samples were asked for") };
        found.iter().map(|s| (s.samples[0].at.as_millis(), s.samples[0].value.to_bits())).collect::<Vec<_>>()
    };
    assert_eq!(latest(6, 100), [(40, stale_nan().to_bits())]);
    assert_eq!(latest(0, 17), [(17, 1.0f64.to_bits()), (5, 2.0f64.to_bits())]);
    assert_eq!(latest(41, 100), []);
}

#[test]
fn statistics_name_the_largest_first() {
    let mut head = head(options());
    for (name, zone) in [("a", "x"), ("b", "x"), ("c", "yyyyyyyyyy")] {
        append(&mut head, &labels(name).with("zone", zone), sample(7, 1.0));
    }
    let found = head.statistics(1);
    assert_eq!((found.series, found.chunks, found.label_pairs), (3, 3, 6));
    assert_eq!((found.oldest, found.newest), (Some(ms(7)), Some(ms(7))));
    assert_eq!(found.series_by_metric, [("m".into(), 3)]);
    assert_eq!(found.values_by_label, [("series".into(), 3)]);
    assert_eq!(found.bytes_by_label, [("zone".into(), 11)]);
    assert_eq!(found.series_by_pair, [("__name__=m".to_owned(), 3)]);
}

/// What happens to a head, for a model to follow.
#[derive(Clone, Debug)]
enum Step {
    Append(u8, i64, f64),
    Forget(i64),
    Move(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        8 => (-5i32..40).prop_map(f64::from),
        1 => Just(stale_nan()),
        1 => prop::sample::select(vec![0.25, 1e9, f64::NAN, f64::INFINITY, -0.0]),
    ];
    prop_oneof![
        200 => (0u8..3, -30i64..12, value).prop_map(|(series, at, value)| Step::Append(series, at, value)),
        1 => (0i64..600).prop_map(Step::Forget),
        1 => (0i64..600).prop_map(Step::Move),
    ]
}

type Model = BTreeMap<u8, BTreeMap<i64, f64>>;

/// Times are steps from the newest, so that most samples are in order.
fn run(steps: &[Step]) -> (Head, Model) {
    let mut head = head(HeadOptions { out_of_order_ms: 20, ..options() });
    let (mut model, mut newest) = (Model::new(), BTreeMap::<u8, i64>::new());
    for step in steps {
        match *step {
            Step::Append(series, at, value) => {
                let at = newest.get(&series).copied().unwrap_or(40) + at;
                if let Verdict::Append { .. } =
                    append(&mut head, &labels(&series.to_string()), sample(at, value))
                {
                    assert_eq!(model.entry(series).or_default().insert(at, value), None);
                    let newest = newest.entry(series).or_insert(at);
                    *newest = (*newest).max(at);
                }
            }
            Step::Forget(at) => {
                head.forget_before(ms(at));
                model.values_mut().for_each(|samples| *samples = samples.split_off(&at));
            }
            Step::Move(at) => {
                move_before(&mut head, at);
                head.forget_before(ms(at));
                model.values_mut().for_each(|samples| *samples = samples.split_off(&at));
            }
        }
    }
    model.retain(|_, samples| !samples.is_empty());
    (head, model)
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= 1e-12 * scale
}

fn assert_alike(found: Option<WindowSummary>, samples: &[Sample]) {
    let expected = WindowSummary::of(samples);
    let scale: f64 = samples.iter().map(|s| s.value.abs()).filter(|v| v.is_finite()).sum();
    match (found, expected) {
        (Some(a), Some(b)) => {
            assert_eq!((a.count, a.resets, a.changes), (b.count, b.resets, b.changes));
            assert_eq!((a.first.at, a.last.at), (b.first.at, b.last.at));
            let exact = [(a.first.value, b.first.value), (a.last.value, b.last.value)];
            assert!(exact.iter().all(|(a, b)| a.to_bits() == b.to_bits()));
            let extremes = [(a.min, b.min), (a.max, b.max)];
            assert!(extremes.iter().all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
            assert!(close(a.total(), b.total(), scale), "{a:?} {b:?}");
            assert!(close(a.increase(), b.increase(), scale), "{a:?} {b:?}");
        }
        (a, b) => assert_eq!(a, b),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_head_holds_what_it_accepted(steps in prop::collection::vec(step(), 0..600)) {
        let (head, model) = run(&steps);
        prop_assert_eq!(head.len(), model.len());
        prop_assert_eq!(head.sample_count(), model.values().map(BTreeMap::len).sum::<usize>());
        for (series, samples) in &model {
            let expected: Vec<(i64, u64)> = samples.iter().map(|(at, value)| (*at, value.to_bits())).collect();
            prop_assert_eq!(samples_of(&head, &labels(&series.to_string())), expected);
        }
    }

    #[test]
    fn windows_come_to_what_their_samples_come_to(
        steps in prop::collection::vec(step(), 0..600),
        windows in prop::collection::vec((-50i64..900, 0i64..700), 1..20),
        rising in any::<bool>(),
    ) {
        let (head, model) = run(&steps);
        let mut windows: Vec<TimeRange> = windows.iter().map(|(at, length)| range(*at, at + length)).collect();
        if rising {
            windows = (0..20).map(|i| range(windows[0].start.as_millis() + i, windows[0].end.as_millis() + 2 * i)).collect();
        }
        let selection = Selection { matchers: &[], range: ALL_TIME, want: Want::Windows(&windows) };
        let found = head.read(&[selection], 100_000).unwrap();
        let [Found::Windows(found)] = found.as_slice() else { panic!("windows were asked for") };
        prop_assert_eq!(found.len(), model.len());
        for (series, samples) in found.iter().zip(model.values()) {
            let all: Vec<Sample> = samples.iter().map(|(at, value)| sample(*at, *value)).collect();
            let id = head.matching(&[Matcher::equal("series", series.labels.get("series").unwrap())])[0];
            for (window, found) in windows.iter().zip(&series.windows) {
                let within: Vec<Sample> = all.iter().copied().filter(|s| window.contains(s.at)).collect();
                assert_alike(*found, &within);
                assert_alike(head.series(id).unwrap().window_of(*window), &within);
                let latest = head.series(id).unwrap().latest_in(*window).map(|s| (s.at, s.value.to_bits()));
                prop_assert_eq!(latest, within.last().map(|s| (s.at, s.value.to_bits())));
            }
        }
    }

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
        let values: std::collections::BTreeSet<&str> = expected.iter().filter_map(|labels| labels.get("two")).collect();
        let listed = head.label_values("two", &selectors, ALL_TIME);
        prop_assert_eq!(listed.iter().map(|value| &**value).collect::<Vec<_>>(), values.into_iter().collect::<Vec<_>>());
        let names: std::collections::BTreeSet<&str> = expected.iter().flat_map(|labels| labels.iter()).map(|(name, _)| name).collect();
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
