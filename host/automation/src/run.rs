//! The step of an execution.
//!
//! ```text
//! requested ─► running ─► verifying ─► finished(helped)
//!                 │            └─► undoing ─► finished(undone | did-not-help)
//!                 └─► finished(declined | failed | diverged | unverified | cancelled)
//! ```

use ballast_types::Timestamp;
use ballast_types::execution::{Execution, ExecutionState, Outcome, OutcomeKind, RunMode, Verdict};

use crate::verification::{Verification, VerificationPolicy, judge};

/// What happens to an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum RunInput {
    /// The component is about to run. Again after each restart of the host.
    Started {
        /// The indicator's value now; kept only the first time.
        indicator: Option<f64>,
    },
    /// The runbook returned.
    Returned(Outcome),
    /// The runbook did not return.
    Failed {
        /// Why.
        reason: String,
        /// Whether replay diverged.
        diverged: bool,
    },
    /// It performed an effect.
    EffectPerformed,
    /// A look at the indicator.
    Indicator(Option<f64>),
    /// Its inverse was applied.
    Undone {
        /// What failed, where something did.
        failure: Option<String>,
    },
    /// A person ends it.
    Cancelled {
        /// Who.
        by: String,
    },
}

/// What the engine must now do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Apply the outcome's inverse.
    ApplyInverse,
    /// Stop the component.
    Stop,
}

/// Why an input does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an execution that is {state} cannot take `{input}`")]
pub struct RunError {
    /// The state's name.
    pub state: &'static str,
    /// The input's name.
    pub input: &'static str,
}

/// Advances an execution. The text, where there is one, belongs on the timeline.
pub fn step(
    execution: &Execution,
    input: RunInput,
    now: Timestamp,
    policy: &VerificationPolicy,
) -> Result<(Execution, Option<RunAction>, Option<String>), RunError> {
    use ExecutionState::{Requested, Running, Undoing, Verifying};
    let mut next = execution.clone();
    let (state, action, text) = match (&execution.state, input) {
        (Requested, RunInput::Started { indicator }) => {
            next.indicator_before = indicator.unwrap_or(f64::NAN);
            (Running { since: now, attempt: 1 }, None, None)
        }
        (Running { since, attempt }, RunInput::Started { .. }) => {
            let text = format!("began again after a restart of the host (attempt {})", attempt + 1);
            (Running { since: *since, attempt: attempt + 1 }, None, Some(text))
        }
        (Running { .. }, RunInput::EffectPerformed) => {
            next.effects += 1;
            return Ok((next, None, None));
        }
        (Undoing { .. }, RunInput::EffectPerformed) => return Ok((next, None, None)),
        (Running { .. }, RunInput::Returned(outcome)) => {
            let text = Some(outcome.summary.clone());
            (returned(execution, outcome, now, policy), None, text)
        }
        (Requested | Running { .. }, RunInput::Failed { reason, diverged }) => {
            let text = Some(reason.clone());
            let verdict = match diverged {
                true => Verdict::Diverged { reason },
                false => Verdict::Failed { reason },
            };
            (finished(now, verdict, ""), None, text)
        }
        (Verifying { outcome, since, deadline, healthy_since }, RunInput::Indicator(value)) => {
            next.indicator_after = value;
            let verdict = verify(execution, value, *healthy_since, *deadline, policy, now);
            verified(execution, outcome, *since, *deadline, verdict, value, now)
        }
        (Undoing { outcome, .. }, RunInput::Undone { failure }) => {
            let (verdict, text) = match failure {
                None => (Verdict::Undone, "undone: the world is as it was before".to_owned()),
                Some(failure) => (Verdict::DidNotHelp, format!("could not undo: {failure}")),
            };
            (finished(now, verdict, &outcome.summary), None, Some(text))
        }
        (Requested | Running { .. } | Verifying { .. }, RunInput::Cancelled { by }) => {
            (finished(now, Verdict::Cancelled, ""), Some(RunAction::Stop), Some(format!("cancelled by {by}")))
        }
        (_, input) => return Err(RunError { state: execution.state.name(), input: input.name() }),
    };
    next.state = state;
    Ok((next, action, text))
}

fn returned(
    execution: &Execution,
    outcome: Outcome,
    now: Timestamp,
    policy: &VerificationPolicy,
) -> ExecutionState {
    match (outcome.kind, execution.mode, &execution.objective) {
        (OutcomeKind::Acted, RunMode::Live, Some(_)) => ExecutionState::Verifying {
            outcome,
            since: now,
            deadline: now + policy.within,
            healthy_since: None,
        },
        (OutcomeKind::Acted, ..) => finished(now, Verdict::Unverified, &outcome.summary),
        (OutcomeKind::Declined | OutcomeKind::NeedsPerson, ..) => {
            finished(now, Verdict::Declined, &outcome.summary)
        }
    }
}

fn verify(
    execution: &Execution,
    value: Option<f64>,
    healthy_since: Option<Timestamp>,
    deadline: Timestamp,
    policy: &VerificationPolicy,
    now: Timestamp,
) -> Verification {
    match &execution.objective {
        Some(objective) => judge(objective, value, healthy_since, deadline, policy.hold, now),
        None => Verification::DidNotHelp,
    }
}

fn verified(
    execution: &Execution,
    outcome: &Outcome,
    since: Timestamp,
    deadline: Timestamp,
    verdict: Verification,
    value: Option<f64>,
    now: Timestamp,
) -> (ExecutionState, Option<RunAction>, Option<String>) {
    let evidence = evidence(execution, value);
    match verdict {
        Verification::Watching { healthy_since } => {
            let outcome = outcome.clone();
            (ExecutionState::Verifying { outcome, since, deadline, healthy_since }, None, None)
        }
        Verification::Helped => {
            (finished(now, Verdict::Helped, &outcome.summary), None, Some(format!("helped: {evidence}")))
        }
        Verification::DidNotHelp if outcome.inverse.is_empty() => {
            let text = format!("did not help, and there is nothing to undo: {evidence}");
            (finished(now, Verdict::DidNotHelp, &outcome.summary), None, Some(text))
        }
        Verification::DidNotHelp => {
            let text = format!("did not help, undoing: {evidence}");
            let state = ExecutionState::Undoing { outcome: outcome.clone(), since: now };
            (state, Some(RunAction::ApplyInverse), Some(text))
        }
    }
}

/// Before, after and target in one line.
fn evidence(execution: &Execution, value: Option<f64>) -> String {
    let Some(objective) = &execution.objective else { return "no objective".into() };
    let show = |v: f64| if v.is_nan() { "no value".to_owned() } else { format!("{v:.4}") };
    format!(
        "{} of {} was {}, is {}, target {}",
        objective.name(),
        objective.service,
        show(execution.indicator_before),
        show(value.unwrap_or(f64::NAN)),
        objective.target
    )
}

fn finished(at: Timestamp, verdict: Verdict, summary: &str) -> ExecutionState {
    ExecutionState::Finished { at, verdict, summary: summary.to_owned() }
}

impl RunInput {
    fn name(&self) -> &'static str {
        match self {
            RunInput::Started { .. } => "started",
            RunInput::Returned(_) => "returned",
            RunInput::Failed { .. } => "failed",
            RunInput::EffectPerformed => "effect performed",
            RunInput::Indicator(_) => "indicator",
            RunInput::Undone { .. } => "undone",
            RunInput::Cancelled { .. } => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests;
