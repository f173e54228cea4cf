//! The store through its one entry: what is appended is read, survives reopening and damage, and is forgotten when told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use ballast_tsdb::{OpenReport, Options, SeriesDb, TsdbError};
use ballast_types::ingest::Refused;
use ballast_types::series::stale_nan;
use ballast_types::{Interner, Labels, MatchOp, Matcher, Queryable, Sample, Series, TimeRange, Timestamp};
use proptest::prelude::*;

const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };

fn labels(series: u8) -> Labels {
    Labels::from_pairs([("__name__", "m".to_owned()), ("series", series.to_string())])
}

fn sample(at: i64, value: f64) -> Sample {
    Sample { at: Timestamp::from_millis(at), value }
}

fn all(db: &SeriesDb) -> Vec<Series> {
    db.select(&[], ALL_TIME).unwrap()
}

fn samples(db: &SeriesDb) -> usize {
    all(db).iter().map(|series| series.samples.len()).sum()
}

fn open(folder: &Path) -> (SeriesDb, OpenReport) {
    SeriesDb::open(folder, Options { chunk_samples: 4, ..Options::default() }, Interner::default()).unwrap()
}

/// The segments that hold something, oldest first.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "seg") && fs::metadata(f).unwrap().len() > 0);
    files.sort();
    files
}

#[test]
fn late_repeated_and_excess_samples_are_counted() {
    let db = SeriesDb::in_memory(Options { series_max: 2, ..Options::default() }, Interner::default());
    let batch = [
        (labels(1), sample(10, 1.0)),
        (labels(1), sample(10, 1.0)),
        (labels(1), sample(10, 2.0)),
        (labels(1), sample(9, 1.0)),
        (labels(2), sample(5, f64::NAN)),
        (labels(2), sample(5, f64::NAN)),
        (labels(3), sample(5, 1.0)),
    ];
    let appended = db.append(&batch).unwrap();
    let refused = |reason| appended.refused(reason);
    assert_eq!((appended.kept, appended.series_added, appended.refused_total()), (4, 2, 3));
    assert_eq!((refused(Refused::Duplicate), refused(Refused::OutOfOrder)), (1, 1));
    assert_eq!((refused(Refused::SeriesLimit), db.series_count(), samples(&db)), (1, 2, 2));
    let huge = Labels::from_pairs([("huge", "x".repeat(70_000))]);
    assert_eq!(db.append(&[(huge, sample(1, 1.0))]).unwrap().refused(Refused::LabelLimit), 1);
}

#[test]
fn matchers_narrow_what_is_read() {
    let db = SeriesDb::in_memory(Options { chunk_samples: 3, ..Options::default() }, Interner::default());
    for at in 0..10 {
        db.append(&[
            (labels(1), sample(at, 1.0)),
            (labels(2), sample(at, 2.0)),
            (labels(30), sample(at, 3.0)),
        ])
        .unwrap();
    }
    let count = |op, value: &str| {
        let matcher = Matcher::new("series", op, value).unwrap();
        db.select(&[matcher], ALL_TIME).unwrap().len()
    };
    assert_eq!(count(MatchOp::Equal, "1"), 1);
    assert_eq!(count(MatchOp::NotEqual, "1"), 2);
    assert_eq!(count(MatchOp::Regex, "1|3.*"), 2);
    assert_eq!(count(MatchOp::NotRegex, "1|3.*"), 1);
    assert_eq!(count(MatchOp::Equal, ""), 0);
    let absent = Matcher::equal("absent", "");
    let range = TimeRange { start: Timestamp::from_millis(2), end: Timestamp::from_millis(7) };
    let found = db.select(&[absent, Matcher::equal("series", "2")], range).unwrap();
    let times: Vec<i64> = found[0].samples.iter().map(|s| s.at.as_millis()).collect();
    assert_eq!(times, [2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_read_beyond_the_limit_is_refused() {
    let db =
        SeriesDb::in_memory(Options { samples_per_read_max: 3, ..Options::default() }, Interner::default());
    for at in 0..4 {
        db.append(&[(labels(1), sample(at, 0.0))]).unwrap();
    }
    assert!(db.select(&[], ALL_TIME).is_err());
    assert_eq!(
        db.select(&[], TimeRange { start: Timestamp::from_millis(1), end: Timestamp::MAX }).unwrap().len(),
        1
    );
}

#[test]
fn a_folder_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    assert!(matches!(
        SeriesDb::open(folder.path(), Options::default(), Interner::default()),
        Err(TsdbError::Locked(_))
    ));
    drop(first);
    open(folder.path());
}

#[test]
fn staleness_markers_survive_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    db.append(&[(labels(1), sample(1, stale_nan())), (labels(2), sample(1, f64::NAN))]).unwrap();
    db.flush().unwrap();
    drop(db);
    let (db, report) = open(folder.path());
    let bits: Vec<u64> = all(&db).iter().map(|series| series.samples[0].value.to_bits()).collect();
    assert_eq!(bits, [stale_nan().to_bits(), f64::NAN.to_bits()]);
    assert_eq!(report, OpenReport { records: 3, samples: 2, ..OpenReport::default() });
}

#[test]
fn forgotten_samples_stay_forgotten_and_their_segments_go() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes_max: 200, ..Options::default() };
    let (db, _) = SeriesDb::open(folder.path(), options.clone(), Interner::default()).unwrap();
    for at in 0..100 {
        db.append(&[
            (labels(1), sample(at, at as f64)),
            (labels(if at < 50 { 2 } else { 3 }), sample(at, 0.0)),
        ])
        .unwrap();
    }
    let before = segments(folder.path()).len();
    db.forget_before(Timestamp::from_millis(90)).unwrap();
    assert_eq!((db.series_count(), samples(&db)), (2, 20));
    assert!(segments(folder.path()).len() < before / 2);
    let kept = all(&db);
    drop(db);
    let (db, _) = SeriesDb::open(folder.path(), options, Interner::default()).unwrap();
    assert_eq!(all(&db), kept);
    assert_eq!(db.select(&[Matcher::equal("series", "2")], ALL_TIME).unwrap(), []);
}

