//! `/api/plugins`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::Host;
use crate::router::Api;
use crate::wire::plugin::{Plugin, PluginList};

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/api/plugins", get(list))
}

/// The components in the folder: what is in force, and why what lies there is not.
#[utoipa::path(get, path = "/api/plugins", operation_id = "listPlugins", tag = "plugins", responses((status = 200, body = PluginList)))]
pub(crate) async fn list(State(engine): Host) -> Json<PluginList> {
    Json(PluginList { plugins: engine.plugins().statuses().iter().map(Plugin::from).collect() })
}
