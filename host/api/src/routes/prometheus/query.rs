//! `/api/v1/query` and `/api/v1/query_range`.

use std::time::Duration;

use axum::extract::State;
use ballast_engine::query::{STEPS_MAX, TIMEOUT_MAX};
use ballast_engine::{Answer, Engine, Question, Value, When};
use ballast_types::Timestamp;

use super::{Asked, Host, RawJson, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, TRUNCATED, result};

/// Evaluates PromQL at an instant.
#[utoipa::path(get, path = "/api/v1/query", operation_id = "query", tag = "prometheus", params(
    ("query" = String, Query, description = "PromQL"),
    ("time" = Option<String>, Query, description = "Seconds since the epoch or RFC 3339; else the present"),
    ("timeout" = Option<String>, Query, description = "Seconds or a duration; at most two minutes"),
    ("limit" = Option<u64>, Query, description = "Most series of the answer; 0 is no limit"),
    ("lookback_delta" = Option<String>, Query, description = "How old the latest sample of a series may be"),
), responses(
    (status = 200, body = Envelope), (status = 400, body = ErrorEnvelope), (status = 422, body = ErrorEnvelope),
    (status = 503, body = ErrorEnvelope),
))]
pub(crate) async fn query(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    instant(&engine, &asked).await
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/query", operation_id = "queryForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, body = Envelope), (status = 400, body = ErrorEnvelope), (status = 422, body = ErrorEnvelope),
))]
pub(crate) async fn query_form(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    instant(&engine, &asked).await
}

/// Evaluates PromQL at each step of a range.
#[utoipa::path(get, path = "/api/v1/query_range", operation_id = "queryRange", tag = "prometheus", params(
    ("query" = String, Query, description = "PromQL"),
    ("start" = String, Query, description = "Seconds since the epoch or RFC 3339"),
    ("end" = String, Query, description = "Seconds since the epoch or RFC 3339"),
    ("step" = String, Query, description = "Seconds or a duration"),
    ("timeout" = Option<String>, Query, description = "Seconds or a duration; at most two minutes"),
    ("limit" = Option<u64>, Query, description = "Most series of the answer; 0 is no limit"),
    ("lookback_delta" = Option<String>, Query, description = "How old the latest sample of a series may be"),
), responses(
    (status = 200, body = Envelope), (status = 400, body = ErrorEnvelope), (status = 422, body = ErrorEnvelope),
    (status = 503, body = ErrorEnvelope),
))]
pub(crate) async fn query_range(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    range(&engine, &asked).await
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/query_range", operation_id = "queryRangeForm", tag = "prometheus",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, body = Envelope), (status = 400, body = ErrorEnvelope), (status = 422, body = ErrorEnvelope),
))]
pub(crate) async fn query_range_form(State(engine): Host, asked: Asked) -> Result<RawJson, Refusal> {
    range(&engine, &asked).await
}

async fn instant(engine: &Engine, asked: &Asked) -> Result<RawJson, Refusal> {
    let at = asked.instant("time")?.unwrap_or_else(|| engine.now());
    let limit = asked.limit("limit")?;
    let question = question(asked, When::At(at))?;
    Ok(RawJson(engine.ask(question, move |answer| result::envelope(&limited(answer, limit), at)).await?))
}

async fn range(engine: &Engine, asked: &Asked) -> Result<RawJson, Refusal> {
    let limit = asked.limit("limit")?;
    let (start, end, step) = steps(asked)?;
    let question = question(asked, When::Range { start, end, step })?;
    Ok(RawJson(engine.ask(question, move |answer| result::envelope(&limited(answer, limit), start)).await?))
}

fn question(asked: &Asked, when: When) -> Result<Question, Refusal> {
    let timeout = asked.duration("timeout")?.map(|secs| Duration::from_secs_f64(secs.max(0.0)));
    let lookback = asked.positive("lookback_delta")?;
    // A query that is missing fails as an empty one does, with the parser's words.
    let expression = asked.text("query").unwrap_or_default().to_owned();
    Ok(Question { expression, when, timeout: timeout.unwrap_or(TIMEOUT_MAX), lookback })
}

/// The bounds of a range and its step, refused with Prometheus's words.
fn steps(asked: &Asked) -> Result<(Timestamp, Timestamp, Duration), Refusal> {
    let bound = |name: &str| {
        let refuse = || Refusal::parameter(name, "cannot parse \"\" to a valid timestamp");
        asked.instant(name)?.ok_or_else(refuse)
    };
    let (start, end) = (bound("start")?, bound("end")?);
    if end < start {
        return Err(Refusal::parameter("end", "end timestamp must not be before start time"));
    }
    let step = asked.duration("step")?;
    let step = step.ok_or_else(|| Refusal::parameter("step", "cannot parse \"\" to a valid duration"))?;
    let millis = (step * 1000.0).round() as i64;
    if millis <= 0 {
        let words = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(Refusal::parameter("step", words));
    }
    if end.as_millis().saturating_sub(start.as_millis()) / millis > STEPS_MAX {
        return Err(Refusal::bad(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    Ok((start, end, Duration::from_millis(millis.unsigned_abs())))
}

/// The first so many series; that there were more is a warning.
fn limited(mut answer: Answer, limit: usize) -> Answer {
    let cut = match &mut answer.value {
        Value::Vector(samples) if limit > 0 && samples.len() > limit => {
            samples.truncate(limit);
            true
        }
        Value::Matrix(series) if limit > 0 && series.len() > limit => {
            series.truncate(limit);
            true
        }
        _ => false,
    };
    answer.warnings.extend(cut.then(|| TRUNCATED.to_owned()));
    answer
}
