//! Steps 4 and 5: roll back, and look once whether the errors fall.
//!
//! The host verifies over its hold time and decides whether it helped; the look here is for whoever reads the timeline.

use ballast_sdk::prelude::*;

use crate::errors::Errors;
use crate::parameters::Parameters;
use crate::suspect::Suspect;
use crate::words::percent;
use crate::{Step, memory, note};

/// Rolls back to the version before the suspect.
pub(crate) fn perform(
    service: &str,
    parameters: &Parameters,
    errors: &Errors,
    suspect: &Suspect,
    now_ms: i64,
) -> Step<Outcome> {
    let Suspect { version, before, evidence, .. } = suspect;
    let change =
        services::rollback(service, Some(before)).map_err(|error| failed(service, suspect, &error))?;
    let inverse = Effect::rollback_to(service, version);
    if change.preview {
        note(format!("rollback: would go from {version} to {before}: {}", change.detail));
        let text = format!("would roll {service} back from {version} to {before}: {evidence}");
        return Ok(Outcome::acted(text).undo(inverse));
    }
    note(format!("rollback: from {version} to {before}: {}", change.detail));
    if let Err(error) = memory::keep(service, suspect.memory.clone(), version, now_ms) {
        note(format!("rollback: it could not be remembered ({error})"));
    }
    settle(service, parameters, errors);
    let text = format!("rolled {service} back from {version} to {before}: {evidence}");
    Ok(Outcome::acted(text).undo(inverse))
}

fn failed(service: &str, suspect: &Suspect, error: &Error) -> Outcome {
    let Suspect { version, before, evidence, .. } = suspect;
    let advice = match error {
        Error::Uncertain(_) => "it may have happened: look at which version runs",
        Error::Refused(_) | Error::Denied(_) => "it was not allowed, so it is for a person to decide",
        Error::Conflict(_) => "somebody else may be at it",
        _ => "nothing was rolled back",
    };
    let text =
        format!("rolling {service} back from {version} to {before} failed ({error}): {advice}; {evidence}");
    note(format!("rollback: {text}"));
    Outcome::needs_person(text)
}

/// Waits and looks once. Nothing that goes wrong here takes back what was done.
fn settle(service: &str, parameters: &Parameters, errors: &Errors) {
    let wait = Duration::from_millis(parameters.settle_ms);
    if wait.is_zero() {
        return;
    }
    let seen = timer::sleep(wait).and_then(|()| metrics::query_one(parameters.error_ratio(service)));
    let before = percent(errors.now);
    let secs = wait.as_secs_f64();
    note(match seen {
        Ok(Some(now)) if now < errors.now => {
            format!("check: after {secs} s the error ratio falls, from {before} to {}", percent(now))
        }
        Ok(Some(now)) => {
            format!("check: after {secs} s the error ratio does not fall yet: {before}, now {}", percent(now))
        }
        Ok(None) => format!("check: after {secs} s the error ratio has no value"),
        Err(error) => format!("check: the error ratio could not be looked at ({error})"),
    });
}
