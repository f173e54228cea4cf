//! High error rate: rolls back the deployment that explains the errors, and only that.
//!
//! Five steps: look for patterns in the error log, look for a recent deployment that the errors began with, look at the
//! dependencies, roll back, look whether the errors fall. Each writes on the timeline what it found. It acts only where
//! the evidence points at one deployment and the way back is known; everything else is declined or left to a person,
//! with the reason. Whether it helped is for the host to verify; the declared inverse brings the suspected version back.

mod dependencies;
mod errors;
mod memory;
mod parameters;
mod patterns;
mod rollback;
mod suspect;
#[cfg(test)]
mod tests;
mod words;

use ballast_sdk::prelude::*;
use parameters::Parameters;

runbook! {
    name: "high-error-rate",
    summary: "Rolls back the deployment that explains a high error rate",
    needs: [
        Metrics => "reads the error ratio now and since before the last deployment",
        Logs => "groups the service's error lines for the timeline",
        Services => "reads deployments and dependencies, and rolls back the deployment that explains the errors",
        Incident => "writes what each step found on the timeline",
        State => "remembers which versions it rolled back from, so that it never does so in a circle",
    ],
    parameters: Parameters,
    schema: include_str!("../parameters.schema.json"),
    run: run,
}

/// What a step found, or the outcome that ends the run.
type Step<T> = std::result::Result<T, Outcome>;

fn run(context: &Context, parameters: Parameters) -> Result<Outcome> {
    Ok(steps(context, &parameters).unwrap_or_else(|end| end))
}

fn steps(context: &Context, parameters: &Parameters) -> Step<Outcome> {
    let now_ms = timer::now_ms();
    patterns::report(&context.service, now_ms);
    let errors = errors::read(&context.service, parameters)?;
    let suspect = suspect::find(&context.service, parameters, &errors, now_ms)?;
    dependencies::check(&context.service)?;
    rollback::perform(&context.service, parameters, &errors, &suspect, now_ms)
}

/// Writes on the timeline. A timeline that does not answer is no reason to leave the service broken.
fn note(text: impl AsRef<str>) {
    if let Err(error) = incident::note(text.as_ref()) {
        log::warn!("not on the timeline ({error}): {}", text.as_ref());
    }
}
