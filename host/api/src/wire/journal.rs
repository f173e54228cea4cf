//! An execution's journal: each call with what came of it. A call is itself a message between plugin and host, so its
//! request and output are shown as the journal holds them.

use std::collections::BTreeMap;

use ballast_types::call::{CallClass, CallError};
use ballast_types::execution::{Completion, Intent, JournalEntry};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::scalar::Instant;

/// One call of an execution.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JournalCall {
    /// Position in the execution; the first is 1.
    sequence: u64,
    /// When its intent was written.
    at: Instant,
    /// The host interface that it went through.
    capability: &'static str,
    /// `read`, `idempotent-effect` or `once-effect`: how it is treated after a crash.
    class: Json,
    /// The request.
    request: Json,
    /// What it is recognised by on replay.
    request_hash: String,
    /// What makes the effect recognisable to a connector.
    key: String,
    /// When its result was written; null where none is.
    completed_at: Option<Instant>,
    /// What came of it, where it succeeded.
    output: Option<Json>,
    /// Why it failed.
    error: Option<JournalError>,
}

/// Why a call failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalError {
    kind: &'static str,
    message: String,
}

impl From<&CallError> for JournalError {
    fn from(error: &CallError) -> Self {
        JournalError { kind: error.kind.name(), message: error.message.clone() }
    }
}

/// Joins intents and completions.
pub(crate) fn calls(entries: &[JournalEntry]) -> Vec<JournalCall> {
    let mut calls: BTreeMap<u64, JournalCall> = BTreeMap::new();
    for entry in entries {
        match entry {
            JournalEntry::Intent(intent) => drop(calls.insert(intent.sequence, intended(intent))),
            // A result without its intent cannot be written; were it there, there would be no call to show it at.
            JournalEntry::Completion(completion) => {
                if let Some(call) = calls.get_mut(&completion.sequence) {
                    complete(call, completion);
                }
            }
        }
    }
    calls.into_values().collect()
}

fn intended(intent: &Intent) -> JournalCall {
    JournalCall {
        sequence: intent.sequence,
        at: Instant(intent.at),
        capability: intent.call.capability().name(),
        class: class(intent.class),
        request: serde_json::to_value(&intent.call).unwrap_or_default(),
        request_hash: intent.request_hash.clone(),
        key: intent.key.to_string(),
        completed_at: None,
        output: None,
        error: None,
    }
}

fn class(class: CallClass) -> Json {
    serde_json::to_value(class).unwrap_or_default()
}

fn complete(call: &mut JournalCall, completion: &Completion) {
    call.completed_at = Some(Instant(completion.at));
    match &completion.result {
        Ok(output) => call.output = Some(serde_json::to_value(output).unwrap_or_default()),
        Err(error) => call.error = Some(error.into()),
    }
}
