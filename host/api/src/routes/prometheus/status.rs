//! `/api/v1/status/...`: what the host is, how it was started, and what it holds, in the words of Prometheus.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use ballast_types::format_duration;
use serde_json::{Value as Data, json};

use super::{Asked, Host, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, status as wire};
use crate::wire::scalar::Instant;

/// The version of Prometheus whose API is spoken: clients decide by it what they may ask.
const SPEAKS: &str = "3.5.0";

/// What is built, as clients of Prometheus ask.
#[utoipa::path(get, path = "/api/v1/status/buildinfo", operation_id = "buildInfo", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn buildinfo(State(engine): Host) -> Json<Envelope> {
    Json(Envelope::of(json!({
        "version": SPEAKS,
        "revision": format!("ballast-{}", engine.version()),
        "branch": "ballast",
        "buildUser": "ballast",
        "buildDate": "",
        "goVersion": "",
    })))
}

/// The configuration in force, secrets hidden.
#[utoipa::path(get, path = "/api/v1/status/config", operation_id = "statusConfig", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn config(State(engine): Host) -> Json<Envelope> {
    Json(Envelope::of(json!({ "yaml": engine.shown().configuration })))
}

/// How the host was started.
#[utoipa::path(get, path = "/api/v1/status/flags", operation_id = "statusFlags", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn flags(State(engine): Host) -> Json<Envelope> {
    let retention = engine.look(|core| core.settings().retention);
    let mut flags: BTreeMap<String, String> = wire::flags(retention);
    flags.extend(engine.shown().flags.clone());
    Json(Envelope::of(json!(flags)))
}

/// How the process goes.
#[utoipa::path(get, path = "/api/v1/status/runtimeinfo", operation_id = "runtimeInfo", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn runtimeinfo(State(engine): Host) -> Json<Envelope> {
    let retention = engine.look(|core| core.settings().retention);
    let started = Instant(engine.started_at()).text();
    Json(Envelope::of(json!({
        "startTime": started,
        "CWD": "",
        "hostname": "",
        "serverTime": Instant(engine.now()).text(),
        "reloadConfigSuccess": engine.rulebook().problems().is_empty(),
        "lastConfigTime": started,
        "corruptionCount": 0,
        "goroutineCount": 0,
        "GOMAXPROCS": std::thread::available_parallelism().map_or(0, usize::from),
        "GOMEMLIMIT": 0,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": format_duration(retention),
    })))
}

/// What the series store holds.
#[utoipa::path(get, path = "/api/v1/status/tsdb", operation_id = "statusTsdb", tag = "prometheus",
    params(("limit" = Option<u64>, Query, description = "Most entries of each list; ten where nothing is said")),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn tsdb(State(engine): Host, asked: Asked) -> Result<Json<Envelope>, Refusal> {
    let limit = match asked.text("limit") {
        None => 10,
        Some(_) => asked.limit("limit")?,
    };
    if limit == 0 || limit > wire::LIST_MAX {
        return Err(Refusal::parameter("limit", format!("limit must be from 1 to {}", wire::LIST_MAX)));
    }
    let statistics = engine.series_statistics(limit).await?;
    Ok(Json(Envelope::of(wire::tsdb(&statistics))))
}

/// How far the log of samples has been read after a start. The API answers once it is.
#[utoipa::path(get, path = "/api/v1/status/walreplay", operation_id = "walReplay", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn walreplay() -> Json<Envelope> {
    Json(Envelope::of(json!({ "min": 0, "max": 0, "current": 0, "state": "done" })))
}

/// Where alerts are sent besides: nowhere, since alerts become incidents here.
#[utoipa::path(get, path = "/api/v1/alertmanagers", operation_id = "alertmanagers", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn alertmanagers() -> Json<Envelope> {
    let none: [Data; 0] = [];
    Json(Envelope::of(json!({ "activeAlertmanagers": none, "droppedAlertmanagers": none })))
}

/// The administration of Prometheus's store: there is none.
pub(crate) async fn no_administration() -> Refusal {
    Refusal::unavailable("admin APIs disabled")
}
