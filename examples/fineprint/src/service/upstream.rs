//! Calls to dependencies: one attempt within the service's time-out, counted. No retries: they would hide what is watched.

use std::time::Instant;

use axum::http::StatusCode;
use serde_json::Value;

use super::Service;
use super::request::Failure;
use crate::topology::ServiceName;

/// What a dependency answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// The body of a good answer.
    ///
    /// # Errors
    /// 502 with what the dependency said where it answered anything else.
    pub(super) fn good(self, from: ServiceName) -> Result<Value, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let message = format!("{from} answered {}: {}", self.status.as_u16(), self.reason());
        Err(Failure::new(StatusCode::BAD_GATEWAY, "dependency-error", message))
    }

    /// What it said about its failure.
    pub(super) fn reason(&self) -> &str {
        self.body.get("error").and_then(Value::as_str).unwrap_or("no reason given")
    }
}

/// Posts a JSON body to a dependency.
///
/// # Errors
/// 504 where it does not answer in time, 502 where it cannot be reached.
pub(super) async fn post(
    service: &Service,
    to: ServiceName,
    path: &str,
    body: &Value,
) -> Result<Answer, Failure> {
    let began = Instant::now();
    let sent = send(service, to, path, body).await;
    let code = match &sent {
        Ok(answer) => answer.status.as_str().to_owned(),
        Err(failure) if failure.status == StatusCode::GATEWAY_TIMEOUT => "timeout".to_owned(),
        Err(_) => "refused".to_owned(),
    };
    let metrics = &service.metrics;
    metrics.upstream_requests.with_label_values(&[to.as_str(), &code]).inc();
    metrics.upstream_durations.with_label_values(&[to.as_str()]).observe(began.elapsed().as_secs_f64());
    metrics.dependency_up.with_label_values(&[to.as_str()]).set(if sent.is_ok() { 1.0 } else { 0.0 });
    sent
}

async fn send(service: &Service, to: ServiceName, path: &str, body: &Value) -> Result<Answer, Failure> {
    let patience = service.fleet.patience();
    let url = format!("{}{path}", service.upstream(to)?);
    let failed = |error: reqwest::Error| {
        if error.is_timeout() {
            let message = format!("{to} did not answer within {} ms", patience.as_millis());
            Failure::new(StatusCode::GATEWAY_TIMEOUT, "dependency-timeout", message)
        } else {
            Failure::new(
                StatusCode::BAD_GATEWAY,
                "dependency-refused",
                format!("{to} cannot be reached: {}", root(&error)),
            )
        }
    };
    let response = service.client.post(url).timeout(patience).json(body).send().await.map_err(failed)?;
    let status = response.status();
    let body = response.bytes().await.map_err(failed)?;
    Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}

/// The innermost cause says "connection refused"; the layers above only repeat the URL.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
