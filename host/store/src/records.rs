//! What the events fold to, in sled: the only place that names it.
//!
//! sled's flush is not a barrier against the loss of power, so nothing here is the truth. Invariant: the fold's mark (the
//! last event that went in, that event's checksum, and a sum over all records) changes in the same batch as the records,
//! and opening checks it, so that whatever sled may have lost or mixed up is noticed and folded anew.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use ballast_ports::StoreError;
use ballast_types::event::{Mutation, Record};
use ballast_types::hash::Fnv;

use crate::codec::{self, CodecError, key_bytes};

const MARK_KEY: &[u8] = &[0];
const CACHE_BYTES: u64 = 64 << 20;
/// sled's own threads may hold its lock for a moment after the last handle is gone.
const LOCK_TRIES_MAX: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How far the fold has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The last event folded.
    pub(crate) position: u64,
    /// Its checksum in the log.
    pub(crate) crc: u32,
    /// Sum of the hashes of all records.
    sum: u64,
}

/// Changes of a group, the last one of each key.
#[derive(Debug, Default)]
pub(crate) struct Changes(BTreeMap<Vec<u8>, Option<Vec<u8>>>);

impl Changes {
    /// Takes in what a commit changed.
    pub(crate) fn add(&mut self, mutations: &[Mutation]) -> Result<(), CodecError> {
        for mutation in mutations {
            match mutation {
                Mutation::Put(record) => {
                    self.0.insert(key_bytes(&record.key()), Some(codec::encode(&**record)?))
                }
                Mutation::Remove(key) => self.0.insert(key_bytes(key), None),
            };
        }
        Ok(())
    }

    /// Takes in later changes.
    pub(crate) fn merge(&mut self, later: Changes) {
        self.0.extend(later.0);
    }
}

/// The folded records.
#[derive(Debug)]
pub(crate) struct Records {
    db: sled::Db,
}

impl Records {
    /// Opens or creates them and checks all that is there. The error says why they are unfit.
    pub(crate) fn open(folder: &Path) -> Result<(Records, Mark), String> {
        // sled asserts where it meets files that it did not write so.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let records = Records { db: open_sled(folder)? };
            let mark = records.check()?;
            Ok((records, mark))
        }));
        opened.unwrap_or_else(|_| Err("sled gave up on its files".to_owned()))
    }

    /// Applies changes and moves the mark, all or nothing.
    pub(crate) fn fold(
        &self,
        mark: &mut Mark,
        position: u64,
        crc: u32,
        changes: Changes,
    ) -> Result<(), StoreError> {
        let mut sum = mark.sum;
        let mut batch = sled::Batch::default();
        for (key, value) in changes.0 {
            if let Some(old) = self.db.get(&key).map_err(|error| unfit(&error))? {
                sum = sum.wrapping_sub(hash(&key, &old));
            }
            match value {
                Some(value) => {
                    sum = sum.wrapping_add(hash(&key, &value));
                    batch.insert(key, value);
                }
                None => batch.remove(key),
            }
        }
        let next = Mark { position, crc, sum };
        batch.insert(MARK_KEY, next.to_bytes().as_slice());
        self.db.apply_batch(batch).map_err(|error| unfit(&error))?;
        *mark = next;
        Ok(())
    }

    /// All records, in the order of their keys.
    pub(crate) fn all(&self) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        for item in self.db.iter() {
            let (key, value) = item.map_err(|error| unfit(&error))?;
            if key.as_ref() != MARK_KEY {
                let decoded = codec::decode(&value);
                records
                    .push(decoded.map_err(|error| StoreError::Corrupt(format!("read a record: {error}")))?);
            }
        }
        Ok(records)
    }

    /// Writes out what sled still has in memory, so that the next start folds less.
    pub(crate) fn settle(&self) {
        if let Err(error) = self.db.flush() {
            tracing::warn!(%error, "flush sled on the way out; the next start folds the difference from the log");
        }
    }

    fn check(&self) -> Result<Mark, String> {
        let (mut mark, mut sum) = (Mark::default(), 0_u64);
        for item in self.db.iter() {
            let (key, value) = item.map_err(|error| error.to_string())?;
            if key.as_ref() == MARK_KEY {
                mark = Mark::from_bytes(&value).ok_or("its mark is malformed")?;
                continue;
            }
            let record: Record = codec::decode(&value).map_err(|error| format!("read a record: {error}"))?;
            if key_bytes(&record.key()) != key.as_ref() {
                return Err("a record lies under another's key".to_owned());
            }
            sum = sum.wrapping_add(hash(&key, &value));
        }
        if sum == mark.sum { Ok(mark) } else { Err("its records do not add up".to_owned()) }
    }
}

impl Mark {
    fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&self.position.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.crc.to_le_bytes());
        bytes[12..].copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Mark> {
        let (position, rest) = bytes.split_first_chunk::<8>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let sum: &[u8; 8] = rest.try_into().ok()?;
        let (position, crc) = (u64::from_le_bytes(*position), u32::from_le_bytes(*crc));
        Some(Mark { position, crc, sum: u64::from_le_bytes(*sum) })
    }
}

fn open_sled(folder: &Path) -> Result<sled::Db, String> {
    let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES);
    for _ in 1..LOCK_TRIES_MAX {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                std::thread::sleep(LOCK_PAUSE)
            }
            opened => return opened.map_err(|error| error.to_string()),
        }
    }
    config.open().map_err(|error| error.to_string())
}

fn hash(key: &[u8], value: &[u8]) -> u64 {
    Fnv::default().part(key).part(value).finish()
}

fn unfit(error: &sled::Error) -> StoreError {
    StoreError::Corrupt(format!("use the folded records: {error}"))
}
