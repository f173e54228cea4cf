//! How bodies of samples come in: room is made for them first, then they are read, within a bound and a time; one that is
//! packed with gzip is unpacked within a bound of its own. What is in them is the decoders' business.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ballast_engine::{Admission, Engine, IngestError};
use futures::StreamExt;

/// Most bytes of a body of samples, as it comes.
pub(crate) const PACKED_BYTES_MAX: usize = 16 << 20;
/// Most bytes of it, unpacked.
pub(crate) const UNPACKED_BYTES_MAX: usize = 64 << 20;
/// How long a body may take to come.
const COMING_MAX: Duration = Duration::from_secs(30);

/// A body, and the room that it takes.
pub(crate) struct Come {
    pub(crate) admission: Admission,
    pub(crate) bytes: Vec<u8>,
}

/// A refusal in plain text, as Prometheus's receivers answer.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Refused { status, reason: reason.into() }
    }

    /// The sender speaks something else.
    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason)
    }

    /// More bytes than may come.
    pub(crate) fn too_large(limit: usize) -> Self {
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes"))
    }

    /// What came cannot be read, or not kept.
    pub(crate) fn of<E: Into<Refused>>(error: IngestError<E>) -> Self {
        match error {
            IngestError::Unreadable(error) => error.into(),
            IngestError::Full(reason) => Refused::new(StatusCode::INSUFFICIENT_STORAGE, reason),
            IngestError::Store(error) => {
                tracing::error!(%error, "samples from outside cannot be kept");
                let reason = "the samples cannot be kept now; the log of the host says why";
                Refused::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
            }
            IngestError::Broken(reason) => {
                tracing::error!(reason, "taking in samples broke off");
                Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "taking in the samples broke off")
            }
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        let mut response = (self.status, plain, format!("{}\n", self.reason)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Reads a body once there is room for it.
pub(crate) async fn receive(engine: &Engine, request: Request) -> Result<Come, Refused> {
    let (parts, body) = request.into_parts();
    let announced = text(&parts.headers, header::CONTENT_LENGTH).parse::<usize>().ok();
    let expected = announced.unwrap_or(PACKED_BYTES_MAX);
    if expected > PACKED_BYTES_MAX {
        return Err(Refused::too_large(PACKED_BYTES_MAX));
    }
    let busy =
        || Refused::new(StatusCode::SERVICE_UNAVAILABLE, "too many bodies are under way; try again later");
    let admission = engine.admit(expected).ok_or_else(busy)?;
    let late = |_| Refused::new(StatusCode::REQUEST_TIMEOUT, "the body takes too long to come");
    let bytes = tokio::time::timeout(COMING_MAX, read(body)).await.map_err(late)??;
    Ok(Come { admission, bytes })
}

async fn read(body: Body) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.to_string()))?;
        if bytes.len() + chunk.len() > PACKED_BYTES_MAX {
            return Err(Refused::too_large(PACKED_BYTES_MAX));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The text of a header; nothing where there is none.
pub(crate) fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Not at all.
    Plain,
    /// With gzip.
    Gzip,
}

impl Packing {
    /// What `Content-Encoding` says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Packing, Refused> {
        match text(headers, header::CONTENT_ENCODING).to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Packing::Plain),
            "gzip" | "x-gzip" => Ok(Packing::Gzip),
            other => Err(Refused::unsupported(format!(
                "the content encoding `{other}` is not understood; use gzip"
            ))),
        }
    }

    /// The body unpacked, as far as that is allowed. Blocking.
    pub(crate) fn unpack(self, bytes: Vec<u8>) -> Result<Vec<u8>, Refused> {
        if self == Packing::Plain {
            return Ok(bytes);
        }
        let mut unpacked = Vec::new();
        let mut reader =
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(UNPACKED_BYTES_MAX as u64 + 1);
        let read = reader.read_to_end(&mut unpacked);
        read.map_err(|error| {
            Refused::new(StatusCode::BAD_REQUEST, format!("the body is not gzip: {error}"))
        })?;
        match unpacked.len() > UNPACKED_BYTES_MAX {
            true => Err(Refused::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body unpacks to more than {UNPACKED_BYTES_MAX} bytes"),
            )),
            false => Ok(unpacked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(size: usize) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let block = vec![b'a'; 1 << 20];
        for _ in 0..size / block.len() {
            encoder.write_all(&block).unwrap();
        }
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked_up_to_the_limit() {
        assert_eq!(Packing::Gzip.unpack(packed(2 << 20)).unwrap().len(), 2 << 20);
        assert_eq!(Packing::Gzip.unpack(packed(UNPACKED_BYTES_MAX)).unwrap().len(), UNPACKED_BYTES_MAX);
        let bomb = packed(UNPACKED_BYTES_MAX + (1 << 20));
        assert!(bomb.len() < PACKED_BYTES_MAX);
        assert_eq!(Packing::Gzip.unpack(bomb).unwrap_err().status, 413);
        assert_eq!(Packing::Gzip.unpack(b"no gzip".to_vec()).unwrap_err().status, 400);
        assert_eq!(Packing::Plain.unpack(b"as it is".to_vec()).unwrap(), b"as it is");
    }
}
