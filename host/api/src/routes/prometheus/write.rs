//! `/api/v1/write`: remote write 1.0 and 2.0. What may be kept is kept; the first sample that was refused is told with a
//! status that no sender repeats.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ballast_engine::Received;
use ballast_formats::remote_write::{self, DecodeError, Limits, Version};
use ballast_types::ingest::Appended;

use super::Host;
use crate::body::{self, Come, PACKED_BYTES_MAX, Refused, UNPACKED_BYTES_MAX, text};
use crate::decoders::Decoders;
use crate::wire::prometheus::ingest;

const SAMPLES: HeaderName = HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS: HeaderName = HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS: HeaderName = HeaderName::from_static("x-prometheus-remote-write-exemplars-written");

/// Takes in samples by Prometheus's remote write, 1.0 or 2.0 by its content type.
#[utoipa::path(post, path = "/api/v1/write", operation_id = "remoteWrite", tag = "ingest",
    request_body(content = Vec<u8>, content_type = "application/x-protobuf", description = "A snappy block around a message of remote write"),
    responses(
    (status = 204, description = "All of it is kept"),
    (status = 400, body = String, content_type = "text/plain", description = "The body cannot be read, or the first of the samples that were refused; the others are kept"),
    (status = 413, body = String, content_type = "text/plain"), (status = 415, body = String, content_type = "text/plain"),
    (status = 503, body = String, content_type = "text/plain", description = "Too much is under way; Retry-After says when to try again"),
))]
pub(crate) async fn write(
    State(engine): Host,
    State(decoders): State<Arc<Decoders>>,
    request: Request,
) -> Result<Response, Refused> {
    let version = version(request.headers())?;
    let Come { admission, bytes } = body::receive(&engine, request).await?;
    let decode = move || -> Result<(Received, _), DecodeError> {
        let parsed = remote_write::decode(version, &bytes, &limits(), &mut decoders.remote_write())?;
        let exemplars = parsed.exemplars.len();
        let (received, first) = ingest::received(parsed);
        Ok((received, (first, exemplars)))
    };
    let (appended, (first, exemplars)) = engine.take_in(admission, decode).await.map_err(Refused::of)?;
    Ok(answer(version, &appended, first, exemplars))
}

fn limits() -> Limits {
    Limits { packed_bytes_max: PACKED_BYTES_MAX, unpacked_bytes_max: UNPACKED_BYTES_MAX, ..Limits::default() }
}

/// A sender of 1.0 need not say what it sends.
fn version(headers: &HeaderMap) -> Result<Version, Refused> {
    let packed = text(headers, header::CONTENT_ENCODING);
    if !packed.is_empty() && !packed.eq_ignore_ascii_case("snappy") {
        return Err(Refused::unsupported(format!("the content encoding must be snappy, not `{packed}`")));
    }
    match text(headers, header::CONTENT_TYPE) {
        "" => Ok(Version::V1),
        kind => Version::of_content_type(kind).ok_or_else(|| {
            Refused::unsupported(format!(
                "the content type `{kind}` is not understood; use {} or {}",
                Version::V1.content_type(),
                Version::V2.content_type()
            ))
        }),
    }
}

fn answer(version: Version, appended: &Appended, unreadable: Option<String>, exemplars: usize) -> Response {
    let mut response = match ingest::not_kept(appended).or(unreadable) {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(reason) => Refused::new(StatusCode::BAD_REQUEST, reason).into_response(),
    };
    if version == Version::V2 {
        let written = [(SAMPLES, appended.kept), (HISTOGRAMS, 0), (EXEMPLARS, exemplars)];
        response.headers_mut().extend(written.map(|(name, count)| (name, count.into())));
    }
    response
}

impl From<DecodeError> for Refused {
    fn from(error: DecodeError) -> Self {
        let status = match error {
            DecodeError::TooLarge { .. }
            | DecodeError::TooLargeUnpacked { .. }
            | DecodeError::TooLargeResolved
            | DecodeError::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            DecodeError::NotSnappy(_) | DecodeError::Malformed => StatusCode::BAD_REQUEST,
        };
        Refused::new(status, error.to_string())
    }
}
