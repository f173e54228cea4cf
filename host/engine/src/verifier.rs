//! The verifier: looks at the indicator of every execution under verification, at a steady pace.

use std::sync::Arc;

use ballast_ports::SeriesStore;
use ballast_types::Timestamp;

use crate::core::{Input, RunEvent};
use crate::door::DoorShared;

/// The indicator's value now; `None` where it has none, which is never taken for health.
pub(crate) fn indicator_value(series: &dyn SeriesStore, expression: &str, now: Timestamp) -> Option<f64> {
    let parsed = ballast_promql::parse(expression).ok()?;
    let value = ballast_promql::evaluate(&parsed, series, now, &Default::default()).ok()?;
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
            let value = execution
                .objective
                .as_ref()
                .and_then(|o| indicator_value(&*shared.series, &o.indicator, now));
            let event = RunEvent::Indicator(value);
            if let Err(error) = shared.dispatcher.submit(Input::Run(execution.id.clone(), event)).await {
                // It ended between the look and the word; nothing is lost.
                tracing::debug!(execution = %execution.id, %error, "an indicator came too late");
            }
        }
        shared.clock.sleep_until(now + interval).await;
    }
}
