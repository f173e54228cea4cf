//! The auto-remediation funnel: of the problems for which there was a runbook, how many did Ballast solve by itself?

use ballast_types::execution::{Execution, ExecutionState, RunMode, Verdict};

/// Counts over live executions that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Runbooks that were decided on.
    pub eligible: u32,
    /// Those that acted.
    pub attempted: u32,
    /// Those that verification found to have helped.
    pub verified: u32,
    /// Those that were undone.
    pub undone: u32,
    /// Those after which a person had to act.
    pub escalated: u32,
}

/// Folds executions into the funnel.
pub fn funnel<'a>(executions: impl IntoIterator<Item = &'a Execution>) -> Funnel {
    let mut funnel = Funnel::default();
    for execution in executions.into_iter().filter(|e| e.mode == RunMode::Live) {
        let ExecutionState::Finished { verdict, .. } = &execution.state else { continue };
        funnel.eligible += 1;
        funnel.attempted += u32::from(execution.effects > 0);
        funnel.verified += u32::from(*verdict == Verdict::Helped);
        funnel.undone += u32::from(*verdict == Verdict::Undone);
        funnel.escalated += u32::from(verdict.needs_person());
    }
    funnel
}
