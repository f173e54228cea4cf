//! The store's long memory: what moves to blocks is read as before, survives reopening, crashes and damage, and is forgotten
//! when told. Nothing is lost and nothing counts twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ballast_tsdb::{OpenReport, Options, SeriesDb, Upkept};
use ballast_types::ingest::Refused;
use ballast_types::series::stale_nan;
use ballast_types::{
    Found, Interner, Labels, Matcher, Queryable, Sample, Selection, Series, TimeRange, Timestamp, Want,
    WindowSummary,
};
use proptest::prelude::*;

const ALL_TIME: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn labels(series: u8) -> Labels {
    Labels::from_pairs([("__name__", "m".to_owned()), ("series", series.to_string())])
}

fn sample(at: i64, value: f64) -> Sample {
    Sample { at: Timestamp::from_millis(at), value }
}

fn options() -> Options {
    Options { chunk_samples: 4, segment_bytes_max: 300, ..Options::default() }
}

fn open(folder: &Path) -> (SeriesDb, OpenReport) {
    SeriesDb::open(folder, options(), Interner::default()).unwrap()
}

fn all(db: &SeriesDb) -> Vec<Series> {
    db.select(&[], ALL_TIME).unwrap()
}

fn bits(series: &[Series]) -> BTreeMap<(Labels, i64), u64> {
    let samples = series.iter().flat_map(|series| series.samples.iter().map(|s| (series.labels.clone(), *s)));
    samples.map(|(labels, s)| ((labels, s.at.as_millis()), s.value.to_bits())).collect()
}

/// Two series, a sample every ten minutes, for so many hours.
fn fill(db: &SeriesDb, hours: std::ops::Range<i64>) {
    for at in (hours.start * 6)..(hours.end * 6) {
        let batch = [
            (labels(1), sample(at * 10 * MINUTE, at as f64)),
            (
                labels(2),
                sample(at * 10 * MINUTE + 1, if at % 7 == 0 { stale_nan() } else { 0.5 * at as f64 }),
            ),
        ];
        assert_eq!(db.append(&batch).unwrap().refused_total(), 0);
    }
}

fn upkeep(db: &SeriesDb) -> Upkept {
    db.forget_before(Timestamp::from_millis(-HOUR)).unwrap()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == extension));
    files.sort();
    files
}

fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn full_windows_move_to_blocks_and_are_read_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..8);
    let before = all(&db);
    let segments = files(folder.path(), "seg").len();
    assert_eq!(upkeep(&db), Upkept { written: 3, ..Upkept::default() });
    assert_eq!(bits(&all(&db)), bits(&before));
    assert!(files(folder.path(), "seg").len() < segments / 2);
    assert_eq!(db.block_count(), 3);
    let late = db.append(&[(labels(3), sample(5 * HOUR, 1.0)), (labels(3), sample(6 * HOUR, 1.0))]).unwrap();
    assert_eq!((late.refused(Refused::TooOld), late.kept), (1, 1));
    let before = all(&db);
    db.flush().unwrap();
    drop(db);
    let (db, report) = open(folder.path());
    assert_eq!((report.damaged, report.orphaned, report.blocks), (0, 0, 3));
    assert_eq!(bits(&all(&db)), bits(&before));
}

#[test]
fn blocks_are_merged_and_go_with_time_and_with_size() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    for day in 0..9 {
        fill(&db, day * 24..(day + 1) * 24);
        upkeep(&db);
    }
    let before = all(&db);
    // Two of four days, one of twelve hours, and what is left of the last twelve.
    assert_eq!(db.block_count(), 2 + 1 + 5);
    assert_eq!(files(folder.path(), "blk").len(), 8);
    assert_eq!(before[0].samples.len(), 9 * 24 * 6);
    drop(db);
    let (db, _) = open(folder.path());
    assert_eq!(bits(&all(&db)), bits(&before));
    let done = db.forget_before(Timestamp::from_millis(97 * HOUR)).unwrap();
    assert_eq!(done, Upkept { too_old: 1, ..Upkept::default() });
    assert_eq!(all(&db)[0].samples[0], sample(97 * HOUR, 97.0 * 6.0));
    let too_old = db.append(&[(labels(9), sample(0, 1.0))]).unwrap();
    assert_eq!(too_old.refused(Refused::Timestamp), 1);
    let kept = all(&db);
    drop(db);
    let size = |path: &PathBuf| fs::metadata(path).unwrap().len();
    let bytes_max = files(folder.path(), "blk").iter().map(size).max().unwrap();
    let bounded = Options { bytes_max, ..options() };
    let (db, _) = SeriesDb::open(folder.path(), bounded, Interner::default()).unwrap();
    assert_eq!(bits(&all(&db)), bits(&kept));
    assert!(upkeep(&db).too_many_bytes > 0);
    assert!(db.disk_bytes() <= bytes_max && db.block_count() > 0);
    assert!(all(&db)[0].samples[0].at >= Timestamp::from_millis(192 * HOUR));
}

