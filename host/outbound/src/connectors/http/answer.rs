//! Reads the answers of the contract. Unknown fields are ignored; another shape is `unavailable`, with what was expected
//! and how the answer begins.
//!
//! An effect's answer is read with suspicion: a status of 200 around an error is a failure, and a web page where a
//! result should be means that nobody knows.

use ballast_ports::Settled;
use ballast_types::call::{
    CallError, CallErrorKind, Change, Dependency, Deployment, Instance, LogLine, LogQuery, ServiceInfo,
};
use ballast_types::{IdempotencyKey, ServiceName};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Answer, excerpt};

/// The answer to a read, or its status as an error.
pub(super) fn accept(answer: Answer, attempted: &str) -> Result<Answer, CallError> {
    match answer.status.is_success() {
        true => Ok(answer),
        false => Err(refusal(&answer, attempted)),
    }
}

#[derive(Deserialize)]
struct ServiceAnswer {
    version: String,
    replicas: u32,
}

pub(super) fn service(
    answer: &Answer,
    name: &ServiceName,
    attempted: &str,
) -> Result<ServiceInfo, CallError> {
    let read: ServiceAnswer = decode(answer, r#"{"version","replicas"}"#, attempted)?;
    Ok(ServiceInfo { service: name.clone(), version: read.version, replicas: read.replicas })
}

#[derive(Deserialize)]
struct InstanceAnswer {
    id: String,
    state: String,
    #[serde(default)]
    version: String,
}

pub(super) fn instances(answer: &Answer, attempted: &str) -> Result<Vec<Instance>, CallError> {
    let read: Vec<InstanceAnswer> = decode(answer, r#"[{"id","state","version"}]"#, attempted)?;
    Ok(read.into_iter().map(|one| Instance { id: one.id, state: one.state, version: one.version }).collect())
}

#[derive(Deserialize)]
struct DeploymentAnswer {
    version: String,
    deployed_at: Instant,
    #[serde(default)]
    current: bool,
    #[serde(default)]
    by: String,
}

pub(super) fn deployments(answer: &Answer, attempted: &str) -> Result<Vec<Deployment>, CallError> {
    let shape = r#"[{"version","deployed_at" (RFC 3339),"current","by"}]"#;
    let read: Vec<DeploymentAnswer> = decode(answer, shape, attempted)?;
    let mut deployments: Vec<Deployment> = read
        .into_iter()
        .map(|one| Deployment {
            version: one.version,
            deployed_at_ms: one.deployed_at.0,
            current: one.current,
            by: one.by,
        })
        .collect();
    // Stable: of two in one millisecond the platform knows the order.
    deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.deployed_at_ms));
    Ok(deployments)
}

#[derive(Deserialize)]
struct DependencyAnswer {
    name: String,
    healthy: bool,
    #[serde(default)]
    detail: String,
}

pub(super) fn dependencies(answer: &Answer, attempted: &str) -> Result<Vec<Dependency>, CallError> {
    let read: Vec<DependencyAnswer> = decode(answer, r#"[{"name","healthy","detail"}]"#, attempted)?;
    let dependency = |one: DependencyAnswer| Dependency {
        service: ServiceName::new(one.name),
        healthy: one.healthy,
        detail: one.detail,
    };
    Ok(read.into_iter().map(dependency).collect())
}

#[derive(Deserialize)]
struct LogAnswer {
    at: Instant,
    #[serde(default)]
    level: String,
    message: String,
}

/// The query is applied once more, for platforms that ignore a part of it.
pub(super) fn logs(answer: &Answer, query: &LogQuery, attempted: &str) -> Result<Vec<LogLine>, CallError> {
    let read: Vec<LogAnswer> = decode(answer, r#"[{"at" (RFC 3339),"level","message"}]"#, attempted)?;
    let mut lines: Vec<LogLine> = read
        .into_iter()
        .map(|one| LogLine { at_ms: one.at.0, level: one.level, message: one.message })
        .filter(|line| line.at_ms >= query.since_ms && line.message.contains(&query.contains))
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.at_ms));
    lines.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    Ok(lines)
}

/// What an effect did.
pub(super) fn change(answer: Answer, attempted: &str) -> Result<Change, CallError> {
    if answer.status.as_u16() == GATEWAY_TIMEOUT {
        let message = format!("{attempted}: a gateway sent it and got no answer in time");
        return Err(CallError::new(CallErrorKind::Uncertain, message));
    }
    let answer = accept(answer, attempted)?;
    if answer.is_html() {
        let message =
            format!("{attempted}: answered with a web page instead of a result: {}", excerpt(&answer.body));
        return Err(CallError::new(CallErrorKind::Uncertain, message));
    }
    let detail = outcome(&answer, attempted)?.unwrap_or_else(|| format!("done: {attempted}"));
    Ok(Change { detail, preview: false })
}

const GATEWAY_TIMEOUT: u16 = 504;

