//! The lines between the supervisor and a child: commands on the child's stdin, reports on its stdout, one JSON value a
//! line. The pipe is also the lifeline: a child whose stdin closes ends, so a killed supervisor leaves no orphan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One command with the number that its reply carries.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// Unique for this child.
    pub(crate) id: u64,
    /// What to do.
    pub(crate) command: Command,
}

/// What the supervisor may ask of a service process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Command {
    /// Only report.
    Status,
    /// Grow or shrink to so many replicas.
    SetReplicas(usize),
    /// Replace one replica with a fresh one.
    RestartReplica(String),
    /// Change a tunable.
    SetParameter {
        /// Its name, see `Parameter`.
        name: String,
        /// Its new value, already within the bounds.
        value: u64,
    },
    /// Begin (true) or end (false) a defect.
    Afflict(Affliction, bool),
    /// Stop listening, finish what runs, exit.
    Drain,
}

/// A defect that a running process can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Affliction {
    /// The model server keeps memory that it should free.
    MemoryLeak,
    /// Some documents keep their database connection.
    PoolLeak,
    /// Every operation of the store takes long.
    Slow,
}

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Report {
    /// It listens and serves.
    Ready,
    /// The answer to a command.
    Reply {
        /// The command's number.
        id: u64,
        /// The state after it, or why it was not done.
        outcome: Result<Vec<ReplicaStatus>, String>,
    },
    /// Something failed; kept by the supervisor so that it outlives the child.
    Error(ErrorRecord),
}

/// One replica as its process sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReplicaStatus {
    /// Unique within the platform.
    pub(crate) id: String,
    /// Its work does not progress.
    pub(crate) stalled: bool,
    /// RFC 3339.
    pub(crate) started_at: String,
}

/// One line of the error log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ErrorRecord {
    /// RFC 3339.
    pub(crate) at: String,
    /// The same, in milliseconds since the epoch.
    pub(crate) at_ms: i64,
    /// For people.
    pub(crate) message: String,
    /// For filters: cause, path, release, replica.
    pub(crate) fields: BTreeMap<String, String>,
}

impl ErrorRecord {
    /// An error that happens now.
    pub(crate) fn now<const N: usize>(message: String, fields: [(&str, &str); N]) -> Self {
        let at = jiff::Timestamp::now();
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { at: at.to_string(), at_ms: at.as_millisecond(), message, fields }
    }
}
