//! What comes with samples outlives a restart, and decoders survive whatever they are given.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::sync::Arc;

use ballast_tsdb::{Options, SeriesDb, fuzzing};
use ballast_types::ingest::{Exemplar, Metadata, MetricType};
use ballast_types::{Interner, Labels, Queryable, Sample, TimeRange, Timestamp};
use proptest::prelude::*;

const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };
const HOUR: i64 = 3_600_000;

fn labels() -> Labels {
    Labels::from_pairs([("__name__", "m"), ("job", "api")])
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn open(folder: &std::path::Path) -> SeriesDb {
    let options = Options { segment_bytes_max: 200, chunk_samples: 4, ..Options::default() };
    SeriesDb::open(folder, options, Interner::default()).unwrap().0
}

#[test]
fn exemplars_and_metadata_are_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    let trace = Labels::from_pairs([("trace_id", "abc")]);
    let exemplar = Exemplar { labels: trace, value: 0.5, at: at(7) };
    let counter = Metadata { kind: MetricType::Counter, help: "requests".into(), unit: "".into() };
    for _ in 0..3 {
        db.append_exemplars(&[(labels(), exemplar.clone())]).unwrap();
        db.note_metadata(&[(Arc::from("m"), counter.clone())]).unwrap();
    }
    drop(db);
    let db = open(folder.path());
    assert_eq!(db.exemplars(&[], ALL_TIME), [(labels(), vec![exemplar])]);
    for hour in 0..12 {
        db.append(&[(labels(), Sample { at: at(hour * HOUR), value: 1.0 })]).unwrap();
    }
    // The segment that the metadata was in goes; the metadata does not.
    db.forget_before(at(HOUR)).unwrap();
    db.forget_before(at(HOUR)).unwrap();
    assert_eq!(db.metadata(), open_again(db, folder.path()).metadata());
}

fn open_again(db: SeriesDb, folder: &std::path::Path) -> SeriesDb {
    assert_eq!(db.metadata().len(), 1);
    drop(db);
    open(folder)
}

#[test]
fn a_created_zero_comes_before_the_first_sample_and_only_there() {
    let db = SeriesDb::in_memory(Options::default(), Interner::default());
    db.append_created(&[(labels(), at(5 * HOUR))]).unwrap();
    db.append(&[(labels(), Sample { at: at(5 * HOUR + 10), value: 3.0 })]).unwrap();
    db.append_created(&[(labels(), at(5 * HOUR))]).unwrap();
    let long_past = Labels::from_pairs([("__name__", "old")]);
    db.append_created(&[(long_past, at(HOUR))]).unwrap();
    let found = db.select(&[], ALL_TIME).unwrap();
    assert_eq!(found.len(), 1);
    let samples: Vec<(i64, f64)> = found[0].samples.iter().map(|s| (s.at.as_millis(), s.value)).collect();
    assert_eq!(samples, [(5 * HOUR, 0.0), (5 * HOUR + 10, 3.0)]);
}

/// A segment and a block of a small store.
fn files() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    for ten_minutes in 0..30 {
        let sample = Sample { at: at(ten_minutes * HOUR / 6), value: ten_minutes as f64 * 0.1 };
        db.append(&[(labels(), sample)]).unwrap();
    }
    db.forget_before(at(0)).unwrap();
    let paths = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept = paths.filter(|path| path.extension().is_some_and(|e| e == "blk" || e == "seg"));
    kept.map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn decoders_survive_what_is_cut_flipped_and_joined() {
    let files = files();
    assert!(files.len() > 1);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let input = (any::<prop::sample::Index>(), damage, any::<prop::sample::Index>());
    let run =
        |(file, damage, cut): (prop::sample::Index, Vec<(prop::sample::Index, u8)>, prop::sample::Index)| {
            let mut bytes = file.get(&files).clone();
            for (place, value) in damage {
                let place = place.index(bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = value;
                }
            }
            bytes.truncate(cut.index(2 * bytes.len() + 1));
            fuzzing::block(&bytes);
            fuzzing::log(&bytes);
            fuzzing::chunk(&bytes);
            Ok(())
        };
    runner.run(&input, run).unwrap();
}
