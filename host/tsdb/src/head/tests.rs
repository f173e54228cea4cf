//! The head through its own entry: what it takes, what it refuses and why, what leaves it, and what it tells.

mod model;
mod search;

use ballast_types::series::stale_nan;
use ballast_types::{Found, Matcher, QueryError, Selection, Want};
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
