//! A bounded set of slots whose size can change while they are held: workers and database connections are both this.
//! The invariant: never more than `size` are held, except those that were held before it shrank.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The set.
#[derive(Debug)]
pub(super) struct Slots {
    semaphore: Arc<Semaphore>,
    sizes: Mutex<Sizes>,
    waiting: AtomicUsize,
    held: AtomicUsize,
}

#[derive(Debug)]
struct Sizes {
    size: usize,
    /// Slots to withdraw as they come back, because they were held when the set shrank.
    debt: usize,
}

/// Why no slot was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many callers wait as may wait.
    QueueFull,
    /// None came back in time.
    TimedOut,
}

impl Slots {
    /// A set of so many.
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            semaphore: Arc::new(Semaphore::new(size)),
            sizes: Mutex::new(Sizes { size, debt: 0 }),
            waiting: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
        })
    }

    /// Takes a slot, waiting in order of arrival.
    ///
    /// # Errors
    /// [`Refusal`] where the queue is full or the patience ends.
    pub(super) async fn acquire(self: &Arc<Self>, queue: usize, patience: Duration) -> Result<Slot, Refusal> {
        if let Ok(permit) = Arc::clone(&self.semaphore).try_acquire_owned() {
            return Ok(self.hold(permit));
        }
        if self.waiting.load(Relaxed) >= queue {
            return Err(Refusal::QueueFull);
        }
        let _place = Waiting::enter(&self.waiting);
        let permit = tokio::time::timeout(patience, Arc::clone(&self.semaphore).acquire_owned()).await;
        permit.ok().and_then(Result::ok).map(|permit| self.hold(permit)).ok_or(Refusal::TimedOut)
    }

    /// Grows at once; shrinks by what is free now and by the rest as it comes back.
    pub(super) fn resize(&self, size: usize) {
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if size >= sizes.size {
            let grown = size - sizes.size;
            let forgiven = grown.min(sizes.debt);
            sizes.debt -= forgiven;
            self.semaphore.add_permits(grown - forgiven);
        } else {
            let shrunk = sizes.size - size;
            sizes.debt += shrunk - self.semaphore.forget_permits(shrunk);
        }
        sizes.size = size;
    }

    /// How many there are.
    pub(super) fn size(&self) -> usize {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).size
    }

    /// How many are held.
    pub(super) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    /// How many callers wait for one.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    fn hold(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        self.held.fetch_add(1, Relaxed);
        Slot { permit: Some(permit), slots: Arc::clone(self) }
    }

    fn withdraw_one(&self) -> bool {
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = sizes.debt > 0;
        sizes.debt -= usize::from(owed);
        owed
    }
}

/// Counts a waiting caller, also when the caller goes away.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// One held slot; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Slot {
    permit: Option<OwnedSemaphorePermit>,
    slots: Arc<Slots>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.held.fetch_sub(1, Relaxed);
        if let Some(permit) = self.permit.take()
            && self.slots.withdraw_one()
        {
            permit.forget();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[tokio::test]
    async fn a_full_set_refuses_and_a_returned_slot_serves_the_next() {
        let slots = Slots::new(1);
        let held = slots.acquire(0, NOW).await.unwrap();
        assert_eq!(slots.acquire(0, NOW).await.unwrap_err(), Refusal::QueueFull);
        assert_eq!(slots.acquire(1, NOW).await.unwrap_err(), Refusal::TimedOut);
        assert_eq!((slots.held(), slots.waiting()), (1, 0));
        drop(held);
        assert!(slots.acquire(0, NOW).await.is_ok());
    }

    #[tokio::test]
    async fn shrinking_below_what_is_held_takes_effect_as_slots_come_back() {
        let slots = Slots::new(3);
        let held = [slots.acquire(0, NOW).await.unwrap(), slots.acquire(0, NOW).await.unwrap()];
        slots.resize(1);
        drop(held);
        let _only = slots.acquire(0, NOW).await.unwrap();
        assert_eq!(slots.acquire(0, NOW).await.unwrap_err(), Refusal::QueueFull);
    }

    #[tokio::test]
    async fn growing_again_forgives_what_was_owed() {
        let slots = Slots::new(2);
        let held = [slots.acquire(0, NOW).await.unwrap(), slots.acquire(0, NOW).await.unwrap()];
        slots.resize(1);
        slots.resize(3);
        let _third = slots.acquire(0, NOW).await.unwrap();
        assert_eq!(slots.acquire(0, NOW).await.unwrap_err(), Refusal::QueueFull);
        drop(held);
        assert!(slots.acquire(0, NOW).await.is_ok());
    }
}
