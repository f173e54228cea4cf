//! `/api/executions`.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use ballast_engine::Command;
use ballast_types::ExecutionId;

use super::{Answer, Host};
use crate::extract::{Body, Id, Parameters};
use crate::router::Api;
use crate::wire::execution::{
    Cancellation, Execution, ExecutionFilter, ExecutionList, ExecutionParameters, ExecutionSummary,
};
use crate::wire::problem::Problem;
use crate::wire::{journal, parse};

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/executions", get(list))
        .route("/api/executions/{id}", get(one))
        .route("/api/executions/{id}/cancel", post(cancel))
}

/// Executions, newest first, page by page.
#[utoipa::path(get, path = "/api/executions", operation_id = "listExecutions", tag = "executions", params(ExecutionParameters), responses(
    (status = 200, body = ExecutionList), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(engine): Host,
    Parameters(parameters): Parameters<ExecutionParameters>,
) -> Answer<Json<ExecutionList>> {
    let filter = ExecutionFilter::try_from(parameters).map_err(Problem::parameters)?;
    let wanted: Vec<ExecutionSummary> = engine
        .look(|core| core.executions().filter(|execution| filter.wants(execution)).map(Into::into).collect());
    let (executions, next) = filter.window.of(wanted.into_iter(), ExecutionSummary::place);
    Ok(Json(ExecutionList { executions, next }))
}

/// One execution with every call that it made.
#[utoipa::path(get, path = "/api/executions/{id}", operation_id = "getExecution", tag = "executions", params(("id" = String, Path)), responses(
    (status = 200, body = Execution), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(State(engine): Host, Id(id): Id) -> Answer<Json<Execution>> {
    let known = ExecutionId::new(id.as_str());
    let found =
        engine.look(|core| core.execution(&known).map(|e| (ExecutionSummary::from(e), e.parameters.clone())));
    let (summary, parameters) = found.ok_or_else(|| Problem::not_found("execution", &id))?;
    let journal = journal::calls(&engine.journal(&known).await?);
    let parameters = serde_json::from_str(&parameters).unwrap_or_default();
    Ok(Json(Execution { summary, parameters, journal }))
}

/// Ends an execution; what it has done stays done.
#[utoipa::path(post, path = "/api/executions/{id}/cancel", operation_id = "cancelExecution", tag = "executions", params(("id" = String, Path)),
    request_body = Cancellation, responses(
    (status = 200, body = Execution), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn cancel(
    State(engine): Host,
    Id(id): Id,
    Body(wire): Body<Cancellation>,
) -> Answer<Json<Execution>> {
    let by = parse::text("by", wire.by).map_err(|error| vec![error])?;
    engine.command(Command::CancelExecution { id: ExecutionId::new(id.as_str()), by }).await?;
    one(State(engine), Id(id)).await
}
