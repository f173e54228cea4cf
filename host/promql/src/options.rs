//! What an evaluation may do, and how it is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::EvalError;

/// What an evaluation may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How old the latest sample of a series may be for it to be there.
    pub lookback: Duration,
    /// The step of a subquery that names none.
    pub subquery_step: Duration,
    /// Most samples that one evaluation may hold at one time, those that it read among them.
    pub samples_max: usize,
    /// Whether the source may be asked for summaries of windows instead of their samples.
    pub summaries: bool,
    /// Stops the evaluation from outside.
    pub interrupt: Option<Interrupt>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            lookback: Duration::from_secs(300),
            subquery_step: Duration::from_secs(60),
            samples_max: 50_000_000,
            summaries: true,
            interrupt: None,
        }
    }
}

/// Stops evaluations from outside. A clone stops the same ones.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicU8>);

const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;

impl Interrupt {
    /// Nobody waits for the result any more.
    pub fn cancel(&self) {
        self.0.store(CANCELLED, Ordering::Relaxed);
    }

    /// The time that the evaluation may take is over.
    pub fn time_out(&self) {
        self.0.store(TIMED_OUT, Ordering::Relaxed);
    }

    /// An error where the evaluation shall stop.
    pub(crate) fn check(&self) -> Result<(), EvalError> {
        match self.0.load(Ordering::Relaxed) {
            CANCELLED => Err(EvalError::Cancelled),
            TIMED_OUT => Err(EvalError::TimedOut),
            _ => Ok(()),
        }
    }
}

impl PartialEq for Interrupt {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Interrupt {}
