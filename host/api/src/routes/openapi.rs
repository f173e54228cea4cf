//! `/api/openapi.json`.

use axum::routing::get;
use axum::{Json, Router};

use crate::router::Api;

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/api/openapi.json", get(document))
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "getOpenApi", tag = "health", responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(crate::openapi::document())
}
