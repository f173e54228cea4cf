//! Torn ends, flipped bytes, and sled files full of rubbish: what is whole is kept, what is not is reported.

use std::fs::{self, OpenOptions};
use std::path::Path;

use ballast_ports::Store as _;
use ballast_types::Sequence;
use futures::executor::block_on;
use tempfile::TempDir;

use crate::support::{
    commit, content, copy, entry, execution, fill, filled, folded, open, open_small, segment,
};

fn truncate(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// Offsets at which the last `count` records of a segment begin, and its end.
fn last_records(path: &Path, count: usize) -> Vec<usize> {
    let bytes = fs::read(path).unwrap();
    let mut starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == b"\xff\xb1a\xfe").map(|(at, _)| at).collect();
    starts.push(bytes.len());
    starts.split_off(starts.len() - count - 1)
}

#[test]
fn an_event_log_cut_at_any_byte_opens_with_a_prefix() {
    let (folder, store) = filled(6, 0);
    drop(store);
    let path = segment(folder.path(), "events", 1);
    let starts = last_records(&path, 2);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (path, starts) = (&path, &starts);
            scope.spawn(move || {
                let lengths = (starts[0]..starts[2]).skip(worker).step_by(8);
                lengths.for_each(|length| opens_with_a_prefix(path, starts, length));
            });
        }
    });
}

/// `starts` are where the fifth and the sixth of six events begin, and where the sixth ends.
fn opens_with_a_prefix(path: &Path, starts: &[usize], length: usize) {
    let cut = TempDir::new().unwrap();
    fs::create_dir(cut.path().join("events")).unwrap();
    let copied = segment(cut.path(), "events", 1);
    fs::copy(path, &copied).unwrap();
    truncate(&copied, length as u64);
    let (store, report) = open(cut.path());
    let whole = if length < starts[1] { 4 } else { 5 };
    assert_eq!(store.last_sequence(), Sequence(whole), "cut at {length}");
    assert_eq!(block_on(store.records()).unwrap(), folded(whole));
    assert_eq!(report.damaged.is_empty(), starts.contains(&length), "cut at {length}: {report:?}");
    // And it goes on from there.
    assert_eq!(block_on(store.commit(vec![commit(whole + 1)])).unwrap(), Sequence(whole + 1));
    assert_eq!(content(&store).events.len() as u64, whole + 1);
}

#[test]
fn a_journal_cut_at_any_byte_opens_with_a_prefix() {
    let (folder, store) = filled(0, 4);
    drop(store);
    let path = segment(folder.path(), "journal", 1);
    let starts = last_records(&path, 1);
    for length in starts[0]..starts[1] {
        truncate(&path, length as u64);
        let (store, _) = open(folder.path());
        assert_eq!(
            block_on(store.journal(&execution())).unwrap(),
            [entry(1), entry(2), entry(3)],
            "cut at {length}"
        );
        block_on(store.journal_append(&execution(), entry(4), true)).unwrap();
        drop(store);
        assert_eq!(fs::metadata(&path).unwrap().len() as usize, starts[1]);
    }
}

#[test]
fn a_log_shorter_than_what_sled_has_folded_wins() {
    let (folder, store) = filled(9, 0);
    drop(store);
    let path = segment(folder.path(), "events", 1);
    truncate(&path, last_records(&path, 2)[0] as u64);
    let (store, report) = open(folder.path());
    assert_eq!(content(&store).records, folded(7));
    assert!(report.rebuilt);
}

#[test]
fn a_flipped_byte_costs_one_event_and_is_reported() {
    let folder = TempDir::new().unwrap();
    let (store, _) = open_small(folder.path());
    fill(&store, 30, 0);
    let records = content(&store).records;
    drop(store);
    let path = segment(folder.path(), "events", 2);
    let middle = last_records(&path, 3)[1];
    flip(&path, middle + 30);
    let (store, report) = open_small(folder.path());
    let after = content(&store);
    assert_eq!((after.events.len(), report.commits, store.last_sequence()), (29, 29, Sequence(30)));
    // The records had been folded before the damage, and stay.
    assert_eq!((after.records, report.rebuilt), (records, false));
    let said = report.damaged.join("\n");
    assert!(said.contains("do not check") && said.contains("are missing"), "{said}");
}

#[test]
fn a_byte_flipped_while_the_store_runs_costs_one_event() {
    let (folder, store) = filled(10, 0);
    let path = segment(folder.path(), "events", 1);
    flip(&path, last_records(&path, 4)[0] + 25);
    let positions: Vec<u64> = content(&store).events.iter().map(|event| event.sequence.0).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 8, 9, 10]);
}

#[test]
fn a_missing_segment_is_reported() {
    let folder = TempDir::new().unwrap();
    let (store, _) = open_small(folder.path());
    fill(&store, 40, 0);
    drop(store);
    fs::remove_file(segment(folder.path(), "events", 2)).unwrap();
    let (store, report) = open_small(folder.path());
    assert!(report.damaged.iter().any(|said| said.contains("are missing")), "{report:?}");
    assert_eq!(store.last_sequence(), Sequence(40));
    assert_eq!(content(&store).records, folded(40));
}

#[test]
fn whatever_is_wrong_with_sled_the_records_come_from_the_log() {
    let (folder, store) = filled(25, 2);
    drop(store);
    let names = ["conf", "db"];
    for (name, at) in names.iter().flat_map(|name| [0, 7, 40, 700, 5000].map(|at| (name, at))) {
        let damaged = copy(folder.path());
        let path = damaged.path().join("records").join(name);
        if fs::metadata(&path).unwrap().len() as usize <= at {
            continue;
        }
        flip(&path, at);
        let (store, _) = open(damaged.path());
        assert_eq!(content(&store).records, folded(25), "{name} at {at}");
    }
    let damaged = copy(folder.path());
    fs::remove_dir_all(damaged.path().join("records")).unwrap();
    fs::write(damaged.path().join("records"), "not a folder").unwrap();
    let (store, report) = open(damaged.path());
    assert_eq!(content(&store).records, folded(25));
    assert!(report.rebuilt && report.damaged.len() == 1, "{report:?}");
}
