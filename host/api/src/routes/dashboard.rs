//! `/api/dashboard`: what a person wants to see first, in one answer.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use ballast_engine::Engine;
use ballast_engine::core::Core;
use ballast_types::Timestamp;
use ballast_types::alert::AlertState;
use ballast_types::incident::Severity;
use ballast_types::objective::Objective as DomainObjective;
use ballast_types::service::Service as DomainService;

use super::Host;
use crate::router::Api;
use crate::wire::dashboard::{AlertCounts, Counts, Dashboard, IncidentCounts, Problems};
use crate::wire::execution::ExecutionSummary;
use crate::wire::incident::IncidentSummary;
use crate::wire::plugin;
use crate::wire::problem::ProblemError;
use crate::wire::scalar::Instant;
use crate::wire::service::{Objective, Service};
use crate::wire::target::Target;

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/api/dashboard", get(dashboard))
}

/// Alerts, incidents, services with their objectives, executions, and what is wrong with the host itself.
#[utoipa::path(get, path = "/api/dashboard", operation_id = "getDashboard", tag = "dashboard", responses((status = 200, body = Dashboard)))]
pub(crate) async fn dashboard(State(engine): Host) -> Json<Dashboard> {
    let now = engine.now();
    // The position first: what happens while the rest is gathered comes again with the events after it.
    let sequence = engine.last_sequence().0;
    let services = services(&engine, now).await;
    let targets_down = engine.targets().iter().filter(|t| t.up == Some(false)).map(Target::from).collect();
    let problems = Problems {
        rules: engine.rulebook().problems().iter().map(ProblemError::from).collect(),
        plugins: plugin::problems(&engine.plugins().statuses()),
    };
    Json(engine.look(|core| Dashboard {
        at: Instant(now),
        version: engine.version().to_owned(),
        sequence,
        alerts: alert_counts(core, now),
        incidents: incident_counts(core),
        open_incidents: open_incidents(core),
        services,
        running_executions: running_executions(core),
        funnel: core.funnel().into(),
        targets_down,
        problems,
    }))
}

async fn services(engine: &Engine, now: Timestamp) -> Vec<Service> {
    let settings = engine.look(|core| core.settings().clone());
    let mut services = Vec::with_capacity(settings.services.len());
    for service in &settings.services {
        let mut objectives = Vec::with_capacity(service.objectives.len());
        for objective in &service.objectives {
            objectives.push(Objective::of(objective, present(engine, objective, now).await));
        }
        services.push(Service::of(service, objectives, incidents_open(engine, service)));
    }
    services
}

/// The indicator's present value; none where its query yields nothing.
async fn present(
    engine: &Engine,
    objective: &DomainObjective,
    now: Timestamp,
) -> Result<Option<f64>, String> {
    let value = engine.query(&objective.indicator, now).await.map_err(|error| error.to_string())?;
    Ok(value.into_vector().first().map(|sample| sample.value))
}

fn incidents_open(engine: &Engine, service: &DomainService) -> usize {
    engine.look(|core| {
        let open = core.incidents().filter(|incident| incident.state.is_open());
        open.filter(|incident| incident.service.as_ref() == Some(&service.name)).count()
    })
}

fn alert_counts(core: &Core, now: Timestamp) -> AlertCounts {
    let mut counts = AlertCounts {
        by_state: ["pending", "firing", "resolved"].map(|name| (name, 0)).into(),
        firing_by_severity: Default::default(),
        silenced: 0,
    };
    for alert in core.alerts() {
        *counts.by_state.entry(alert.state.name()).or_default() += 1;
        if matches!(alert.state, AlertState::Firing { .. }) {
            let severity = alert.labels.get("severity").unwrap_or_default().to_owned();
            *counts.firing_by_severity.entry(severity).or_default() += 1;
            counts.silenced += usize::from(core.muted_by(alert, now).is_some());
        }
    }
    counts
}

fn incident_counts(core: &Core) -> IncidentCounts {
    let mut by_state: Counts =
        ["triggered", "acknowledged", "mitigated", "resolved"].map(|name| (name, 0)).into();
    let mut open_by_severity: Counts = Severity::ALL.map(|severity| (severity.as_str(), 0)).into();
    for incident in core.incidents() {
        *by_state.entry(incident.state.name()).or_default() += 1;
        *open_by_severity.entry(incident.severity.as_str()).or_default() +=
            usize::from(incident.state.is_open());
    }
    IncidentCounts { by_state, open_by_severity }
}

fn open_incidents(core: &Core) -> Vec<IncidentSummary> {
    let open = core.incidents().filter(|incident| incident.state.is_open());
    let mut open: Vec<IncidentSummary> = open.map(IncidentSummary::from).collect();
    open.sort_by_key(|incident| std::cmp::Reverse(incident.place()));
    open
}

fn running_executions(core: &Core) -> Vec<ExecutionSummary> {
    let running = core.executions().filter(|execution| !execution.state.is_finished());
    let mut running: Vec<ExecutionSummary> = running.map(ExecutionSummary::from).collect();
    running.sort_by_key(|execution| std::cmp::Reverse(execution.place()));
    running
}
