//! The smallest runbook: one line to the log, one outcome. The bench measures it.
use ballast_sdk::prelude::*;

runbook! {
    name: "minimal",
    summary: "Does nothing, quickly",
    needs: [],
    run: decline,
}

fn decline(_: &Context) -> Result<Outcome> {
    log::info!("nothing to do");
    Ok(Outcome::declined("nothing to do"))
}
