//! Step 2: the deployment that explains the errors, where there is one.
//!
//! It is suspected only if all of this holds: it runs now and is recent; this runbook did not roll back from it before; it
//! is no return to a version that ran earlier, such as a rollback is; the errors did not begin before it; the share of
//! errors before it was at most half of what it is now; there is a version to go back to.

use ballast_sdk::prelude::*;
use ballast_sdk::services::Deployment;

use crate::errors::{BEFORE_MS, Errors};
use crate::memory::{self, RolledBack};
use crate::parameters::Parameters;
use crate::words::{percent, span};
use crate::{Step, note};

/// Errors may begin so long before the instant of their deployment: a connector may date it by the rollout's end, and
/// its clock is not the store's.
const ROLLOUT_MS: i64 = 15_000;
/// How many times the share before the deployment the present one must be.
const RISE_MIN: f64 = 2.0;

/// A deployment that explains the errors, and the way back.
#[derive(Debug)]
pub(crate) struct Suspect {
    /// The version that runs.
    pub(crate) version: String,
    /// The version that ran before.
    pub(crate) before: String,
    /// Why it is suspected, in one sentence.
    pub(crate) evidence: String,
    /// What this runbook did to this service lately.
    pub(crate) memory: Vec<RolledBack>,
}

/// Finds the deployment that explains the errors; ends the run where none does.
pub(crate) fn find(service: &str, parameters: &Parameters, errors: &Errors, now_ms: i64) -> Step<Suspect> {
    let mut deployments = services::deployments(service).map_err(|error| {
        Outcome::needs_person(format!(
            "whether a deployment explains the errors of {service} is unknown: {error}"
        ))
    })?;
    deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.deployed_at_ms));
    let Some((current, earlier)) = split(&deployments) else {
        return decline(format!("the deployment history of {service} does not tell which version runs"));
    };
    let version = &current.version;
    let age_ms = now_ms - current.deployed_at_ms;
    if age_ms > parameters.recent_ms() {
        let (age, recent) = (span(age_ms), parameters.recent_minutes);
        return decline(format!(
            "no deployment in the last {recent} min: {service} runs {version} since {age}"
        ));
    }
    let memory = recall(service, version, now_ms)?;
    if earlier.iter().any(|older| older.version == *version) {
        let age = span(age_ms);
        return decline(format!(
            "{service} returned to {version} {age} ago: a version that ran before explains nothing"
        ));
    }
    let evidence = evidence(current, errors, now_ms)?;
    note(format!("deployments: {evidence}"));
    let Some(before) = earlier.iter().find(|older| !memory.iter().any(|bad| bad.version == older.version))
    else {
        return decline(format!(
            "{evidence}, but the history of {service} has no other version to go back to"
        ));
    };
    Ok(Suspect { version: version.clone(), before: before.version.clone(), evidence, memory })
}

/// The deployment that brought the version that runs, and those before it, newest first. The same version deployed again,
/// with no other in between, counts from the first time.
fn split(deployments: &[Deployment]) -> Option<(&Deployment, &[Deployment])> {
    let current = deployments.iter().position(|deployment| deployment.current)?;
    let (_, from_current) = deployments.split_at_checked(current)?;
    let version = &from_current.first()?.version;
    let times = from_current.iter().take_while(|deployment| deployment.version == *version).count();
    let (same, earlier) = from_current.split_at_checked(times)?;
    Some((same.last()?, earlier))
}

/// A sentence that convicts the deployment, or the end of the run with the sentence that acquits it.
fn evidence(current: &Deployment, errors: &Errors, now_ms: i64) -> Step<String> {
    let (version, deployed_ms) = (&current.version, current.deployed_at_ms);
    let by = if current.by.is_empty() { String::new() } else { format!(" by {}", current.by) };
    let went_out = format!("{version} went out {} ago{by}", span(now_ms - deployed_ms));
    if errors.onset_ms + ROLLOUT_MS < deployed_ms {
        let earlier = span(deployed_ms - errors.onset_ms);
        return decline(format!("{went_out}, but the errors began {earlier} before it"));
    }
    let began = format!("the errors began {} after it", span(errors.onset_ms - deployed_ms));
    let now = percent(errors.now);
    match errors.median(deployed_ms - BEFORE_MS, deployed_ms) {
        Some(before) if errors.now < before * RISE_MIN => {
            let before = percent(before);
            decline(format!(
                "{went_out}, but the error ratio was {before} before it and is {now} now: no clear rise"
            ))
        }
        Some(before) => {
            Ok(format!("{went_out} and {began}; error ratio {} before it, {now} now", percent(before)))
        }
        None => Ok(format!("{went_out} and {began}; error ratio {now} now, none known from before it")),
    }
}

fn recall(service: &str, version: &str, now_ms: i64) -> Step<Vec<RolledBack>> {
    let memory = memory::recall(service, now_ms).map_err(|error| {
        let text = format!("whether {service} was rolled back from {version} before is unknown: {error}");
        Outcome::needs_person(text)
    })?;
    if let Some(earlier) = memory.iter().find(|earlier| earlier.version == version) {
        let ago = span(now_ms - earlier.at_ms);
        return decline(format!(
            "this runbook rolled {service} back from {version} {ago} ago, and {version} runs again: either that did not \
             help, or somebody deployed it anew"
        ));
    }
    Ok(memory)
}

fn decline<T>(reason: String) -> Step<T> {
    note(format!("deployments: {reason}"));
    Err(Outcome::declined(reason))
}