#[test]
fn a_series_that_ended_is_found_on_disk_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    db.append(&[(labels(7), sample(0, 7.0)), (labels(7), sample(MINUTE, stale_nan()))]).unwrap();
    fill(&db, 0..5);
    upkeep(&db);
    assert_eq!(db.series_count(), 2);
    for db in [db, open(&copy_of(folder.path()).keep()).0] {
        let found = db.find(&[vec![Matcher::equal("series", "7")]], ALL_TIME).unwrap();
        assert_eq!(found, [labels(7)]);
        assert_eq!(all(&db).len(), 3);
        db.forget_before(Timestamp::from_millis(2 * HOUR)).unwrap();
        assert_eq!(db.find(&[vec![Matcher::equal("series", "7")]], ALL_TIME).unwrap(), []);
        assert_eq!(db.label_values("series", &[], ALL_TIME).unwrap().len(), 2);
    }
}

#[test]
fn a_query_of_too_many_samples_is_refused_before_any_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..50);
    upkeep(&db);
    drop(db);
    for block in files(folder.path(), "blk") {
        // Chunks would not decode, but nobody is to try.
        let mut bytes = fs::read(&block).unwrap();
        bytes[80..100].fill(0);
        fs::write(&block, bytes).unwrap();
    }
    let bounded = Options { samples_per_read_max: 400, ..options() };
    let (db, _) = SeriesDb::open(folder.path(), bounded, Interner::default()).unwrap();
    assert!(db.select(&[], ALL_TIME).is_err());
    assert_eq!(db.damaged_parts(), 0);
}

/// What a crash leaves: the folder as it was at each step, here by undoing what came after the rename.
#[test]
fn a_crash_between_block_and_log_neither_loses_nor_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..12);
    db.flush().unwrap();
    let before = copy_of(folder.path());
    upkeep(&db);
    let expected = bits(&all(&db));
    drop(db);
    let blocks = files(folder.path(), "blk");
    assert_eq!(blocks.len(), 5);
    for written in 0..=blocks.len() {
        let crashed = copy_of(before.path());
        for block in &blocks[..written] {
            fs::copy(block, crashed.path().join(block.file_name().unwrap())).unwrap();
        }
        if let Some(next) = blocks.get(written) {
            let half = fs::read(next).unwrap();
            fs::write(crashed.path().join("block.tmp"), &half[..half.len() / 2]).unwrap();
        }
        let (db, report) = open(crashed.path());
        assert_eq!((bits(&all(&db)), report.damaged), (expected.clone(), 0), "{written} blocks");
        assert_eq!(upkeep(&db).written, blocks.len() - written);
        assert_eq!(bits(&all(&db)), expected);
        assert_eq!(files(crashed.path(), "tmp"), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_crash_after_a_merge_leaves_one_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..11);
    upkeep(&db);
    let before = copy_of(folder.path());
    fill(&db, 11..14);
    assert_eq!(upkeep(&db), Upkept { written: 2, merged: 1, ..Upkept::default() });
    let expected = bits(&all(&db));
    drop(db);
    for block in files(before.path(), "blk") {
        fs::copy(&block, folder.path().join(block.file_name().unwrap())).unwrap();
    }
    let (db, report) = open(folder.path());
    assert_eq!((bits(&all(&db)), report.blocks, report.damaged), (expected, 1, 0));
    assert_eq!(files(folder.path(), "blk").len(), 1);
}

/// The one block of a small store, with what the store holds.
fn small_store() -> (tempfile::TempDir, PathBuf, BTreeMap<(Labels, i64), u64>) {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..4);
    upkeep(&db);
    let held = bits(&all(&db));
    let [block] = files(folder.path(), "blk").try_into().unwrap();
    (folder, block, held)
}

