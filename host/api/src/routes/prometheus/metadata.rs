//! `/api/v1/metadata` and `/api/v1/query_exemplars`.

use axum::Json;
use axum::extract::State;
use ballast_engine::{Choice, Engine};

use super::{Asked, Host, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, metadata as wire};

/// What metrics are, by name.
#[utoipa::path(get, path = "/api/v1/metadata", operation_id = "metadata", tag = "prometheus", params(
    ("metric" = Option<String>, Query, description = "Only this metric"),
    ("limit" = Option<u64>, Query, description = "Most metrics; 0 is no limit"),
    ("limit_per_metric" = Option<u64>, Query, description = "Most lines a metric; 0 is no limit"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn metadata(State(engine): Host, asked: Asked) -> Result<Json<Envelope>, Refusal> {
    let (limit, limit_per_metric) = (asked.limit("limit")?, asked.limit("limit_per_metric")?);
    let mut all = engine.metadata().await?;
    if let Some(metric) = asked.text("metric") {
        all.retain(|(name, _)| &**name == metric);
    }
    Ok(Json(Envelope::of(wire::by_name(&all, limit, limit_per_metric))))
}

/// The exemplars of the series that a query reads.
#[utoipa::path(get, path = "/api/v1/query_exemplars", operation_id = "queryExemplars", tag = "prometheus", params(
    ("query" = String, Query, description = "PromQL"),
    ("start" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("end" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn query_exemplars(State(engine): Host, asked: Asked) -> Result<Json<Envelope>, Refusal> {
    exemplars(&engine, &asked).await
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/query_exemplars", operation_id = "queryExemplarsForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn query_exemplars_form(
    State(engine): Host,
    asked: Asked,
) -> Result<Json<Envelope>, Refusal> {
    exemplars(&engine, &asked).await
}

async fn exemplars(engine: &Engine, asked: &Asked) -> Result<Json<Envelope>, Refusal> {
    let range = asked.choice()?.range;
    let query = asked.text("query").unwrap_or_default();
    let selectors =
        ballast_engine::selectors_of(query).map_err(|error| Refusal::unparsed("query", &error))?;
    // An expression that reads nothing has no exemplars; no selector at all would mean every series.
    let found = match selectors.is_empty() {
        true => Vec::new(),
        false => engine.exemplars(Choice { selectors, range }).await?,
    };
    Ok(Json(Envelope::of(wire::exemplars(&found))))
}
