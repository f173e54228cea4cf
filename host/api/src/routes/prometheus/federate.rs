//! `/federate`: the latest samples of chosen series in the text format, for a Prometheus that collects them.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use ballast_engine::Choice;
use ballast_types::TimeRange;

use super::{Asked, Host, Refusal};
use crate::wire::prometheus::{ErrorEnvelope, exposition};

/// How old the latest sample of a series may be.
const LOOKBACK: Duration = Duration::from_secs(300);

/// The latest samples of series, with their timestamps.
#[utoipa::path(get, path = "/federate", operation_id = "federate", tag = "prometheus", params(
    ("match[]" = Option<Vec<String>>, Query, description = "Selectors; one of them must be satisfied"),
), responses((status = 200, body = String, content_type = "text/plain"), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn federate(State(engine): Host, asked: Asked) -> Result<impl IntoResponse, Refusal> {
    let now = engine.now();
    // A sample that is exactly as old as the look-back is too old, as in a query.
    let start = now - LOOKBACK + Duration::from_millis(1);
    let choice = Choice { selectors: asked.selectors()?, range: TimeRange { start, end: now } };
    let found = engine.latest(choice).await?;
    Ok(([(CONTENT_TYPE, exposition::MEDIA_TYPE)], exposition::text(&found)))
}
