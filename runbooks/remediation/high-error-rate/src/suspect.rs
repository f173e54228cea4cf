//! Step 2: the deployment that explains the errors, where there is one.
//!
//! It is suspected only if all of this holds: it runs now, it is recent, the errors did not begin before it, the share of
//! errors before it was at most half of what it is now, it was not rolled back from before, and there is a version to
//! go back to.

use ballast_sdk::prelude::*;
use ballast_sdk::services::Deployment;

use crate::errors::{BEFORE_MS, Errors};
use crate::memory::{self, RolledBack};
use crate::parameters::Parameters;
use crate::words::{percent, span};
use crate::{Step, note};

/// The connector's clock and the store's may differ by so much.
const SKEW_MS: i64 = 5_000;
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
    let age_ms = now_ms - current.deployed_at_ms;
    if age_ms > parameters.recent_ms() {
        let (version, age, recent) = (&current.version, span(age_ms), parameters.recent_minutes);
        return decline(format!(
            "no deployment in the last {recent} min: {service} runs {version} since {age}"
        ));
    }
    let evidence = evidence(current, errors, now_ms)?;
    note(format!("deployments: {evidence}"));
    let memory = recall(service, &current.version, now_ms)?;
    let Some(before) = earlier.iter().find(|older| is_way_back(older, current, &memory)) else {
        return decline(format!(
            "{evidence}, but the history of {service} has no other version to go back to"
        ));
    };
    Ok(Suspect { version: current.version.clone(), before: before.version.clone(), evidence, memory })
}

/// The deployment that runs and those before it, newest first.
fn split(deployments: &[Deployment]) -> Option<(&Deployment, &[Deployment])> {
    let index = deployments.iter().position(|deployment| deployment.current)?;
    Some((deployments.get(index)?, deployments.get(index + 1..)?))
}

/// A sentence that convicts the deployment, or the end of the run with the sentence that acquits it.
fn evidence(current: &Deployment, errors: &Errors, now_ms: i64) -> Step<String> {
    let (version, deployed_ms) = (&current.version, current.deployed_at_ms);
    let by = if current.by.is_empty() { String::new() } else { format!(" by {}", current.by) };
    let went_out = format!("{version} went out {} ago{by}", span(now_ms - deployed_ms));
    if errors.onset_ms + SKEW_MS < deployed_ms {
        let earlier = span(deployed_ms - errors.onset_ms);
        return decline(format!("{went_out}, but the errors began {earlier} before it"));
    }
    let began = format!("the errors began {} after it", span(errors.onset_ms - deployed_ms));
    let now = percent(errors.now);
    match errors.mean(deployed_ms - BEFORE_MS, deployed_ms) {
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

/// Another version, and none that was itself found bad.
fn is_way_back(older: &Deployment, current: &Deployment, memory: &[RolledBack]) -> bool {
    older.version != current.version && !memory.iter().any(|bad| bad.version == older.version)
}

fn decline<T>(reason: String) -> Step<T> {
    note(format!("deployments: {reason}"));
    Err(Outcome::declined(reason))
}
