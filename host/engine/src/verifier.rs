//! The verifier: looks at the indicator of every execution under verification, at a steady pace.

use std::sync::Arc;

use ballast_types::execution::Execution;

use crate::core::{Input, RunEvent};
use crate::door::DoorShared;

/// The present value of the indicator that an execution is judged by; `None` where it has none, which is never taken for
/// health.
pub(crate) async fn indicator_of(execution: &Execution, shared: &DoorShared) -> Option<f64> {
    let parsed = shared.source.parse(&execution.objective.as_ref()?.indicator).ok()?;
    let value = shared.source.instant(&parsed, shared.clock.now(), Default::default()).await.ok()?;
    value.into_vector().first().map(|sample| sample.value).filter(|value| !value.is_nan())
}

/// Looks until the engine stops.
pub(crate) async fn run(shared: Arc<DoorShared>) {
    loop {
        let (verifying, interval) = {
            let core = shared.dispatcher.core();
            (core.verifying(), core.settings().verification_interval)
        };
        let now = shared.clock.now();
        for execution in verifying {
            let event = RunEvent::Indicator(indicator_of(&execution, &shared).await);
            if let Err(error) = shared.dispatcher.submit(Input::Run(execution.id.clone(), event)).await {
                // It ended between the look and the word; nothing is lost.
                tracing::debug!(execution = %execution.id, %error, "an indicator came too late");
            }
        }
        shared.clock.sleep_until(now + interval).await;
    }
}
