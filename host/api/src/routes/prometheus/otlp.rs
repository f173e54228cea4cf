//! `/api/v1/otlp/v1/metrics`: OTLP metrics over HTTP. What could not be kept is told as a partial success.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ballast_formats::Refusals;
use ballast_formats::otlp::{self, DecodeError, Encoding, Limits, Options};
use ballast_types::ingest::Appended;

use super::Host;
use crate::body::{self, Come, Packing, Refused, UNPACKED_BYTES_MAX, text};
use crate::decoders::Decoders;
use crate::wire::prometheus::ingest;

/// Takes in OTLP metrics, in protobuf or JSON, packed with gzip or not.
#[utoipa::path(post, path = "/api/v1/otlp/v1/metrics", operation_id = "otlpMetrics", tag = "ingest",
    request_body(content = Vec<u8>, content_type = "application/x-protobuf", description = "An ExportMetricsServiceRequest; also as application/json"),
    responses(
    (status = 200, description = "An ExportMetricsServiceResponse in the request's encoding; its partial success says what was not kept"),
    (status = 400, body = String, content_type = "text/plain"), (status = 413, body = String, content_type = "text/plain"),
    (status = 415, body = String, content_type = "text/plain"), (status = 503, body = String, content_type = "text/plain"),
))]
pub(crate) async fn metrics(
    State(engine): Host,
    State(decoders): State<Arc<Decoders>>,
    request: Request,
) -> Result<Response, Refused> {
    let kind = text(request.headers(), header::CONTENT_TYPE).to_owned();
    let encoding = Encoding::of_content_type(&kind).ok_or_else(|| {
        Refused::unsupported(format!(
            "the content type `{kind}` is not understood; use application/x-protobuf or application/json"
        ))
    })?;
    let packing = Packing::of(request.headers())?;
    let Come { admission, bytes } = body::receive(&engine, request).await?;
    let decode = move || {
        let body = packing.unpack(bytes)?;
        let limits = Limits { body_bytes_max: UNPACKED_BYTES_MAX, ..Limits::default() };
        let parsed = otlp::decode(encoding, &body, &Options::default(), &limits, &decoders.texts)?;
        let refused = parsed.refused.clone();
        Ok::<_, Refused>((ingest::received(parsed).0, refused))
    };
    let (appended, refused) = engine.take_in(admission, decode).await.map_err(Refused::of)?;
    Ok(answer(encoding, &appended, &refused))
}

fn answer(encoding: Encoding, appended: &Appended, refused: &Refusals) -> Response {
    let reason = ingest::not_kept(appended);
    let not_kept = reason.as_deref().map(|reason| (appended.refused_total(), reason));
    let body = otlp::response(encoding, refused, not_kept);
    ([(header::CONTENT_TYPE, encoding.content_type())], body).into_response()
}

impl From<DecodeError> for Refused {
    fn from(error: DecodeError) -> Self {
        let status = match error {
            DecodeError::TooLarge { .. } | DecodeError::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            DecodeError::NotProtobuf(_) | DecodeError::NotJson(_) => StatusCode::BAD_REQUEST,
        };
        Refused::new(status, error.to_string())
    }
}
