//! A listener's place in the events: from the log as long as it is behind, from the bus once it has caught up, and from
//! the log again where the bus has moved on without it. So each event comes once and in order, however slow the listener.

use std::collections::VecDeque;
use std::sync::Arc;

use ballast_engine::{Engine, StoreError};
use ballast_types::Sequence;
use ballast_types::event::EventRecord;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// How many events are read from the log at once.
const BATCH: usize = 256;

/// Events from a position on, without end.
pub(crate) struct Feed {
    engine: Arc<Engine>,
    live: Receiver<Arc<EventRecord>>,
    /// Position of the next event to tell.
    next: u64,
    /// Whether the log has events that the bus will not bring.
    behind: bool,
    read: VecDeque<Arc<EventRecord>>,
}

impl Feed {
    /// Events from `from` on, or those that are yet to come.
    pub(crate) fn new(engine: Arc<Engine>, from: Option<u64>) -> Self {
        // Listen first: what is published between here and the look at the log comes twice, and is told once.
        let live = engine.subscribe();
        let last = engine.last_sequence().0;
        let next = from.map_or(last + 1, |from| from.max(1));
        Feed { engine, live, next, behind: next <= last, read: VecDeque::new() }
    }

    /// The next event; `None` once there can be no more. May be dropped at any await without losing anything.
    pub(crate) async fn next(&mut self) -> Result<Option<Arc<EventRecord>>, StoreError> {
        loop {
            if let Some(record) = self.read.pop_front() {
                self.next = record.sequence.0 + 1;
                return Ok(Some(record));
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match self.live.recv().await {
                Ok(record) if record.sequence.0 == self.next => self.read.push_back(record),
                Ok(record) => self.behind = record.sequence.0 > self.next,
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let records = self.engine.events(Sequence(self.next), BATCH).await?;
        self.behind = records.len() == BATCH;
        self.read.extend(records.into_iter().map(Arc::new));
        Ok(())
    }
}
