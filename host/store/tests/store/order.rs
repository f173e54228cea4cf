//! Group commit: many callers at once, each in its own order, and no answer before its time.

use std::fs;
use std::sync::Arc;

use ballast_ports::{Store as _, StoreError};
use ballast_types::event::Commit;
use ballast_types::event::Event;
use ballast_types::execution::{Intent, JournalEntry};
use ballast_types::{ExecutionId, Sequence, Timestamp};
use futures::executor::block_on;
use futures::future::join_all;
use tempfile::TempDir;

use crate::support::{commit, content, copy, entry, execution, filled, folded, open, open_small, segment};

fn said(thread: u64, n: u64) -> Commit {
    let event = Event::HostStarted { version: format!("{thread}/{n}") };
    Commit { at: Timestamp::from_millis(n as i64), event, mutations: Vec::new() }
}

#[test]
fn eight_callers_at_once_each_keep_their_order() {
    let (folder, store) = filled(0, 0);
    let store = Arc::new(store);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                let id = ExecutionId::new(format!("EX-{thread}"));
                for n in 1..=25 {
                    let first =
                        block_on(store.commit(vec![said(thread, 2 * n), said(thread, 2 * n + 1)])).unwrap();
                    block_on(store.journal_append(&id, entry(n), n % 3 == 0)).unwrap();
                    assert!(store.last_sequence() >= Sequence(first.0 + 1), "answered before it was there");
                }
            });
        }
    });
    let killed = copy(folder.path());
    for store in [&*store, &open(killed.path()).0] {
        let events = content(store).events;
        assert!(events.iter().map(|event| event.sequence.0).eq(1..=400));
        for thread in 0..8 {
            let prefix = format!("{thread}/");
            let own = events.iter().filter_map(|event| match &event.event {
                Event::HostStarted { version } => version.strip_prefix(&prefix)?.parse::<u64>().ok(),
                _ => None,
            });
            assert!(own.eq(2..=51));
            let journal = block_on(store.journal(&ExecutionId::new(format!("EX-{thread}")))).unwrap();
            assert!(journal.into_iter().eq((1..=25).map(entry)));
        }
    }
}

#[test]
fn requests_of_one_caller_that_does_not_wait_are_taken_in_order() {
    let (_folder, store) = filled(0, 0);
    let firsts = block_on(join_all((0..50).map(|n| store.commit(vec![commit(n + 1), commit(n + 1)]))));
    let firsts: Vec<u64> = firsts.into_iter().map(|first| first.unwrap().0).collect();
    assert!(firsts.into_iter().eq((0..50).map(|n| 2 * n + 1)));
}

#[test]
fn a_durable_entry_takes_the_ones_before_it_along() {
    let (folder, store) = filled(0, 0);
    for n in 1..=20 {
        block_on(store.journal_append(&execution(), entry(n), n == 20)).unwrap();
    }
    let killed = copy(folder.path());
    let (after, report) = open(killed.path());
    assert_eq!(report.journal_entries, 20);
    assert!(block_on(after.journal(&execution())).unwrap().into_iter().eq((1..=20).map(entry)));
}

#[test]
fn after_a_failed_write_nothing_more_is_promised_and_nothing_promised_is_lost() {
    let folder = TempDir::new().unwrap();
    let (store, _) = open_small(folder.path());
    block_on(store.commit(vec![commit(1)])).unwrap();
    // The next segment cannot be begun.
    let in_the_way = segment(folder.path(), "events", 2);
    fs::create_dir(&in_the_way).unwrap();
    let promised =
        (2..100).take_while(|n| block_on(store.commit(vec![commit(*n)])).is_ok()).count() as u64 + 1;
    assert!((2..99).contains(&promised));
    assert!(matches!(block_on(store.commit(vec![commit(1)])), Err(StoreError::Stopped(_))));
    let refused = block_on(store.journal_append(&execution(), entry(1), false));
    assert!(matches!(refused, Err(StoreError::Stopped(_))));
    assert_eq!(
        (store.last_sequence(), block_on(store.records()).unwrap()),
        (Sequence(promised), folded(promised))
    );
    drop(store);
    fs::remove_dir(&in_the_way).unwrap();
    let (store, report) = open_small(folder.path());
    assert_eq!((report.commits, report.damaged.len()), (promised, 0));
    assert_eq!(content(&store).records, folded(promised));
}

#[test]
fn what_is_too_large_is_refused_and_hurts_nothing() {
    let (_folder, store) = filled(1, 0);
    let huge = "x".repeat(33 << 20);
    let JournalEntry::Intent(intent) = entry(1) else { panic!("an intent") };
    let too_large = JournalEntry::Intent(Intent { request_hash: huge, ..intent });
    let refused = block_on(store.journal_append(&execution(), too_large, true));
    assert!(matches!(refused, Err(StoreError::Io { .. })), "{refused:?}");
    assert_eq!(block_on(store.commit(vec![commit(2)])).unwrap(), Sequence(2));
    assert_eq!(block_on(store.commit(Vec::new())).unwrap(), Sequence(2));
}
