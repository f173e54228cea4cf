//! `/api/targets`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::Host;
use crate::router::Api;
use crate::wire::target::{Target, TargetList};

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/api/targets", get(list))
}

/// What is scraped, and how that goes.
#[utoipa::path(get, path = "/api/targets", operation_id = "listTargets", tag = "targets", responses((status = 200, body = TargetList)))]
pub(crate) async fn list(State(engine): Host) -> Json<TargetList> {
    Json(TargetList { targets: engine.targets().iter().map(Target::from).collect() })
}
