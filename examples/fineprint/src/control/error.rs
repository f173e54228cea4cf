//! What a caller of the control plane is told when it does not get what it asked for: one JSON shape, one status each.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::process::AskError;
use crate::error::PlatformError;

/// A refused or failed request; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ControlError {
    /// 400: not JSON, or not of the expected shape.
    #[error("{0}")]
    Malformed(String),
    /// 404: no such thing.
    #[error("{0}")]
    Missing(String),
    /// 409: not in this state.
    #[error("{0}")]
    Conflict(String),
    /// 422: understood, but out of bounds.
    #[error("{0}")]
    Invalid(String),
    /// 503: the process does not answer.
    #[error("{0}")]
    Unavailable(String),
}

impl ControlError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({"error": self.to_string()}))).into_response()
    }
}

impl From<AskError> for ControlError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Ended => Self::Conflict("the service's process does not run; restart it first".into()),
            AskError::Silent => Self::Unavailable(error.to_string()),
            AskError::Refused(said) => Self::Missing(said),
        }
    }
}

impl From<PlatformError> for ControlError {
    fn from(error: PlatformError) -> Self {
        Self::Unavailable(format!("failed to {error}"))
    }
}
