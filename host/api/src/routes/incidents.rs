//! `/api/incidents`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use ballast_engine::{Command, Engine, Reply};
use ballast_types::IncidentId;

use super::{Answer, Host};
use crate::extract::{Body, Id, Parameters};
use crate::problem::Kind;
use crate::router::Api;
use crate::wire::incident::{
    Acknowledgement, Incident, IncidentFilter, IncidentList, IncidentParameters, IncidentSummary,
    NewIncident, Note, Resolution,
};
use crate::wire::problem::Problem;

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/incidents", get(list).post(open))
        .route("/api/incidents/{id}", get(one))
        .route("/api/incidents/{id}/acknowledge", post(acknowledge))
        .route("/api/incidents/{id}/resolve", post(resolve))
        .route("/api/incidents/{id}/notes", post(note))
}

/// Incidents, newest first, page by page.
#[utoipa::path(get, path = "/api/incidents", operation_id = "listIncidents", tag = "incidents", params(IncidentParameters), responses(
    (status = 200, body = IncidentList), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(engine): Host,
    Parameters(parameters): Parameters<IncidentParameters>,
) -> Answer<Json<IncidentList>> {
    let filter = IncidentFilter::try_from(parameters).map_err(Problem::parameters)?;
    let wanted: Vec<IncidentSummary> = engine
        .look(|core| core.incidents().filter(|incident| filter.wants(incident)).map(Into::into).collect());
    let (incidents, next) = filter.window.of(wanted.into_iter(), IncidentSummary::place);
    Ok(Json(IncidentList { incidents, next }))
}

/// Opens an incident by hand.
#[utoipa::path(post, path = "/api/incidents", operation_id = "openIncident", tag = "incidents", request_body = NewIncident, responses(
    (status = 201, body = Incident), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn open(State(engine): Host, Body(new): Body<NewIncident>) -> Answer<impl IntoResponse> {
    let incident = command(&engine, Command::Open(new.try_into()?)).await?;
    let location = format!("/api/incidents/{}", incident.0.summary.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], incident))
}

/// One incident with its alerts and its timeline.
#[utoipa::path(get, path = "/api/incidents/{id}", operation_id = "getIncident", tag = "incidents", params(("id" = String, Path)), responses(
    (status = 200, body = Incident), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(State(engine): Host, Id(id): Id) -> Answer<Json<Incident>> {
    let incident = engine.look(|core| core.incident(&IncidentId::new(id.as_str())).map(Incident::from));
    incident.map(Json).ok_or_else(|| Problem::not_found("incident", &id))
}

/// Somebody takes the incident.
#[utoipa::path(post, path = "/api/incidents/{id}/acknowledge", operation_id = "acknowledgeIncident", tag = "incidents", params(("id" = String, Path)),
    request_body = Acknowledgement, responses(
    (status = 200, body = Incident), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn acknowledge(
    State(engine): Host,
    Id(id): Id,
    Body(wire): Body<Acknowledgement>,
) -> Answer<Json<Incident>> {
    command(&engine, wire.command(IncidentId::new(id))?).await
}

/// Somebody ends the incident.
#[utoipa::path(post, path = "/api/incidents/{id}/resolve", operation_id = "resolveIncident", tag = "incidents", params(("id" = String, Path)),
    request_body = Resolution, responses(
    (status = 200, body = Incident), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn resolve(
    State(engine): Host,
    Id(id): Id,
    Body(wire): Body<Resolution>,
) -> Answer<Json<Incident>> {
    command(&engine, wire.command(IncidentId::new(id))?).await
}

/// Somebody writes on the timeline.
#[utoipa::path(post, path = "/api/incidents/{id}/notes", operation_id = "noteOnIncident", tag = "incidents", params(("id" = String, Path)),
    request_body = Note, responses(
    (status = 200, body = Incident), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn note(State(engine): Host, Id(id): Id, Body(wire): Body<Note>) -> Answer<Json<Incident>> {
    command(&engine, wire.command(IncidentId::new(id))?).await
}

async fn command(engine: &Engine, command: Command) -> Answer<Json<Incident>> {
    match engine.command(command).await? {
        Reply::Incident(incident) => Ok(Json(Incident::from(&*incident))),
        other => {
            tracing::error!(?other, "the engine answered a command on an incident with something else");
            Err(Problem::new(Kind::Internal, "the command took effect; what it did cannot be shown"))
        }
    }
}
