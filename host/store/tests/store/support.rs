//! Small commits and entries, a look at everything that a store has, and folders copied as a crash would leave them.

use std::fs;
use std::path::{Path, PathBuf};

use ballast_ports::Store as _;
use ballast_store::{DurableStore, OpenReport, StoreOptions};
use ballast_types::call::{Call, CallClass};
use ballast_types::event::{Commit, Event, EventRecord, Mutation, Record, RecordKey};
use ballast_types::execution::{Intent, JournalEntry};
use ballast_types::{ExecutionId, IdempotencyKey, PluginName, Sequence, Timestamp};
use futures::executor::block_on;
use tempfile::TempDir;

/// Everything that can be read from a store.
#[derive(Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) records: Vec<Record>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) journal: Vec<JournalEntry>,
}

pub(crate) fn execution() -> ExecutionId {
    ExecutionId::new("EX-1")
}

/// Commit `n` puts one of five values; every seventh removes one instead.
pub(crate) fn commit(n: u64) -> Commit {
    let (plugin, key) = (PluginName::new("p"), format!("k{}", n % 5));
    let mutation = match n % 7 {
        0 => Mutation::Remove(RecordKey::PluginState(plugin, key)),
        _ => Mutation::Put(Box::new(Record::PluginState { plugin, key, value: n.to_be_bytes().to_vec() })),
    };
    let event = Event::HostStarted { version: n.to_string() };
    Commit { at: Timestamp::from_millis(n as i64), event, mutations: vec![mutation] }
}

pub(crate) fn entry(n: u64) -> JournalEntry {
    JournalEntry::Intent(Intent {
        sequence: n,
        at: Timestamp::from_millis(n as i64),
        call: Call::TimerNow,
        request_hash: Call::TimerNow.request_hash(),
        class: CallClass::Read,
        key: IdempotencyKey::of(&execution(), n),
    })
}

/// The records that the first `n` commits fold to.
pub(crate) fn folded(n: u64) -> Vec<Record> {
    let mut records = std::collections::BTreeMap::new();
    for mutation in (1..=n).flat_map(|n| commit(n).mutations) {
        match mutation {
            Mutation::Put(record) => records.insert(record.key(), *record),
            Mutation::Remove(key) => records.remove(&key),
        };
    }
    records.into_values().collect()
}

pub(crate) fn open(folder: &Path) -> (DurableStore, OpenReport) {
    DurableStore::open(folder).unwrap()
}

pub(crate) fn open_small(folder: &Path) -> (DurableStore, OpenReport) {
    DurableStore::open_with(folder, StoreOptions { segment_bytes_max: 1000 }).unwrap()
}

/// A store with commits 1 to `commits` and as many entries as asked.
pub(crate) fn filled(commits: u64, entries: u64) -> (TempDir, DurableStore) {
    let folder = TempDir::new().unwrap();
    let (store, _) = open(folder.path());
    fill(&store, commits, entries);
    (folder, store)
}

pub(crate) fn fill(store: &DurableStore, commits: u64, entries: u64) {
    for n in 1..=commits {
        assert_eq!(block_on(store.commit(vec![commit(n)])).unwrap(), Sequence(n));
    }
    for n in 1..=entries {
        block_on(store.journal_append(&execution(), entry(n), n == entries)).unwrap();
    }
}

pub(crate) fn content(store: &DurableStore) -> Content {
    Content {
        records: block_on(store.records()).unwrap(),
        events: block_on(store.events(Sequence(1), usize::MAX)).unwrap(),
        journal: block_on(store.journal(&execution())).unwrap(),
    }
}

/// The folder as a process that was killed now would leave it.
pub(crate) fn copy(folder: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    copy_into(folder, to.path());
    to
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn segment(folder: &Path, log: &str, number: u32) -> PathBuf {
    folder.join(log).join(format!("{number:08}.log"))
}
