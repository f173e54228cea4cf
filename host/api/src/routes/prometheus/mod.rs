//! `/api/v1`: what speaks to Prometheus can ask Ballast the same. Refusals have Prometheus's shape here.

mod asked;
pub(crate) mod expressions;
pub(crate) mod federate;
pub(crate) mod metadata;
pub(crate) mod otlp;
pub(crate) mod query;
mod refusal;
pub(crate) mod rules;
pub(crate) mod series;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod write;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use super::Host;
use crate::router::Api;
use asked::Asked;
use refusal::Refusal;

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/v1/query", get(query::query).post(query::query_form))
        .route("/api/v1/query_range", get(query::query_range).post(query::query_range_form))
        .route("/api/v1/query_exemplars", get(metadata::query_exemplars).post(metadata::query_exemplars_form))
        .route("/api/v1/format_query", get(expressions::format_query).post(expressions::format_query_form))
        .route("/api/v1/parse_query", get(expressions::parse_query).post(expressions::parse_query_form))
        .route("/api/v1/series", get(series::series).post(series::series_form))
        .route("/api/v1/labels", get(series::labels).post(series::labels_form))
        .route("/api/v1/label/{name}/values", get(series::label_values))
        .route("/api/v1/metadata", get(metadata::metadata))
        .route("/api/v1/targets", get(targets::targets))
        .route("/api/v1/targets/metadata", get(targets::targets_metadata))
        .route("/api/v1/scrape_pools", get(targets::scrape_pools))
        .route("/api/v1/rules", get(rules::rules))
        .route("/api/v1/alerts", get(rules::alerts))
        .route("/api/v1/alertmanagers", get(status::alertmanagers))
        .route("/api/v1/write", post(write::write))
        .route("/api/v1/otlp/v1/metrics", post(otlp::metrics))
        .route("/api/v1/admin/tsdb/{*what}", any(status::no_administration))
        .route("/federate", get(federate::federate))
        .merge(status_routes())
}

fn status_routes() -> Router<Api> {
    Router::new()
        .route("/api/v1/status/buildinfo", get(status::buildinfo))
        .route("/api/v1/status/config", get(status::config))
        .route("/api/v1/status/flags", get(status::flags))
        .route("/api/v1/status/runtimeinfo", get(status::runtimeinfo))
        .route("/api/v1/status/tsdb", get(status::tsdb))
        .route("/api/v1/status/walreplay", get(status::walreplay))
}

/// JSON that is written already.
pub(crate) struct RawJson(Vec<u8>);

impl IntoResponse for RawJson {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}