/// What an effect would do.
pub(super) fn preview(answer: Answer, words: &str, attempted: &str) -> Result<Change, CallError> {
    let answer = accept(answer, attempted)?;
    if answer.is_html() {
        return Err(unexpected(&answer, r#"{"ok","detail"}"#, "a web page", attempted));
    }
    let detail = outcome(&answer, attempted)?.unwrap_or_else(|| format!("would {words}"));
    Ok(Change { detail, preview: true })
}

/// Fields of a result: `{"ok":true,"detail":"…"}`, `{"error":"…"}`.
#[derive(Default, Deserialize)]
struct ResultAnswer {
    ok: Option<bool>,
    detail: Option<Value>,
    would: Option<Value>,
    error: Option<Value>,
}

impl ResultAnswer {
    /// The detail, or what failed.
    fn outcome(self) -> Result<Option<String>, String> {
        let error = self.error.filter(|error| !matches!(error, Value::Null | Value::Bool(false)));
        let detail = self.detail.or(self.would).map(text);
        match (self.ok, error) {
            (_, Some(error)) => Err(text(error)),
            (Some(false), None) => Err(detail.unwrap_or_else(|| "no reason given".to_owned())),
            _ => Ok(detail),
        }
    }
}

/// The detail of a result with a good status. A platform's own endpoint may answer nothing, or a plain text.
fn outcome(answer: &Answer, attempted: &str) -> Result<Option<String>, CallError> {
    let result = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(Value::Object(fields)) => {
            serde_json::from_value::<ResultAnswer>(Value::Object(fields)).unwrap_or_default().outcome()
        }
        _ if answer.body.trim_ascii().is_empty() => Ok(None),
        _ => Ok(Some(excerpt(&answer.body).trim_matches('`').to_owned())),
    };
    result.map_err(|error| {
        let status = answer.status.as_u16();
        let message = format!("{attempted}: answered {status}, but it failed: {error}");
        CallError::new(CallErrorKind::Unavailable, message)
    })
}

#[derive(Deserialize)]
struct SettledAnswer {
    key: Option<String>,
    performed: bool,
    status: Option<Value>,
    result: Option<ResultAnswer>,
}

/// What the platform remembers of a key. Only a plain yes or no counts.
pub(super) fn settled(answer: &Answer, key: &IdempotencyKey, attempted: &str) -> Settled {
    if answer.is_html() {
        return Settled::Unknown;
    }
    if answer.status.as_u16() == 404 {
        return Settled::NotPerformed;
    }
    let read = serde_json::from_slice::<SettledAnswer>(&answer.body).ok();
    let Some(read) = read.filter(|_| answer.status.is_success()) else { return Settled::Unknown };
    if read.key.is_some_and(|other| other != key.as_str()) {
        return Settled::Unknown;
    }
    if !read.performed {
        return Settled::NotPerformed;
    }
    let status = read.status.and_then(|status| status.as_u64()).and_then(|status| u16::try_from(status).ok());
    let kind = status.filter(|status| *status >= 400).map_or(CallErrorKind::Unavailable, kind_of);
    let outcome = read.result.unwrap_or_default().outcome();
    Settled::Performed(match outcome {
        Ok(detail) => {
            Ok(Change { detail: detail.unwrap_or_else(|| format!("done: {attempted}")), preview: false })
        }
        Err(error) => Err(CallError::new(kind, format!("{attempted}: {error}"))),
    })
}

/// RFC 3339, or milliseconds since the epoch.
struct Instant(i64);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let millis = match &value {
            Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond),
            number => number.as_i64(),
        };
        millis
            .map(Instant)
            .ok_or_else(|| serde::de::Error::custom(format!("{value} is no instant in RFC 3339")))
    }
}

fn decode<T: DeserializeOwned>(answer: &Answer, expected: &str, attempted: &str) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| unexpected(answer, expected, &error.to_string(), attempted))
}

fn unexpected(answer: &Answer, expected: &str, reason: &str, attempted: &str) -> CallError {
    let found = excerpt(&answer.body);
    let message = format!("{attempted}: expected {expected}, found {found} ({reason})");
    CallError::new(CallErrorKind::Unavailable, message)
}

/// A bad status as an error, with the reason that the body gives.
fn refusal(answer: &Answer, attempted: &str) -> CallError {
    let status = answer.status.as_u16();
    let said = serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| reason_in(&body));
    let reason = match said {
        Some(reason) => reason,
        None if answer.status.is_redirection() => "a redirect, which is not followed".to_owned(),
        None if answer.is_html() => "a web page".to_owned(),
        None => excerpt(&answer.body),
    };
    CallError::new(kind_of(status), format!("{attempted}: answered {status}: {reason}"))
}

/// `{"error": "…"}`, `{"error": {"message": "…"}}`, or a problem's `detail` or `title` (RFC 9457).
fn reason_in(body: &Value) -> Option<String> {
    let found = ["error", "detail", "message", "title"].iter().find_map(|name| body.get(name));
    found.filter(|value| !value.is_null()).map(|value| text(value.clone()))
}

/// A text without its quotes, anything else as JSON; an object with a message is that message. Cut to one line.
fn text(value: Value) -> String {
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => match fields.get("message").or_else(|| fields.get("detail")) {
            Some(Value::String(message)) => message.clone(),
            _ => value.to_string(),
        },
        other => other.to_string(),
    };
    const CHARS_MAX: usize = 1000;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn kind_of(status: u16) -> CallErrorKind {
    match status {
        401 | 403 => CallErrorKind::Denied,
        404 | 410 => CallErrorKind::NotFound,
        409 | 412 => CallErrorKind::Conflict,
        300..=399 | 408 | 425 | 429 | 500.. => CallErrorKind::Unavailable,
        _ => CallErrorKind::Invalid,
    }
}
