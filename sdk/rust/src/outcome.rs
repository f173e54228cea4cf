//! How a runbook ends.

use crate::Effect;

/// Which way a runbook ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Something was done that should help; the host now verifies.
    Acted,
    /// This runbook is not for this case; nothing was changed.
    Declined,
    /// A person must look.
    NeedsPerson,
}

/// How a runbook ended, and what undoes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an outcome counts only where it is returned"]
pub struct Outcome {
    /// Which way.
    pub kind: OutcomeKind,
    /// For the timeline.
    pub summary: String,
    /// What undoes the effects, in this order, where verification finds that they did not help.
    pub inverse: Vec<Effect>,
}

impl Outcome {
    /// Something was done that should help. Declare with [`undo`](Self::undo) what takes it back.
    pub fn acted(summary: impl Into<String>) -> Self {
        Outcome::of(OutcomeKind::Acted, summary)
    }

    /// This runbook is not for this case, and it changed nothing.
    pub fn declined(summary: impl Into<String>) -> Self {
        Outcome::of(OutcomeKind::Declined, summary)
    }

    /// A person must look; the summary tells at what.
    pub fn needs_person(summary: impl Into<String>) -> Self {
        Outcome::of(OutcomeKind::NeedsPerson, summary)
    }

    /// Adds to what the host does, in this order, where it finds that the effects did not help.
    pub fn undo(mut self, effect: Effect) -> Self {
        self.inverse.push(effect);
        self
    }

    fn of(kind: OutcomeKind, summary: impl Into<String>) -> Self {
        Outcome { kind, summary: summary.into(), inverse: Vec::new() }
    }
}
