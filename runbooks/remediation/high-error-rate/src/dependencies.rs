//! Step 3: whether something that the service needs is down. Then a rollback would hide the cause and help nobody.

use ballast_sdk::prelude::*;

use crate::{Step, note};

/// Ends the run where a dependency is unhealthy. Dependencies that nobody can tell of do not stop it.
pub(crate) fn check(service: &str) -> Step<()> {
    let all = match services::dependencies(service) {
        Ok(all) => all,
        Err(error) => {
            note(format!("dependencies: going on without knowing ({error})"));
            return Ok(());
        }
    };
    let unhealthy: Vec<String> = all
        .iter()
        .filter(|dependency| !dependency.healthy)
        .map(|dependency| format!("{} ({})", dependency.service, dependency.detail))
        .collect();
    if unhealthy.is_empty() {
        let names: Vec<&str> = all.iter().map(|dependency| dependency.service.as_str()).collect();
        note(if names.is_empty() {
            format!("dependencies: {service} has none")
        } else {
            format!("dependencies: healthy ({})", names.join(", "))
        });
        return Ok(());
    }
    let reason = format!("not rolling {service} back: it needs {}, which fails", unhealthy.join(" and "));
    note(format!("dependencies: {reason}"));
    Err(Outcome::declined(reason))
}
