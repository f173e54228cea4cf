//! How requests are read: bodies, parameters and path segments, each refused as a problem where it cannot be.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::problem::Kind;
use crate::wire::problem::{Problem, ProblemError, narrow};

/// Most bytes of a request's body.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;

/// A JSON body. Unknown keys are refused by the type that it is read into.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Kind::UnsupportedMediaType, "the body must be `application/json`"));
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Problem::new(Kind::TooLarge, format!("a body has at most {BODY_BYTES_MAX} bytes"))
                }
                _ => Problem::new(Kind::Malformed, rejection.body_text()),
            })?;
        read(&bytes).map(Body)
    }
}

/// Reads an object. Serde alone would take an array for one, too: its elements for the fields in their order.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        return serde_json::from_slice(bytes).map_err(|error| unreadable(&error));
    }
    let any: Result<IgnoredAny, _> = serde_json::from_slice(bytes);
    any.map_err(|error| unreadable(&error))?;
    Err(Problem::new(Kind::Invalid, "the body must be an object"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Text that is no JSON is malformed; JSON of another shape is invalid.
fn unreadable(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text).to_owned();
    let kind = match error.classify() {
        Category::Data => Kind::Invalid,
        Category::Syntax | Category::Eof | Category::Io => Kind::Malformed,
    };
    let found = ProblemError {
        field: named_field(&message),
        line: narrow(line),
        column: narrow(column),
        message: message.clone(),
        ..ProblemError::default()
    };
    Problem::new(kind, format!("line {line}, column {column}: {message}")).with(vec![found])
}

/// The key that serde's message is about, where it names one.
fn named_field(message: &str) -> Option<String> {
    let starts = ["unknown field `", "missing field `", "duplicate field `"];
    let rest = starts.into_iter().find_map(|start| message.split_once(start).map(|(_, rest)| rest))?;
    rest.split('`').next().map(str::to_owned)
}

/// The parameters behind the `?`.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Parameters(parameters)),
            Err(rejection) => {
                let text = rejection.body_text();
                let message =
                    text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text).to_owned();
                let field = named_field(&message).or_else(|| Some(message.split_once(": ")?.0.to_owned()));
                Err(Problem::parameters(vec![ProblemError { field, message, ..ProblemError::default() }]))
            }
        }
    }
}

/// The one variable segment of a path.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Id(id)),
            Err(rejection) => {
                Err(Problem::parameters(vec![ProblemError::field("id", rejection.body_text())]))
            }
        }
    }
}
