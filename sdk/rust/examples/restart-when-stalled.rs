//! Restarts the instances that stall.
use ballast_sdk::prelude::*;

runbook! {
    name: "restart-when-stalled",
    summary: "Restarts the instances that stall, unless all do",
    needs: [Services => "finds and restarts the instances that stall"],
    run: restart_stalled,
}

fn restart_stalled(context: &Context) -> Result<Outcome> {
    let instances = services::instances(&context.service)?;
    let stalled: Vec<_> = instances.iter().filter(|instance| instance.state == "stalled").collect();
    if stalled.is_empty() {
        return Ok(Outcome::declined("no instance stalls"));
    }
    if stalled.len() == instances.len() {
        return Ok(Outcome::needs_person("every instance stalls: a restart would take the service down"));
    }
    for instance in &stalled {
        let change = services::restart(&context.service, Some(&instance.id))?;
        log::info!("{}", change.detail);
    }
    Ok(Outcome::acted(format!("restarted {} of {} instances", stalled.len(), instances.len())))
}
