//! `/api/v1`: what speaks to Prometheus can ask Ballast the same. Refusals have Prometheus's shape here.

mod asked;
pub(crate) mod query;
mod refusal;
pub(crate) mod rules;
pub(crate) mod series;
pub(crate) mod write;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::Host;
use crate::router::Api;
use asked::Asked;
use refusal::Refusal;

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/v1/query", get(query::query).post(query::query_form))
        .route("/api/v1/query_range", get(query::query_range).post(query::query_range_form))
        .route("/api/v1/series", get(series::series).post(series::series_form))
        .route("/api/v1/labels", get(series::labels).post(series::labels_form))
        .route("/api/v1/label/{name}/values", get(series::label_values))
        .route("/api/v1/write", post(write::write))
        .route("/api/v1/rules", get(rules::rules))
        .route("/api/v1/alerts", get(rules::alerts))
}

/// JSON that is written already.
pub(crate) struct RawJson(Vec<u8>);

impl IntoResponse for RawJson {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}
