//! Which refusal has which status and name, and how the errors of the engine become refusals.
//!
//! Invariant: what a client is told is apart from what the log keeps; a failure of the host is logged here, once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ballast_engine::{CommandError, StoreError};

use crate::wire::parse::Invalid;
use crate::wire::problem::{Problem, ProblemError};

/// The media type of a refusal.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// After how many seconds a client may try again what the host could not do.
const RETRY_AFTER_SECS: HeaderValue = HeaderValue::from_static("1");

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The body cannot be read.
    Malformed,
    /// A parameter of the address makes no sense.
    InvalidParameter,
    /// Another web page asks.
    ForeignOrigin,
    /// There is no such thing.
    NotFound,
    /// There is no such address.
    UnknownPath,
    /// The address does not take the method.
    MethodNotAllowed,
    /// The thing is in another state or version than the request supposes.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The body is of another type.
    UnsupportedMediaType,
    /// The body can be read and makes no sense.
    Invalid,
    /// Files were refused; what was good before goes on.
    Refused,
    /// The host failed.
    Internal,
    /// The host cannot do it now.
    Unavailable,
}

impl Kind {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The body cannot be read"),
            Kind::InvalidParameter => {
                (StatusCode::BAD_REQUEST, "invalid-parameter", "A parameter makes no sense")
            }
            Kind::ForeignOrigin => {
                (StatusCode::FORBIDDEN, "foreign-origin", "Not for pages of another origin")
            }
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Kind::UnknownPath => (StatusCode::NOT_FOUND, "unknown-path", "There is no such path"),
            Kind::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The path does not take this method")
            }
            Kind::Conflict => (StatusCode::CONFLICT, "conflict", "It has changed meanwhile"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Kind::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body is of another type")
            }
            Kind::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The body makes no sense"),
            Kind::Refused => (StatusCode::UNPROCESSABLE_ENTITY, "refused", "Files were refused"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The host failed"),
            Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not possible now"),
        }
    }
}

impl Problem {
    /// A refusal with a reason.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (status, name, title) = kind.parts();
        let kind = format!("urn:ballast:problem:{name}");
        Problem { kind, title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() }
    }

    /// The same with what is wrong at which place.
    pub(crate) fn with(self, errors: Vec<ProblemError>) -> Self {
        Problem { errors, ..self }
    }

    /// A refusal of parameters of the address.
    pub(crate) fn parameters(errors: Invalid) -> Self {
        Problem::new(Kind::InvalidParameter, summary(&errors)).with(errors)
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Problem::new(Kind::NotFound, format!("there is no {what} {id}"))
    }
}

fn summary(errors: &[ProblemError]) -> String {
    let parts = errors.iter().map(|error| match &error.field {
        Some(field) => format!("{field}: {}", error.message),
        None => error.message.clone(),
    });
    parts.collect::<Vec<_>>().join("; ")
}

impl From<Invalid> for Problem {
    fn from(errors: Invalid) -> Self {
        Problem::new(Kind::Invalid, summary(&errors)).with(errors)
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let kind = match error {
            CommandError::NotFound(_) => Kind::NotFound,
            CommandError::Conflict(_) => Kind::Conflict,
            CommandError::Invalid(_) => Kind::Invalid,
            CommandError::Unavailable(_) => Kind::Unavailable,
        };
        Problem::new(kind, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request could not be answered from the store");
        Problem::new(Kind::Unavailable, "the store does not answer; the log of the host says why")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, MEDIA_TYPE);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECS);
        }
        response
    }
}
