//! The memory of one model replica: blocks that are really allocated and written. Close to its limit the replica slows, as
//! a collector that finds ever less to free; at the limit it stands still until memory comes back.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

const BLOCK: usize = 1024 * 1024;
/// What the model itself takes.
const MODEL_BLOCKS: usize = 24;
/// Above this share of the limit, inference slows.
const PRESSURE: f64 = 0.6;
/// Above this share, it stands still.
const EXHAUSTION: f64 = 0.96;
/// How many times slower it is just before it stands still.
const SLOWEST: f64 = 14.0;

/// One replica's memory.
#[derive(Debug)]
pub(super) struct ModelMemory {
    blocks: Mutex<Vec<Vec<u8>>>,
    used: AtomicU64,
    limit: AtomicU64,
    leaking: AtomicBool,
}

impl ModelMemory {
    /// Loads the model.
    pub(super) fn load(limit_bytes: u64) -> Self {
        let memory = Self {
            blocks: Mutex::default(),
            used: AtomicU64::new(0),
            limit: AtomicU64::new(limit_bytes),
            leaking: AtomicBool::new(false),
        };
        memory.keep(MODEL_BLOCKS);
        memory
    }

    /// Bytes held.
    pub(super) fn used_bytes(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// Bytes that it may hold.
    pub(super) fn limit_bytes(&self) -> u64 {
        self.limit.load(Relaxed)
    }

    /// Sets what it may hold.
    pub(super) fn set_limit_bytes(&self, limit: u64) {
        self.limit.store(limit, Relaxed);
    }

    /// Begins to leak, or stops and frees what leaked.
    pub(super) fn set_leaking(&self, leaking: bool) {
        self.leaking.store(leaking, Relaxed);
        if !leaking {
            let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.truncate(MODEL_BLOCKS);
            blocks.shrink_to_fit();
            self.count(&blocks);
        }
    }

    /// Keeps so many blocks more where it leaks and the limit allows.
    pub(super) fn leak(&self, blocks: usize) {
        if self.leaking.load(Relaxed) {
            let room = self.limit_bytes().saturating_sub(self.used_bytes()) / BLOCK as u64;
            self.keep(blocks.min(usize::try_from(room).unwrap_or(blocks)));
        }
    }

    /// How many times slower inference is now; `None` when it stands still.
    pub(super) fn slowdown(&self) -> Option<f64> {
        slowdown(self.used_bytes(), self.limit_bytes())
    }

    fn keep(&self, count: usize) {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        // Written, not only reserved: untouched pages would not be memory.
        blocks.extend((0..count).map(|_| vec![0xA5_u8; BLOCK]));
        self.count(&blocks);
    }

    fn count(&self, blocks: &[Vec<u8>]) {
        self.used.store((blocks.len() * BLOCK) as u64, Relaxed);
    }
}

fn slowdown(used: u64, limit: u64) -> Option<f64> {
    let share = used as f64 / limit.max(1) as f64;
    let pressure = ((share - PRESSURE) / (EXHAUSTION - PRESSURE)).max(0.0);
    (pressure < 1.0).then_some(1.0 + pressure * (SLOWEST - 1.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn it_slows_under_pressure_and_stands_still_at_the_limit() {
        assert_eq!(slowdown(24, 96), Some(1.0));
        let pressed = slowdown(80, 96).unwrap();
        assert!((5.0..SLOWEST).contains(&pressed), "{pressed}");
        assert_eq!(slowdown(95, 96), None);
    }

    #[test]
    fn a_leak_stops_at_the_limit_and_is_freed_when_healed() {
        let memory = ModelMemory::load(32 * BLOCK as u64);
        memory.leak(4);
        assert_eq!(memory.used_bytes(), (MODEL_BLOCKS * BLOCK) as u64, "it leaks only when told");
        memory.set_leaking(true);
        memory.leak(4);
        memory.leak(400);
        assert_eq!(memory.used_bytes(), 32 * BLOCK as u64);
        memory.set_leaking(false);
        assert_eq!(memory.used_bytes(), (MODEL_BLOCKS * BLOCK) as u64);
    }
}