#[test]
fn any_flipped_byte_of_a_block_costs_at_most_one_series_of_it_and_is_told() {
    let (folder, block, held) = small_store();
    let bytes = fs::read(&block).unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&block, &damaged).unwrap();
        let (db, report) = open(folder.path());
        let (found, parts) = (bits(&all(&db)), db.damaged_parts());
        assert!(found.iter().all(|(key, value)| held.get(key) == Some(value)), "byte {place} invents");
        let lost: Vec<&(Labels, i64)> = held.keys().filter(|key| !found.contains_key(key)).collect();
        assert!(
            lost.iter().all(|(labels, _)| *labels == lost[0].0) && lost.len() <= 12,
            "byte {place}: {lost:?}"
        );
        assert!(report.damaged + parts >= 1, "byte {place} is not told");
        let window = [TimeRange { start: Timestamp::from_millis(1), end: Timestamp::from_millis(3 * HOUR) }];
        let selection = Selection { matchers: &[], range: ALL_TIME, want: Want::Windows(&window) };
        db.read(&[selection]).unwrap();
    }
}

#[test]
fn a_block_cut_anywhere_opens_to_a_part_of_itself() {
    let (folder, block, held) = small_store();
    let bytes = fs::read(&block).unwrap();
    for length in (0..bytes.len()).step_by(3) {
        fs::write(&block, &bytes[..length]).unwrap();
        let (db, report) = open(folder.path());
        let found = bits(&all(&db));
        assert!(found.iter().all(|(key, value)| held.get(key) == Some(value)), "{length} bytes invent");
        assert!(report.damaged > 0, "{length} bytes are not told");
        assert!(found.len() >= held.len() - 24);
    }
}

#[test]
fn merging_keeps_what_is_readable() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..11);
    upkeep(&db);
    let held = bits(&all(&db));
    drop(db);
    let victim = &files(folder.path(), "blk")[2];
    let mut bytes = fs::read(victim).unwrap();
    // Within the first chunk, behind the meta and the chunk's own frame.
    bytes[76] ^= 1;
    fs::write(victim, bytes).unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 11..14);
    assert_eq!(upkeep(&db).merged, 1);
    assert_eq!(db.damaged_parts(), 1);
    let found = bits(&all(&db));
    let lost: Vec<_> = held.keys().filter(|key| !found.contains_key(key)).collect();
    assert_eq!(lost.len(), 12, "{lost:?}");
    assert!(lost.iter().all(|(labels, at)| *labels == lost[0].0 && (4 * HOUR..6 * HOUR).contains(at)));
}

