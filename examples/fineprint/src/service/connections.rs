//! One replica's database connections: leases on a bounded pool. A leak is a lease that nobody gives back, nothing else.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::slots::{Refusal, Slot, Slots};

/// How many callers may wait for a connection.
const QUEUE: usize = 1024;
/// While it leaks, one document in so many keeps its lease.
const LEAK_ONE_IN: usize = 2;

/// The pool.
#[derive(Debug)]
pub(super) struct ConnectionPool {
    slots: Arc<Slots>,
    leaking: AtomicBool,
    documents: AtomicUsize,
    abandoned: Mutex<Vec<Slot>>,
}

impl ConnectionPool {
    /// A pool of so many connections.
    pub(super) fn new(size: usize) -> Self {
        Self {
            slots: Slots::new(size),
            leaking: AtomicBool::new(false),
            documents: AtomicUsize::new(0),
            abandoned: Mutex::default(),
        }
    }

    /// Leases a connection.
    ///
    /// # Errors
    /// What to write to the error log when none came back in time.
    pub(super) async fn lease(&self, patience: Duration) -> Result<Slot, String> {
        self.slots.acquire(QUEUE, patience).await.map_err(|refusal| {
            let (held, size) = (self.slots.held(), self.slots.size());
            let waited = match refusal {
                Refusal::TimedOut => format!("no database connection within {} ms", patience.as_millis()),
                Refusal::QueueFull => "too many requests wait for a database connection".to_owned(),
            };
            format!("{waited}: connection pool exhausted, {held} of {size} in use")
        })
    }

    /// Gives a lease back, unless this document is one that leaks.
    pub(super) fn give_back(&self, lease: Slot) {
        let nth = self.documents.fetch_add(1, Relaxed);
        if self.leaking.load(Relaxed) && nth.is_multiple_of(LEAK_ONE_IN) {
            self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(lease);
        }
    }

    /// Begins to leak, or stops and gives back what leaked.
    pub(super) fn set_leaking(&self, leaking: bool) {
        self.leaking.store(leaking, Relaxed);
        if !leaking {
            self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// The connections themselves, for sizes and gauges.
    pub(super) fn slots(&self) -> &Slots {
        &self.slots
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_leak_exhausts_the_pool_and_healing_gives_everything_back() {
        let pool = ConnectionPool::new(2);
        pool.set_leaking(true);
        let mut served = 0;
        let said = loop {
            match pool.lease(Duration::ZERO).await {
                Ok(lease) => pool.give_back(lease),
                Err(said) => break said,
            }
            served += 1;
            assert!(served < 100, "it never leaked");
        };
        assert_eq!(said, "no database connection within 0 ms: connection pool exhausted, 2 of 2 in use");
        pool.set_leaking(false);
        assert_eq!(pool.slots().held(), 0);
        assert!(pool.lease(Duration::ZERO).await.is_ok());
    }
}
