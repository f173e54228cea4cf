//! The bus: events that are durable, told to whoever listens. A listener that falls behind reads the log instead.

use std::sync::Arc;

use ballast_types::event::EventRecord;
use tokio::sync::broadcast;

/// How many events a listener may be behind before it must read the log.
const BACKLOG: usize = 4096;

/// Hands each event to every listener.
#[derive(Clone, Debug)]
pub struct Bus(broadcast::Sender<Arc<EventRecord>>);

impl Default for Bus {
    fn default() -> Self {
        Bus(broadcast::channel(BACKLOG).0)
    }
}

impl Bus {
    /// Tells everybody. Nobody listening is no error.
    pub fn publish(&self, record: EventRecord) {
        let _ = self.0.send(Arc::new(record));
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.0.subscribe()
    }
}
