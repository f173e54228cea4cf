//! The recent errors of one service, kept by the supervisor so that they outlive the process that reported them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::protocol::ErrorRecord;

/// How many are kept; the oldest goes.
const KEPT: usize = 2000;

/// The ring.
#[derive(Debug, Default)]
pub(super) struct ErrorJournal(Mutex<VecDeque<ErrorRecord>>);

/// Which errors to show.
#[derive(Debug)]
pub(super) struct ErrorQuery {
    /// Not before, in milliseconds since the epoch.
    pub(super) since_ms: i64,
    /// At most so many.
    pub(super) limit: usize,
    /// The message has this in it.
    pub(super) contains: String,
}

impl ErrorJournal {
    /// Adds one.
    pub(super) fn append(&self, record: ErrorRecord) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= KEPT {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// Newest first.
    pub(super) fn recent(&self, query: &ErrorQuery) -> Vec<ErrorRecord> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |record: &&ErrorRecord| {
            record.at_ms >= query.since_ms && record.message.contains(&query.contains)
        };
        records.iter().rev().filter(wanted).take(query.limit).cloned().collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn newest_first_filtered_and_bounded() {
        let journal = ErrorJournal::default();
        for nth in 0..KEPT as i64 + 5 {
            let message = format!("{} {nth}", if nth % 2 == 0 { "even" } else { "odd" });
            journal.append(ErrorRecord { at_ms: nth, ..ErrorRecord::now(message, []) });
        }
        let all = ErrorQuery { since_ms: 0, limit: usize::MAX, contains: String::new() };
        assert_eq!(journal.recent(&all).len(), KEPT);
        let some = ErrorQuery { since_ms: 2000, limit: 2, contains: "odd".into() };
        let messages = journal.recent(&some).into_iter().map(|record| record.message).collect::<Vec<_>>();
        assert_eq!(messages, ["odd 2003", "odd 2001"]);
    }
}
