//! Everything at a glance.

use std::collections::BTreeMap;

use ballast_engine::Funnel as DomainFunnel;
use serde::Serialize;
use utoipa::ToSchema;

use super::execution::ExecutionSummary;
use super::incident::IncidentSummary;
use super::problem::ProblemError;
use super::scalar::Instant;
use super::service::Service;
use super::target::Target;

/// How many there are under each name; every name is there, with 0 where there are none.
pub(crate) type Counts = BTreeMap<&'static str, usize>;

/// The consolidated view.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dashboard {
    /// As of when.
    pub(crate) at: Instant,
    pub(crate) version: String,
    /// Position of the last event; with `/ws/events?from=` one more than it, nothing is missed.
    pub(crate) sequence: u64,
    pub(crate) alerts: AlertCounts,
    pub(crate) incidents: IncidentCounts,
    /// Incidents that are not resolved, newest first.
    pub(crate) open_incidents: Vec<IncidentSummary>,
    pub(crate) services: Vec<Service>,
    /// Executions that are not finished, newest first.
    pub(crate) running_executions: Vec<ExecutionSummary>,
    pub(crate) funnel: Funnel,
    /// Targets whose last scrape failed.
    pub(crate) targets_down: Vec<Target>,
    pub(crate) problems: Problems,
}

/// How many alerts there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertCounts {
    /// `pending`, `firing` and `resolved`.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub(crate) by_state: Counts,
    /// Those that fire, by their label `severity`; the empty name counts those without.
    pub(crate) firing_by_severity: BTreeMap<String, usize>,
    /// Those that fire and are muted.
    pub(crate) silenced: usize,
}

/// How many incidents there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IncidentCounts {
    /// `triggered`, `acknowledged`, `mitigated` and `resolved`.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub(crate) by_state: Counts,
    /// Those that are open, `SEV1` to `SEV5`.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub(crate) open_by_severity: Counts,
}

/// What became of automatic remediation, over all executions that are kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Funnel {
    /// Runbooks that were decided on.
    eligible: u32,
    /// Those that acted.
    attempted: u32,
    /// Those that verification found to have helped.
    verified: u32,
    /// Those that were undone.
    undone: u32,
    /// Those after which a person had to act.
    escalated: u32,
}

impl From<DomainFunnel> for Funnel {
    fn from(funnel: DomainFunnel) -> Self {
        let DomainFunnel { eligible, attempted, verified, undone, escalated } = funnel;
        Funnel { eligible, attempted, verified, undone, escalated }
    }
}

/// What was refused; what was good before goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problems {
    pub(crate) rules: Vec<ProblemError>,
    pub(crate) plugins: Vec<ProblemError>,
}
