//! `slo`: the targets of every service that names none of its own, and the window of the error budget.

use std::time::Duration;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;
use crate::config::value;

const DAY: Duration = Duration::from_secs(86_400);

/// Targets where a service gives none. A target that is nowhere given is not watched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slo {
    /// Least share of good requests.
    pub(crate) availability: Option<f64>,
    /// Most time that 95 % of the requests take.
    pub(crate) latency_p95: Option<Duration>,
    /// Most share of failed requests.
    pub(crate) error_rate: Option<f64>,
    /// The period over which the error budget counts.
    pub(crate) window: Duration,
}

impl Default for Slo {
    fn default() -> Self {
        Slo { availability: None, latency_p95: None, error_rate: None, window: 30 * DAY }
    }
}

/// `uptimeTarget`, `latencyP95Target`, `errorRateTarget`, `errorBudgetWindow`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Slo> {
    let mut map = Map::of(context, node);
    let slo = Slo {
        availability: map.get("uptimeTarget", value::availability),
        latency_p95: map.get("latencyP95Target", value::span),
        error_rate: map.get("errorRateTarget", value::error_rate),
        window: map.get("errorBudgetWindow", value::span).unwrap_or(Slo::default().window),
    };
    map.finish();
    Some(slo)
}
