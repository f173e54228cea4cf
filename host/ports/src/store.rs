//! Where the state lives: an event log with the records that it folds to, and the executions' journals.

use async_trait::async_trait;
use ballast_types::event::{Commit, EventRecord, Record};
use ballast_types::execution::JournalEntry;
use ballast_types::{ExecutionId, Sequence};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk failed.
    #[error("{action}: {source}")]
    Io {
        /// What was attempted, on what.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// What was read is not what was written.
    #[error("{0}")]
    Corrupt(String),
    /// Another process has the folder.
    #[error("open {folder}: another process uses it")]
    InUse {
        /// The folder.
        folder: String,
    },
    /// The store has stopped.
    #[error("the store has stopped: {0}")]
    Stopped(String),
}

/// The event log and the journals are the truth; the records are what they fold to.
#[async_trait]
pub trait Store: Send + Sync {
    /// Appends commits in order, durably, and folds them into the records. Returns the position of the first; the
    /// others follow. Either all of them survive a crash or a prefix of them does.
    async fn commit(&self, commits: Vec<Commit>) -> Result<Sequence, StoreError>;

    /// All records, as folded from every commit.
    async fn records(&self) -> Result<Vec<Record>, StoreError>;

    /// Events from a position on, oldest first.
    async fn events(&self, from: Sequence, limit: usize) -> Result<Vec<EventRecord>, StoreError>;

    /// Position of the last event; zero where there is none.
    fn last_sequence(&self) -> Sequence;

    /// Appends to an execution's journal. With `durable` it returns when the entry would survive the loss of power;
    /// without, the entry becomes durable with the next that is.
    async fn journal_append(
        &self,
        execution: &ExecutionId,
        entry: JournalEntry,
        durable: bool,
    ) -> Result<(), StoreError>;

    /// An execution's journal, oldest first.
    async fn journal(&self, execution: &ExecutionId) -> Result<Vec<JournalEntry>, StoreError>;
}
