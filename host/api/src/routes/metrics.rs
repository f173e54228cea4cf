//! `/metrics`.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use super::{Answer, Host};
use crate::problem::Kind;
use crate::router::Api;
use crate::wire::problem::Problem;

/// The text format's media type.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/metrics", get(metrics))
}

/// Ballast's own metrics in Prometheus's text format.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn metrics(State(engine): Host) -> Answer<impl IntoResponse> {
    match engine.metrics() {
        Ok(text) => Ok(([(CONTENT_TYPE, TEXT_FORMAT)], text)),
        Err(error) => {
            tracing::error!(%error, "cannot render the metrics");
            Err(Problem::new(Kind::Internal, "the metrics cannot be rendered; the log of the host says why"))
        }
    }
}
