//! Journal entries on disk: the format, the execution's id, then JSON. The id stands outside the JSON so that a journal
//! of many executions is indexed without decoding it.

use ballast_types::call::{Call, CallClass, CallError, Output};
use ballast_types::execution::{Completion, Intent, JournalEntry};
use ballast_types::{ExecutionId, IdempotencyKey, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CodecError, FORMAT, Read, Written, after_format, coded, from_json, one};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Intent")]
struct IntentMirror {
    sequence: u64,
    #[serde(with = "one")]
    at: Timestamp,
    call: Call,
    request_hash: String,
    class: CallClass,
    key: IdempotencyKey,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Completion")]
struct CompletionMirror {
    sequence: u64,
    #[serde(with = "one")]
    at: Timestamp,
    result: Result<Output, CallError>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "JournalEntry", rename_all = "kebab-case")]
enum JournalEntryMirror {
    Intent(#[serde(with = "one")] Intent),
    Completion(#[serde(with = "one")] Completion),
}

coded! {
    Intent => IntentMirror,
    Completion => CompletionMirror,
    JournalEntry => JournalEntryMirror,
}

/// The bytes of one entry of one execution.
pub(crate) fn encode_journal(execution: &ExecutionId, entry: &JournalEntry) -> Result<Vec<u8>, CodecError> {
    let id = execution.as_str().as_bytes();
    let length = u16::try_from(id.len()).map_err(|_| CodecError::Malformed)?;
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(id);
    serde_json::to_writer(&mut bytes, &Written(entry))?;
    Ok(bytes)
}

/// Whose entry it is.
pub(crate) fn journal_execution(bytes: &[u8]) -> Result<ExecutionId, CodecError> {
    let (id, _) = parts(bytes)?;
    Ok(ExecutionId::new(id))
}

/// The entry itself.
pub(crate) fn decode_journal(bytes: &[u8]) -> Result<JournalEntry, CodecError> {
    let (_, json) = parts(bytes)?;
    let Read(entry) = from_json(json)?;
    Ok(entry)
}

fn parts(bytes: &[u8]) -> Result<(&str, &[u8]), CodecError> {
    let (length, rest) = after_format(bytes)?.split_first_chunk::<2>().ok_or(CodecError::Malformed)?;
    let split = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)));
    let (id, json) = split.ok_or(CodecError::Malformed)?;
    Ok((std::str::from_utf8(id).map_err(|_| CodecError::Malformed)?, json))
}
