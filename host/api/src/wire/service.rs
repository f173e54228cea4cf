//! Services and their objectives.

use ballast_types::objective::Objective as DomainObjective;
use ballast_types::service::Service as DomainService;
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{SampleValue, millis};

/// A target for one indicator.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bound {
    /// `availability` (the target is a lower bound), `latency-p95` in seconds or `error-rate` (upper bounds).
    kind: &'static str,
    target: f64,
    /// PromQL that yields the indicator's present value.
    indicator: String,
    /// The period over which the error budget counts.
    window_ms: u64,
}

impl From<&DomainObjective> for Bound {
    fn from(objective: &DomainObjective) -> Self {
        Bound {
            kind: objective.name(),
            target: objective.target,
            indicator: objective.indicator.clone(),
            window_ms: millis(objective.window),
        }
    }
}

/// An objective as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Objective {
    #[serde(flatten)]
    bound: Bound,
    /// The indicator's present value; null where there is none.
    value: Option<SampleValue>,
    /// Whether it is within the target; null where there is no value, or none that is a number (no traffic).
    met: Option<bool>,
    /// Why there is no value, where the query failed.
    error: Option<String>,
}

impl Objective {
    /// An objective with the answer to its indicator's query.
    pub(crate) fn of(objective: &DomainObjective, present: Result<Option<f64>, String>) -> Self {
        let (value, error) = match present {
            Ok(value) => (value, None),
            Err(error) => (None, Some(error)),
        };
        let judged = value.filter(|value| !value.is_nan());
        Objective {
            bound: objective.into(),
            value: value.map(SampleValue),
            met: judged.map(|value| objective.met_by(value)),
            error,
        }
    }
}

/// A service as the dashboard shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    name: String,
    /// `critical`, `high`, `medium` or `low`.
    criticality: &'static str,
    /// Names of the services that it needs.
    dependencies: Vec<String>,
    objectives: Vec<Objective>,
    /// How many of its incidents are open.
    incidents_open: usize,
}

impl Service {
    /// A service with what is known of it now.
    pub(crate) fn of(service: &DomainService, objectives: Vec<Objective>, incidents_open: usize) -> Self {
        Service {
            name: service.name.to_string(),
            criticality: service.criticality.name(),
            dependencies: service.dependencies.iter().map(ToString::to_string).collect(),
            objectives,
            incidents_open,
        }
    }
}