/// One step of a store's life.
#[derive(Clone, Debug)]
enum Step {
    /// Series, minutes after the newest (or before it), value.
    Append(Vec<(u8, i64, f64)>),
    Flush,
    Upkeep,
    Forget(i64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = prop_oneof![
        6 => (0i32..50).prop_map(f64::from),
        2 => any::<f64>(),
        1 => Just(stale_nan()),
    ];
    let one = (0u8..4, prop_oneof![4 => 0i64..40, 1 => -90i64..0, 1 => 60i64..900], value);
    let step = prop_oneof![
        10 => prop::collection::vec(one, 1..12).prop_map(Step::Append),
        1 => Just(Step::Flush),
        3 => Just(Step::Upkeep),
        1 => (0i64..40).prop_map(Step::Forget),
        2 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// A plain map that takes what the store says it kept.
#[derive(Debug, Default)]
struct Model {
    samples: BTreeMap<(Labels, i64), u64>,
    newest: i64,
    horizon: i64,
}

impl Model {
    fn forget(&mut self, horizon: i64) {
        self.horizon = self.horizon.max(horizon);
        let horizon = self.horizon;
        self.samples.retain(|(_, at), _| *at >= horizon);
    }

    fn series(&self) -> Vec<Series> {
        let mut series: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        for ((labels, at), bits) in &self.samples {
            series.entry(labels.clone()).or_default().push(sample(*at, f64::from_bits(*bits)));
        }
        series.into_iter().map(|(labels, samples)| Series { labels, samples }).collect()
    }
}

fn model_options() -> Options {
    Options { out_of_order_ms: 2 * HOUR, segment_bytes_max: 400, chunk_samples: 5, ..Options::default() }
}

fn check(db: &SeriesDb, model: &Model) {
    let (found, expected) = (all(db), model.series());
    assert_eq!(bits(&found), bits(&expected));
    assert!(found.iter().all(|series| series.samples.is_sorted_by(|a, b| a.at < b.at)));
    assert!(found.is_sorted_by(|a, b| a.labels < b.labels));
    let newest = model.newest;
    let windows: Vec<TimeRange> = [(0, 1), (0, 40), (3, 9), (8, 30), (26, 100)]
        .map(|(end, hours)| TimeRange {
            start: Timestamp::from_millis(newest - (end + hours) * HOUR + 1),
            end: Timestamp::from_millis(newest - end * HOUR),
        })
        .into();
    let range = ALL_TIME;
    let wants = [Want::Windows(&windows), Want::Windows(&windows[1..2]), Want::Latest];
    let selections = wants.map(|want| Selection { matchers: &[], range, want });
    let answers = db.read(&selections).unwrap();
    let plain = Plain(expected).read(&selections).unwrap();
    for (answer, plain) in answers.into_iter().zip(plain) {
        assert_eq!(exact_parts(answer), exact_parts(plain));
    }
}

/// What of an answer does not depend on the order of additions.
fn exact_parts(found: Found) -> Vec<String> {
    match found {
        Found::Samples(series) => bits(&series).into_iter().map(|one| format!("{one:?}")).collect(),
        Found::Windows(series) => {
            let window = |w: &WindowSummary| {
                let value = |value: f64| if value.is_nan() { "NaN".to_owned() } else { value.to_string() };
                format!(
                    "{} {:?} {} {} {} {} {} {}",
                    w.count,
                    w.first.at,
                    value(w.first.value),
                    value(w.last.value),
                    value(w.min),
                    value(w.max),
                    w.resets,
                    w.changes
                )
            };
            let kept = series.iter().filter(|series| series.windows.iter().any(Option::is_some));
            kept.map(|s| {
                format!(
                    "{} {:?}",
                    s.labels,
                    s.windows.iter().map(|w| w.as_ref().map(window)).collect::<Vec<_>>()
                )
            })
            .collect()
        }
    }
}

/// The answers of `Queryable`'s own text.
struct Plain(Vec<Series>);

impl Queryable for Plain {
    fn select(&self, _: &[Matcher], _: TimeRange) -> Result<Vec<Series>, ballast_types::QueryError> {
        Ok(self.0.clone())
    }
}

fn live(steps: &[Step]) {
    let folder = tempfile::tempdir().unwrap();
    let opened = || SeriesDb::open(folder.path(), model_options(), Interner::default()).unwrap();
    let (mut db, _) = opened();
    let mut model = Model { horizon: i64::MIN, ..Model::default() };
    for step in steps {
        match step {
            Step::Append(batch) => {
                for (series, minutes, value) in batch {
                    let at = model.newest + minutes * MINUTE;
                    let known = model.samples.contains_key(&(labels(*series), at));
                    let appended = db.append(&[(labels(*series), sample(at, *value))]).unwrap();
                    if appended.kept == 1 && !known {
                        model.samples.insert((labels(*series), at), value.to_bits());
                        model.newest = model.newest.max(at);
                    }
                    assert!(*minutes < 0 || appended.kept == 1 || known, "{appended:?}");
                }
            }
            Step::Flush => db.flush().unwrap(),
            Step::Upkeep => {
                db.forget_before(Timestamp::from_millis(model.horizon)).unwrap();
            }
            Step::Forget(hours) => {
                model.forget(model.newest - hours * HOUR);
                db.forget_before(Timestamp::from_millis(model.horizon)).unwrap();
            }
            Step::Reopen => {
                drop(db);
                let (again, report) = opened();
                assert_eq!((report.damaged, report.orphaned), (0, 0));
                db = again;
            }
        }
        check(&db, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_store_holds_what_it_kept_whatever_happens_to_it(steps in steps()) {
        live(&steps);
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a race needs a second thread")]
fn reads_during_upkeep_see_every_sample_once() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = open(folder.path());
    fill(&db, 0..1);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for hour in 1..40 {
                fill(&db, hour..hour + 1);
                upkeep(&db);
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            for series in all(&db) {
                let steps =
                    series.samples.windows(2).map(|pair| pair[1].at.as_millis() - pair[0].at.as_millis());
                assert!(series.samples[0].at < Timestamp::from_millis(MINUTE), "the first samples are there");
                assert_eq!(steps.filter(|step| *step != 10 * MINUTE).count(), 0, "no gap, nothing twice");
            }
        }
    });
    assert_eq!((all(&db)[0].samples.len(), db.block_count()), (240, 3 + 1));
}