#[test]
fn the_log_is_rewritten_before_it_grows_without_bound() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes_max: 100, ..Options::default() };
    for round in 0..40 {
        let (db, _) = SeriesDb::open(folder.path(), options.clone(), Interner::default()).unwrap();
        db.append(&[(labels(1), sample(round, 1.0))]).unwrap();
    }
    let (db, _) = SeriesDb::open(folder.path(), options.clone(), Interner::default()).unwrap();
    let kept = all(&db);
    db.forget_before(Timestamp::from_millis(0)).unwrap();
    // The checkpoint, and the segment that is written, which notes the horizon.
    assert_eq!(segments(folder.path()).len(), 2);
    db.append(&[(labels(1), sample(100, 1.0))]).unwrap();
    assert_eq!(all(&db)[0].samples.len(), kept[0].samples.len() + 1);
    drop(db);
    let (db, report) = SeriesDb::open(folder.path(), options, Interner::default()).unwrap();
    assert_eq!((all(&db)[0].samples.len(), report.damaged), (41, 0));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a race needs a second thread")]
fn a_batch_is_read_as_a_whole() {
    let db = SeriesDb::in_memory(Options::default(), Interner::default());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0..500 {
                db.append(&[(labels(1), sample(at, 0.0)), (labels(2), sample(at, 0.0))]).unwrap();
            }
        });
        for _ in 0..500 {
            let lengths: Vec<usize> = all(&db).iter().map(|series| series.samples.len()).collect();
            assert!(
                matches!(lengths.as_slice(), [] | [_, _]) && lengths.first() == lengths.last(),
                "{lengths:?}"
            );
        }
    });
}

/// Batches in rising time, one sample a millisecond.
fn batches() -> impl Strategy<Value = Vec<Vec<(Labels, Sample)>>> {
    let batch = prop::collection::vec((0u8..4, any::<i16>()), 1..5);
    prop::collection::vec(batch, 1..7).prop_map(|batches| {
        let mut at = 0;
        let mut one = |(series, value): (u8, i16)| {
            at += 1;
            (labels(series), sample(at, f64::from(value)))
        };
        batches.into_iter().map(|batch| batch.into_iter().map(&mut one).collect()).collect()
    })
}

fn written(folder: &Path, batches: &[Vec<(Labels, Sample)>]) -> Vec<Series> {
    let (db, _) = open(folder);
    for batch in batches {
        db.append(batch).unwrap();
    }
    db.flush().unwrap();
    all(&db)
}

/// What a store holds after these batches alone.
fn holding<'b>(batches: impl IntoIterator<Item = &'b Vec<(Labels, Sample)>>) -> Vec<Series> {
    let db = SeriesDb::in_memory(Options::default(), Interner::default());
    for batch in batches {
        db.append(batch).unwrap();
    }
    all(&db)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_flushed_is_there_after_reopening(first in batches(), reopenings in 1usize..4) {
        let folder = tempfile::tempdir().unwrap();
        let expected = written(folder.path(), &first);
        for _ in 0..reopenings {
            let (db, report) = open(folder.path());
            prop_assert_eq!(all(&db), expected.clone());
            prop_assert_eq!((report.damaged, report.orphaned), (0, 0));
        }
    }

    #[test]
    fn a_flipped_byte_costs_at_most_one_batch(batches in batches(), place in any::<prop::sample::Index>(), flip in 1u8..) {
        let folder = tempfile::tempdir().unwrap();
        let complete = written(folder.path(), &batches);
        let segment = segments(folder.path()).pop().unwrap();
        let mut bytes = fs::read(&segment).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        fs::write(&segment, &bytes).unwrap();
        let (db, report) = open(folder.path());
        let found = all(&db);
        prop_assert_eq!((report.damaged, report.orphaned), (1, 0));
        let without = |lost: usize| holding(batches.iter().enumerate().filter(|(i, _)| *i != lost).map(|(_, b)| b));
        prop_assert!(found == complete || (0..batches.len()).any(|lost| found == without(lost)));
    }
}

#[test]
fn cut_at_any_byte_a_prefix_of_the_batches_opens() {
    let batches = [
        vec![(labels(1), sample(1, 1.0)), (labels(2), sample(2, -1.5))],
        vec![(labels(1), sample(3, 2.0))],
        vec![(labels(3), sample(4, 7.25)), (labels(1), sample(5, 4.0))],
    ];
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &batches);
    let segment = segments(folder.path()).pop().unwrap();
    let bytes = fs::read(&segment).unwrap();
    let mut seen = Vec::new();
    for cut in 0..bytes.len() {
        fs::write(&segment, &bytes[..cut]).unwrap();
        let (db, report) = open(folder.path());
        let found = all(&db);
        let whole = (0..=batches.len()).find(|whole| found == holding(&batches[..*whole]));
        seen.push((whole.unwrap(), report.orphaned));
    }
    seen.dedup();
    assert_eq!(seen, [(0, 0), (1, 0), (2, 0), (3, 0)]);
}
