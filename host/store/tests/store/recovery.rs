//! Reopening: after an orderly end, after a kill, without sled, with sled of another log.

use std::fs;

use ballast_ports::{Store as _, StoreError};
use ballast_store::DurableStore;
use ballast_types::{ExecutionId, Sequence};
use futures::executor::block_on;
use tempfile::TempDir;

use crate::support::{commit, content, copy, entry, execution, fill, filled, folded, open, open_small};

#[test]
fn everything_is_there_after_reopening() {
    let (folder, store) = filled(40, 9);
    let before = content(&store);
    assert_eq!((before.records.clone(), before.events.len(), before.journal.len()), (folded(40), 40, 9));
    drop(store);
    let (store, report) = open(folder.path());
    assert_eq!(content(&store), before);
    assert_eq!((report.commits, report.journal_entries, report.folded, report.rebuilt), (40, 9, 0, false));
    assert!(report.damaged.is_empty(), "{report:?}");
    assert_eq!(block_on(store.commit(vec![commit(41), commit(42)])).unwrap(), Sequence(41));
    assert_eq!(store.last_sequence(), Sequence(42));
}

#[test]
fn a_killed_host_finds_all_that_was_answered() {
    let (folder, store) = filled(30, 5);
    let killed = copy(folder.path());
    let (after, report) = open(killed.path());
    assert_eq!(content(&after), content(&store));
    assert_eq!((report.commits, report.journal_entries), (30, 5));
}

#[test]
fn a_second_store_in_the_same_folder_is_refused_until_the_first_is_gone() {
    let (folder, store) = filled(1, 0);
    assert!(matches!(DurableStore::open(folder.path()), Err(StoreError::InUse { .. })));
    drop(store);
    assert!(DurableStore::open(folder.path()).is_ok());
}

#[test]
fn without_sled_the_same_records_are_folded_from_the_log() {
    let (folder, store) = filled(600, 0);
    let before = content(&store);
    drop(store);
    fs::remove_dir_all(folder.path().join("records")).unwrap();
    let (store, report) = open(folder.path());
    assert_eq!(content(&store), before);
    assert_eq!((report.rebuilt, report.folded), (true, 600));
}

#[test]
fn sled_that_lags_behind_is_brought_up_to_date() {
    let (folder, store) = filled(20, 0);
    drop(store);
    let earlier = copy(&folder.path().join("records"));
    let (store, _) = open(folder.path());
    for n in 21..=33 {
        block_on(store.commit(vec![commit(n)])).unwrap();
    }
    drop(store);
    fs::remove_dir_all(folder.path().join("records")).unwrap();
    fs::rename(earlier.keep(), folder.path().join("records")).unwrap();
    let (store, report) = open(folder.path());
    assert_eq!(content(&store).records, folded(33));
    assert_eq!((report.rebuilt, report.folded), (false, 13));
}

#[test]
fn sled_of_another_log_is_set_aside() {
    let (one, store) = filled(12, 0);
    drop(store);
    let (two, store) = filled(0, 0);
    for n in [3, 2, 1].into_iter().cycle().take(30) {
        block_on(store.commit(vec![commit(n)])).unwrap();
    }
    drop(store);
    fs::remove_dir_all(two.path().join("records")).unwrap();
    fs::rename(one.path().join("records"), two.path().join("records")).unwrap();
    let (store, report) = open(two.path());
    assert!(report.rebuilt);
    assert_eq!(content(&store).records, folded(3).into_iter().collect::<Vec<_>>());
    assert!(two.path().join("records.set-aside-1").is_dir());
}

#[test]
fn events_are_read_from_anywhere_across_segments() {
    let folder = TempDir::new().unwrap();
    let (store, _) = open_small(folder.path());
    fill(&store, 300, 40);
    let positions = |store: &DurableStore, from: u64, limit: usize| -> Vec<u64> {
        let events = block_on(store.events(Sequence(from), limit)).unwrap();
        events.into_iter().map(|event| event.sequence.0).collect()
    };
    assert!(fs::read_dir(folder.path().join("events")).unwrap().count() > 20);
    for from in [0, 1, 2, 63, 64, 65, 150, 299, 300, 301] {
        let expected: Vec<u64> = (from.max(1)..=300).take(70).collect();
        assert_eq!(positions(&store, from, 70), expected, "from {from}");
    }
    assert_eq!(positions(&store, 1, 0), Vec::<u64>::new());
    let before = content(&store);
    drop(store);
    let (store, report) = open_small(folder.path());
    assert_eq!(content(&store), before);
    assert!(report.damaged.is_empty());
}

#[test]
fn journals_of_many_executions_are_kept_apart() {
    let (folder, store) = filled(0, 3);
    let others: Vec<ExecutionId> = (2..20).map(|n| ExecutionId::new(format!("EX-{n}"))).collect();
    for n in 1..=30 {
        for other in &others {
            block_on(store.journal_append(other, entry(n), false)).unwrap();
        }
    }
    // Read before anything made them durable, and again after an orderly end.
    let expected: Vec<_> = (1..=30).map(entry).collect();
    assert!(others.iter().all(|other| block_on(store.journal(other)).unwrap() == expected));
    drop(store);
    let (store, report) = open(folder.path());
    assert_eq!(report.journal_entries, 3 + 30 * 18);
    assert!(others.iter().all(|other| block_on(store.journal(other)).unwrap() == expected));
    assert_eq!(block_on(store.journal(&execution())).unwrap().len(), 3);
    assert_eq!(block_on(store.journal(&ExecutionId::new("EX-none"))).unwrap(), []);
}
