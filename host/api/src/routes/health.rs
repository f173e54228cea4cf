//! `/health`, `/health/live`, `/health/ready`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use ballast_engine::Engine;
use ballast_types::alert::AlertState;
use futures::FutureExt;

use super::Host;
use crate::router::Api;
use crate::wire::health::{Health, Liveness, Readiness};
use crate::wire::scalar::{Instant, millis};

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/health", get(health))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready_in_words))
}

/// How the host is, in numbers.
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(engine): Host) -> Json<Health> {
    let plugins = engine.plugins().statuses();
    let targets_down = engine.targets().iter().filter(|target| target.up == Some(false)).count();
    let wrong = plugins.iter().filter(|plugin| plugin.problem.is_some()).count();
    let problems = engine.rulebook().problems().len() + wrong;
    let (alerts_firing, incidents_open) = engine.look(|core| {
        let firing = core.alerts().filter(|alert| matches!(alert.state, AlertState::Firing { .. })).count();
        (firing, core.incidents().filter(|incident| incident.state.is_open()).count())
    });
    Json(Health {
        status: if problems + targets_down == 0 { "ok" } else { "degraded" },
        version: engine.version().to_owned(),
        started_at: Instant(engine.started_at()),
        uptime_ms: millis(engine.now().since(engine.started_at())),
        rules: engine.rulebook().rules().rule_count(),
        plugins: plugins.iter().filter(|plugin| plugin.installed.is_some()).count(),
        targets_down,
        alerts_firing,
        incidents_open,
        problems,
    })
}

/// That the process answers and all its tasks run; asks nothing else.
#[utoipa::path(get, path = "/health/live", operation_id = "getLiveness", tag = "health", responses(
    (status = 200, body = Liveness), (status = 503, body = Liveness, description = "A task of the host broke off"),
))]
pub(crate) async fn live(State(engine): Host) -> (StatusCode, Json<Liveness>) {
    match engine.broken_tasks().is_empty() {
        true => (StatusCode::OK, Json(Liveness { status: "alive" })),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(Liveness { status: "broken" })),
    }
}

/// Whether the host can do its work: rules are in force, and the store answers.
#[utoipa::path(get, path = "/health/ready", operation_id = "getReadiness", tag = "health", responses(
    (status = 200, body = Readiness), (status = 503, body = Readiness, description = "Not yet, or not any more"),
))]
pub(crate) async fn ready(State(engine): Host) -> (StatusCode, Json<Readiness>) {
    let reasons = reasons(&engine).await;
    match reasons.is_empty() {
        true => (StatusCode::OK, Json(Readiness { status: "ready", reasons })),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(Readiness { status: "not-ready", reasons })),
    }
}

/// As `/health/live`, where Prometheus has it.
#[utoipa::path(get, path = "/-/healthy", operation_id = "healthy", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = 503, body = String, content_type = "text/plain"),
))]
pub(crate) async fn healthy(State(engine): Host) -> (StatusCode, &'static str) {
    match engine.broken_tasks().is_empty() {
        true => (StatusCode::OK, "Ballast is healthy.\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "A task of Ballast broke off.\n"),
    }
}

/// As `/health/ready`, where Prometheus has it.
#[utoipa::path(get, path = "/-/ready", operation_id = "readyInWords", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = 503, body = String, content_type = "text/plain"),
))]
pub(crate) async fn ready_in_words(State(engine): Host) -> (StatusCode, String) {
    let reasons = reasons(&engine).await;
    match reasons.is_empty() {
        true => (StatusCode::OK, "Ballast is ready.\n".to_owned()),
        false => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("Ballast is not ready: {}.\n", reasons.join("; ")))
        }
    }
}

async fn reasons(engine: &Engine) -> Vec<String> {
    let mut reasons = Vec::new();
    let problems = engine.rulebook().problems().len();
    if engine.rulebook().rules().rule_count() == 0 && problems > 0 {
        reasons.push(format!("no rules are in force; /api/rules lists {problems} problems"));
    }
    if let Err(error) = engine.events(engine.last_sequence(), 1).await {
        tracing::warn!(%error, "not ready: the store does not answer");
        reasons.push("the store does not answer".to_owned());
    }
    if !engine.can_write() {
        reasons.push("the event log cannot be written, so nothing acts".to_owned());
    }
    if engine.stopped().now_or_never().is_some() {
        reasons.push("the host is stopping".to_owned());
    }
    reasons
}
