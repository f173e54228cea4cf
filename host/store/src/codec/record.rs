//! Records and what they are found by, on disk; and the keys under which sled has them.
//!
//! Invariant: a key's bytes sort records by kind, and 0xFF separates its parts, which no UTF-8 text holds, so that two
//! keys never collide. The byte 0 is the store's own.

use ballast_types::alert::{Alert, AlertKey};
use ballast_types::event::{Mutation, Record, RecordKey};
use ballast_types::execution::Execution;
use ballast_types::incident::Incident;
use ballast_types::silence::Silence;
use ballast_types::{ExecutionId, IncidentId, PluginName, SilenceId};
use serde::{Deserialize, Serialize};

use super::{coded, one};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Record", rename_all = "kebab-case")]
enum RecordMirror {
    Alert(#[serde(with = "one")] Alert),
    Silence(#[serde(with = "one")] Silence),
    Incident(#[serde(with = "one")] Incident),
    Execution(#[serde(with = "one")] Execution),
    PluginState { plugin: PluginName, key: String, value: Vec<u8> },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RecordKey", rename_all = "kebab-case")]
enum RecordKeyMirror {
    Alert(#[serde(with = "one")] AlertKey),
    Silence(SilenceId),
    Incident(IncidentId),
    Execution(ExecutionId),
    PluginState(PluginName, String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Mutation", rename_all = "kebab-case")]
enum MutationMirror {
    Put(#[serde(with = "one")] Box<Record>),
    Remove(#[serde(with = "one")] RecordKey),
}

coded! {
    Record => RecordMirror,
    RecordKey => RecordKeyMirror,
    Mutation => MutationMirror,
}

const SEPARATOR: u8 = 0xff;

/// The bytes under which a record is kept.
pub(crate) fn key_bytes(key: &RecordKey) -> Vec<u8> {
    match key {
        RecordKey::Alert(AlertKey { rule, fingerprint }) => {
            join(b'a', rule.as_str().as_bytes(), Some(&fingerprint.0.to_be_bytes()))
        }
        RecordKey::Silence(id) => join(b's', id.as_str().as_bytes(), None),
        RecordKey::Incident(id) => join(b'i', id.as_str().as_bytes(), None),
        RecordKey::Execution(id) => join(b'x', id.as_str().as_bytes(), None),
        RecordKey::PluginState(plugin, key) => join(b'p', plugin.as_str().as_bytes(), Some(key.as_bytes())),
    }
}

fn join(kind: u8, first: &[u8], second: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(first);
    if let Some(second) = second {
        bytes.push(SEPARATOR);
        bytes.extend_from_slice(second);
    }
    bytes
}
