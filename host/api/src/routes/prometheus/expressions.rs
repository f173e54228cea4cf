//! `/api/v1/format_query` and `/api/v1/parse_query`: what an expression says, without evaluating it.

use axum::Json;
use serde_json::json;

use super::{Asked, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, tree};

/// An expression over several lines.
#[utoipa::path(get, path = "/api/v1/format_query", operation_id = "formatQuery", tag = "prometheus",
    params(("query" = String, Query, description = "PromQL")),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn format_query(asked: Asked) -> Result<Json<Envelope>, Refusal> {
    formatted(&asked)
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/format_query", operation_id = "formatQueryForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn format_query_form(asked: Asked) -> Result<Json<Envelope>, Refusal> {
    formatted(&asked)
}

/// The tree of an expression.
#[utoipa::path(get, path = "/api/v1/parse_query", operation_id = "parseQuery", tag = "prometheus",
    params(("query" = String, Query, description = "PromQL")),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn parse_query(asked: Asked) -> Result<Json<Envelope>, Refusal> {
    parsed(&asked)
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/parse_query", operation_id = "parseQueryForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn parse_query_form(asked: Asked) -> Result<Json<Envelope>, Refusal> {
    parsed(&asked)
}

fn formatted(asked: &Asked) -> Result<Json<Envelope>, Refusal> {
    let query = asked.text("query").unwrap_or_default();
    let (_, text) = ballast_engine::tree_of(query).map_err(|error| Refusal::unparsed("query", &error))?;
    Ok(Json(Envelope::of(json!(text))))
}

fn parsed(asked: &Asked) -> Result<Json<Envelope>, Refusal> {
    let query = asked.text("query").unwrap_or_default();
    let (tree, _) = ballast_engine::tree_of(query).map_err(|error| Refusal::unparsed("query", &error))?;
    Ok(Json(Envelope::of(tree::node(&tree))))
}
