//! The control plane over HTTP. Handlers find the service, read the order, hand it on and wrap the answer; nothing is decided
//! here. An effect runs in a task of its own, so that a caller who hangs up does not leave it half done.

use std::future::Future;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Platform;
use super::error::ControlError;
use super::faults::FaultOrder;
use super::journal::ErrorQuery;
use super::managed::Managed;
use super::verbs::{Verb, read_body};
use crate::parameters::Parameter;
use crate::topology::ServiceName;

type Shared = State<Arc<Platform>>;
type Answer = Result<Json<Value>, ControlError>;

const KEY_MAX: usize = 256;

/// All routes of the control port.
pub(super) fn router(platform: Arc<Platform>) -> Router {
    let service = Router::new()
        .route("/", get(show_service))
        .route("/instances", get(list_instances))
        .route("/deployments", get(list_deployments))
        .route("/dependencies", get(list_dependencies))
        .route("/errors", get(list_errors))
        .route("/parameters", get(list_parameters))
        .route("/parameters/{parameter}", put(set_parameter))
        .route("/restart", post(restart))
        .route("/rollback", post(rollback))
        .route("/replicas", put(scale))
        .route("/deploy", post(deploy))
        .route("/effects", get(list_effects))
        .route("/effects/{key}", get(show_effect));
    Router::new()
        .route("/", get(show_platform))
        .nest("/services/{service}", service)
        .route("/services/{service}/", get(show_service))
        .route("/effects", get(list_all_effects))
        .route("/effects/{key}", get(show_any_effect))
        .route("/faults", get(list_faults).post(inject_fault))
        .route("/faults/{id}", axum::routing::delete(heal_fault))
        .fallback(|| async { ControlError::Missing("no such resource".into()) })
        .with_state(platform)
}

fn find(platform: &Platform, service: &str) -> Result<Arc<Managed>, ControlError> {
    let name = ServiceName::parse(service);
    name.and_then(|name| platform.service(name))
        .ok_or_else(|| ControlError::Missing(format!("no service is called {service}")))
}

async fn show_platform(State(platform): Shared) -> Json<Value> {
    Json(platform.describe())
}

async fn show_service(State(platform): Shared, Path(service): Path<String>) -> Answer {
    let managed = find(&platform, &service)?;
    let wanted = managed.wanted();
    Ok(Json(json!({
        "service": managed.name,
        "version": wanted.history.current(),
        "replicas": wanted.replicas,
        "dependencies": managed.name.dependencies(),
    })))
}

async fn list_instances(State(platform): Shared, Path(service): Path<String>) -> Answer {
    Ok(Json(find(&platform, &service)?.instances().await.into()))
}

async fn list_deployments(State(platform): Shared, Path(service): Path<String>) -> Answer {
    let history = find(&platform, &service)?.wanted().history;
    let show = |(nth, deployment): (usize, &super::history::Deployment)| {
        let super::history::Deployment { version, deployed_at, by } = deployment;
        json!({"version": version, "deployed_at": deployed_at, "current": nth == 0, "by": by})
    };
    Ok(Json(history.newest_first().enumerate().map(show).collect()))
}

async fn list_dependencies(State(platform): Shared, Path(service): Path<String>) -> Answer {
    Ok(Json(find(&platform, &service)?.dependencies(&platform.client).await.into()))
}

#[derive(Deserialize)]
struct ErrorParameters {
    since_ms: Option<i64>,
    limit: Option<usize>,
    contains: Option<String>,
}

async fn list_errors(
    State(platform): Shared,
    Path(service): Path<String>,
    Query(asked): Query<ErrorParameters>,
) -> Answer {
    let query = ErrorQuery {
        since_ms: asked.since_ms.unwrap_or(0),
        limit: asked.limit.unwrap_or(100).min(1000),
        contains: asked.contains.unwrap_or_default(),
    };
    let show = |record: crate::protocol::ErrorRecord| json!({"at": record.at, "level": "error", "message": record.message, "fields": record.fields});
    Ok(Json(find(&platform, &service)?.journal.recent(&query).into_iter().map(show).collect()))
}

async fn list_parameters(State(platform): Shared, Path(service): Path<String>) -> Answer {
    let managed = find(&platform, &service)?;
    let show = |(parameter, value): (Parameter, u64)| {
        let (least, most) = parameter.bounds();
        let default = parameter.default_of(managed.name).to_string();
        json!({"name": parameter.as_str(), "value": value.to_string(), "default": default, "min": least, "max": most})
    };
    Ok(Json(managed.wanted().parameters.iter().map(show).collect()))
}

async fn list_effects(State(platform): Shared, Path(service): Path<String>) -> Answer {
    let managed = find(&platform, &service)?;
    Ok(Json(platform.ledger.list(Some(managed.name)).into()))
}

