//! How much an evaluation may hold, and whether it shall go on.

use std::cell::Cell;

use crate::{EvalError, Interrupt};

/// The samples that an evaluation holds, and the most that it may.
#[derive(Debug)]
pub(crate) struct Budget {
    held: Cell<usize>,
    most: usize,
    interrupt: Option<Interrupt>,
}

impl Budget {
    /// Nothing held yet.
    pub(crate) fn new(most: usize, interrupt: Option<Interrupt>) -> Self {
        Budget { held: Cell::new(0), most, interrupt }
    }

    /// Takes samples into account, and asks whether to go on.
    pub(crate) fn charge(&self, samples: usize) -> Result<(), EvalError> {
        self.afford(samples)?;
        self.held.set(self.held.get().saturating_add(samples));
        Ok(())
    }

    /// Whether so many more may be held; to be asked before memory is taken.
    pub(crate) fn afford(&self, samples: usize) -> Result<(), EvalError> {
        if self.held.get().saturating_add(samples) > self.most {
            return Err(EvalError::TooManySamples(self.most));
        }
        self.check()
    }

    /// Samples that are held no more.
    pub(crate) fn release(&self, samples: usize) {
        self.held.set(self.held.get().saturating_sub(samples));
    }

    /// An error where the evaluation shall stop.
    pub(crate) fn check(&self) -> Result<(), EvalError> {
        self.interrupt.as_ref().map_or(Ok(()), Interrupt::check)
    }
}
