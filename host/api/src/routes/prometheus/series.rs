//! `/api/v1/series`, `/api/v1/labels` and `/api/v1/label/{name}/values`: which series there are, and their labels.

use axum::extract::{Path, State};
use ballast_engine::Engine;

use super::{Asked, Host, RawJson, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, TRUNCATED, result, utf8_name};

/// The label sets of series.
#[utoipa::path(get, path = "/api/v1/series", operation_id = "series", tag = "prometheus", params(
    ("match[]" = Vec<String>, Query, description = "Selectors; one of them must be satisfied"),
    ("start" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("end" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("limit" = Option<u64>, Query, description = "Most series of the answer; 0 is no limit"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn series(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    found(&engine, &asked).await
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/series", operation_id = "seriesForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn series_form(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    found(&engine, &asked).await
}

/// The names of labels.
#[utoipa::path(get, path = "/api/v1/labels", operation_id = "labels", tag = "prometheus", params(
    ("match[]" = Option<Vec<String>>, Query, description = "Selectors; one of them must be satisfied"),
    ("start" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("end" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("limit" = Option<u64>, Query, description = "Most names of the answer; 0 is no limit"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn labels(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    names(&engine, &asked).await
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/labels", operation_id = "labelsForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn labels_form(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    names(&engine, &asked).await
}

/// The values of a label. A name that does not fit into an address is written `U__` with `_hex_` for its odd characters.
#[utoipa::path(get, path = "/api/v1/label/{name}/values", operation_id = "labelValues", tag = "prometheus", params(
    ("name" = String, Path, description = "The label"),
    ("match[]" = Option<Vec<String>>, Query, description = "Selectors; one of them must be satisfied"),
    ("start" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("end" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339"),
    ("limit" = Option<u64>, Query, description = "Most values of the answer; 0 is no limit"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn label_values(
    State(engine): Host,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<RawJson, Refusal> {
    let limit = asked.limit("limit")?;
    let values = engine.label_values(utf8_name(&name), asked.choice()?).await?;
    let (values, warnings) = limited(&values, limit);
    Ok(RawJson(result::texts(values, &warnings)))
}

async fn found(engine: &Engine, asked: &Asked) -> Result<RawJson, Refusal> {
    let limit = asked.limit("limit")?;
    let choice = asked.choice()?;
    if choice.selectors.is_empty() {
        return Err(Refusal::bad("no match[] parameter provided"));
    }
    let found = engine.find_series(choice).await?;
    let (found, warnings) = limited(&found, limit);
    Ok(RawJson(result::label_sets(found, &warnings)))
}

async fn names(engine: &Engine, asked: &Asked) -> Result<RawJson, Refusal> {
    let limit = asked.limit("limit")?;
    let names = engine.label_names(asked.choice()?).await?;
    let (names, warnings) = limited(&names, limit);
    Ok(RawJson(result::texts(names, &warnings)))
}

/// The first so many; that there are more is a warning.
fn limited<T>(all: &[T], limit: usize) -> (&[T], Vec<String>) {
    match all.get(..limit) {
        Some(first) if limit > 0 && limit < all.len() => (first, vec![TRUNCATED.to_owned()]),
        _ => (all, Vec::new()),
    }
}
