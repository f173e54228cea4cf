//! `/metrics/job/...`: where jobs that do not live long enough to be scraped push their metrics, as to a Pushgateway.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::routing::put;
use ballast_engine::{Engine, PushMode, Received};
use ballast_formats::text::{self, BodyEnd, Format, Options};
use ballast_types::{Interner, Labels, Timestamp};

use super::Host;
use crate::body::{self, Come, Packing, Refused};
use crate::decoders::Decoders;
use crate::router::Api;
use crate::wire::prometheus::ingest;
use crate::wire::push::group_of;

/// Most series of one push.
const SERIES_MAX: usize = 100_000;

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/metrics/{*group}", put(replace).post(merge).delete(delete))
}

/// Replaces what a group has: `/metrics/job/NAME`, and pairs of further labels; a label whose name ends in `@base64` has
/// its value in base64url. Kept in memory until it is deleted or the host restarts.
#[utoipa::path(put, path = "/metrics/{group}", operation_id = "pushReplace", tag = "ingest",
    params(("group" = String, Path, description = "`job/NAME` and pairs of further labels")),
    request_body(content = String, content_type = "text/plain", description = "The text format, without timestamps"),
    responses((status = 200, description = "Kept"), (status = 400, body = String, content_type = "text/plain"),
    (status = 413, body = String, content_type = "text/plain"), (status = 503, body = String, content_type = "text/plain"),
    (status = 507, body = String, content_type = "text/plain", description = "Too many groups or series"),
))]
pub(crate) async fn replace(
    State(engine): Host,
    State(decoders): State<Arc<Decoders>>,
    Path(group): Path<String>,
    request: Request,
) -> Result<StatusCode, Refused> {
    push(&engine, &decoders, &group, PushMode::Replace, request).await
}

/// Replaces the metrics of a group that are pushed; the others stay.
#[utoipa::path(post, path = "/metrics/{group}", operation_id = "pushMerge", tag = "ingest",
    params(("group" = String, Path, description = "`job/NAME` and pairs of further labels")),
    request_body(content = String, content_type = "text/plain", description = "The text format, without timestamps"),
    responses((status = 200, description = "Kept"), (status = 400, body = String, content_type = "text/plain"),
    (status = 413, body = String, content_type = "text/plain"), (status = 503, body = String, content_type = "text/plain"),
    (status = 507, body = String, content_type = "text/plain", description = "Too many groups or series"),
))]
pub(crate) async fn merge(
    State(engine): Host,
    State(decoders): State<Arc<Decoders>>,
    Path(group): Path<String>,
    request: Request,
) -> Result<StatusCode, Refused> {
    push(&engine, &decoders, &group, PushMode::Merge, request).await
}

/// Forgets a group; its series end.
#[utoipa::path(delete, path = "/metrics/{group}", operation_id = "pushDelete", tag = "ingest",
    params(("group" = String, Path, description = "`job/NAME` and pairs of further labels")),
    responses((status = 202, description = "Forgotten"), (status = 400, body = String, content_type = "text/plain")))]
pub(crate) async fn delete(State(engine): Host, Path(group): Path<String>) -> Result<StatusCode, Refused> {
    engine.delete_pushed::<Refused>(group_of(&group)?).await.map_err(Refused::of)?;
    Ok(StatusCode::ACCEPTED)
}

async fn push(
    engine: &Engine,
    decoders: &Arc<Decoders>,
    group: &str,
    mode: PushMode,
    request: Request,
) -> Result<StatusCode, Refused> {
    let group: Labels = group_of(group)?;
    let packing = Packing::of(request.headers())?;
    let format = Format::of_content_type(body::text(request.headers(), header::CONTENT_TYPE));
    let Come { admission, bytes } = body::receive(engine, request).await?;
    let (texts, now) = (decoders.texts.clone(), engine.now());
    let decode = move || read(&packing.unpack(bytes)?, format, now, &texts);
    engine.push(admission, group, mode, decode).await.map_err(Refused::of)?;
    Ok(StatusCode::OK)
}

/// A push is taken as a whole: a line that cannot be read refuses it.
fn read(body: &[u8], format: Format, now: Timestamp, texts: &Interner) -> Result<Received, Refused> {
    let bad = |reason: String| Refused::new(StatusCode::BAD_REQUEST, reason);
    let options = Options::new(format, BodyEnd::Known, now);
    let parsed =
        text::read_once(body, &options, SERIES_MAX, texts).map_err(|error| bad(error.to_string()))?;
    if let Some(problem) = parsed.refused.problems().first() {
        return Err(bad(format!("the body cannot be read: {problem}")));
    }
    if let Some((labels, _)) = parsed.samples.iter().find(|(_, sample)| sample.at != now) {
        return Err(bad(format!("pushed metrics must not have timestamps, and {labels} has one")));
    }
    Ok(ingest::received(parsed).0)
}
