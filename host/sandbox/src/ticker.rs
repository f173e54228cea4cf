//! The one thread that advances the engine's epoch, which ends slices of a guest's time on the processor.
//!
//! It holds the engine weakly and stops when it is dropped, so that it never outlives the runtime.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::EngineWeak;

/// Length of a slice. Deadlines are counted in slices, so this is also how exact they are.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts to tick.
    pub(crate) fn start(engine: EngineWeak) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("sandbox-ticker".to_owned()).spawn(move || {
            while stopped.recv_timeout(SLICE) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
        Ok(Ticker { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Only a panic in it could fail this, and then there is nothing left to stop.
            let _ = thread.join();
        }
    }
}