async fn show_effect(State(platform): Shared, Path((service, key)): Path<(String, String)>) -> Answer {
    let managed = find(&platform, &service)?;
    proof(&platform, Some(managed.name), &key).await
}

async fn list_all_effects(State(platform): Shared) -> Json<Value> {
    Json(platform.ledger.list(None).into())
}

async fn show_any_effect(State(platform): Shared, Path(key): Path<String>) -> Answer {
    proof(&platform, None, &key).await
}

async fn proof(platform: &Platform, service: Option<ServiceName>, key: &str) -> Answer {
    let effect = platform.ledger.settled(service, key).await;
    effect
        .map(|effect| Json(effect.proof()))
        .ok_or_else(|| ControlError::Missing(format!("no effect has the key {key}")))
}

#[derive(Deserialize)]
struct EffectParameters {
    #[serde(default, rename = "dryRun")]
    dry_run: bool,
}

type Asked = Query<EffectParameters>;

async fn restart(
    platform: Shared,
    Path(service): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    act(platform, &service, asked, &headers, |_| Verb::restart(&body)).await
}

async fn rollback(
    platform: Shared,
    Path(service): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    act(platform, &service, asked, &headers, |_| Verb::rollback(&body)).await
}

async fn scale(
    platform: Shared,
    Path(service): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    act(platform, &service, asked, &headers, |_| Verb::scale(&body)).await
}

async fn deploy(
    platform: Shared,
    Path(service): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    act(platform, &service, asked, &headers, |_| Verb::deploy(&body)).await
}

async fn set_parameter(
    platform: Shared,
    Path((service, parameter)): Path<(String, String)>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    act(platform, &service, asked, &headers, |managed| Verb::set_parameter(managed, &parameter, &body)).await
}

/// The one way of every effect: find, read, preview or perform.
async fn act(
    State(platform): Shared,
    service: &str,
    Query(asked): Asked,
    headers: &HeaderMap,
    read: impl FnOnce(&Managed) -> Result<Verb, ControlError>,
) -> Response {
    let ordered =
        find(&platform, service).and_then(|managed| Ok((read(&managed)?, key_of(headers)?, managed)));
    let outcome = match ordered {
        Ok((verb, _, managed)) if asked.dry_run => preview(&verb, &managed).await,
        Ok((verb, key, managed)) => {
            detached(async move { perform(&platform, &managed, key, verb).await }).await
        }
        Err(refused) => Err(refused),
    };
    outcome.unwrap_or_else(IntoResponse::into_response)
}

async fn preview(verb: &Verb, managed: &Managed) -> Result<Response, ControlError> {
    let planned = verb.plan(managed).await?;
    let said = json!({"would": planned.would, "dry_run": true, "service": managed.name, "verb": verb.name(), "from": planned.from, "to": planned.to});
    Ok(Json(said).into_response())
}

async fn perform(
    platform: &Platform,
    managed: &Managed,
    key: Option<String>,
    verb: Verb,
) -> Result<Response, ControlError> {
    let work = async {
        let _turn = managed.turn.lock().await;
        verb.perform(managed).await
    };
    let answered = platform.ledger.perform(managed.name, key, verb.clone(), work).await?;
    let repeated = if answered.repeated { "true" } else { "false" };
    Ok((StatusCode::OK, [("idempotency-replayed", repeated)], Json(answered.result)).into_response())
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, ControlError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= KEY_MAX => Ok(Some(key.to_owned())),
        _ => Err(ControlError::Malformed(format!("an idempotency key is 1 to {KEY_MAX} visible characters"))),
    }
}

async fn list_faults(State(platform): Shared) -> Json<Value> {
    Json(platform.faults.list(|name| platform.service(name)).into())
}

async fn inject_fault(State(platform): Shared, body: Bytes) -> Answer {
    let order: FaultOrder = read_body(&body)?;
    detached(async move {
        let managed = find(&platform, order.service.as_str())?;
        let _turn = managed.turn.lock().await;
        platform.faults.inject(&order, &managed).await.map(Json)
    })
    .await
}

async fn heal_fault(State(platform): Shared, Path(id): Path<String>) -> Answer {
    detached(async move {
        let service = platform.faults.service_of(&id).and_then(|name| platform.service(name));
        let managed = service.ok_or_else(|| ControlError::Missing(format!("no fault {id}")))?;
        let _turn = managed.turn.lock().await;
        platform.faults.heal(&id, &managed).await.map(Json)
    })
    .await
}

/// Runs to its end even when the caller is gone.
async fn detached<Done: Send + 'static>(
    work: impl Future<Output = Result<Done, ControlError>> + Send + 'static,
) -> Result<Done, ControlError> {
    let joined = tokio::spawn(work).await;
    joined.unwrap_or_else(|broken| Err(ControlError::Unavailable(format!("the operation broke: {broken}"))))
}
