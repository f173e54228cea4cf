//! Refusals under `/api/v1`, in Prometheus's shape: which error has which status and name.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ballast_engine::{AskError, AskErrorKind, BadExpression};

use crate::wire::prometheus::ErrorEnvelope;

/// Prometheus's words for a query beyond the limit; clients look for them.
const TOO_MANY_SAMPLES: &str = "query processing would load too many samples into memory in query execution";

/// A refusal in Prometheus's shape.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: ErrorEnvelope,
}

impl Refusal {
    /// The question makes no sense.
    pub(crate) fn bad(error: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, "bad_data", error)
    }

    /// A parameter makes no sense.
    pub(crate) fn parameter(name: &str, error: impl std::fmt::Display) -> Self {
        Refusal::bad(format!("invalid parameter \"{name}\": {error}"))
    }

    /// It cannot be had now.
    pub(crate) fn unavailable(error: impl Into<String>) -> Self {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error)
    }

    fn new(status: StatusCode, kind: &'static str, error: impl Into<String>) -> Self {
        Refusal { status, body: ErrorEnvelope::new(kind, error.into()) }
    }
}

/// How Prometheus reports a text that is no PromQL.
fn parse_error(error: &BadExpression) -> String {
    format!("{}:{}: parse error: {}", error.line, error.column, error.message)
}

impl Refusal {
    /// A parameter holds a text that is no PromQL.
    pub(crate) fn unparsed(name: &str, error: &BadExpression) -> Self {
        Refusal::parameter(name, parse_error(error))
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        if let AskError::Parse(error) = &error {
            return Refusal::unparsed("query", error);
        }
        let text = error.to_string();
        match error.kind() {
            AskErrorKind::BadData => Refusal::bad(text),
            AskErrorKind::TooManySamples => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "execution", TOO_MANY_SAMPLES)
            }
            AskErrorKind::Execution => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "execution", text),
            AskErrorKind::Timeout => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", text),
            AskErrorKind::Canceled => {
                // What nginx made usual for a client that went away.
                let status = StatusCode::from_u16(499).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                Refusal::new(status, "canceled", text)
            }
            AskErrorKind::Unavailable => Refusal::unavailable(text),
            AskErrorKind::Internal => {
                tracing::error!(reason = text, "a query broke off");
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
            }
        }
    }
}

impl From<FormRejection> for Refusal {
    fn from(rejection: FormRejection) -> Self {
        Refusal::new(rejection.status(), "bad_data", rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
