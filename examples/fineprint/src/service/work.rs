//! What each service does with a request. The times are those of a small real deployment; everything that makes them worse
//! is a limit that is really reached.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Service;
use super::fleet::Replica;
use super::request::Failure;
use super::upstream;
use crate::topology::ServiceName;

/// How much slower the store is while it is slow.
const SLOW: Duration = Duration::from_millis(800);
/// How often stalled work looks whether there is memory again.
const STALL_CHECK: Duration = Duration::from_millis(100);
/// How many records the store keeps; the oldest goes.
const RECORDS_MAX: usize = 4096;

/// Reads a body as the running release does.
///
/// # Errors
/// 400 where it is not a JSON object, 500 where this release cannot read a field that it should.
pub(super) fn read(service: &Service, body: &[u8]) -> Result<Value, Failure> {
    let parsed: Result<Value, _> = serde_json::from_slice(body);
    let document = parsed.ok().filter(Value::is_object);
    let document = document.ok_or_else(|| {
        Failure::new(StatusCode::BAD_REQUEST, "bad-request", "the body is not a JSON object")
    })?;
    let read = service.release.read(&document);
    read.map_err(|said| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "parse-error", said))?;
    Ok(document)
}

/// The gateway: hands the request on and the answer back.
pub(super) async fn forward(
    service: &Service,
    to: ServiceName,
    path: &str,
    body: &[u8],
) -> Result<Value, Failure> {
    let document = read(service, body)?;
    let answer = upstream::post(service, to, path, &document).await?;
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    Err(Failure::new(
        answer.status,
        "dependency-error",
        format!("{to} answered {}: {}", answer.status.as_u16(), answer.reason()),
    ))
}

/// Document processing: parse, store on a leased connection, classify.
pub(super) async fn process(service: &Service, replica: &Replica, body: &[u8]) -> Result<Value, Failure> {
    let document = read(service, body)?;
    let stored = store(service, replica, &document).await?;
    let question = json!({"model": "clause-classifier", "text": document.get("text"), "clause_index": document.get("clause_index")});
    let question = without_nulls(question);
    let answer = upstream::post(service, ServiceName::ModelManagement, "/infer", &question).await?;
    let label = answer.good(ServiceName::ModelManagement)?;
    service.metrics.documents.inc();
    Ok(json!({"stored": stored.get("id"), "label": label.get("label")}))
}

async fn store(service: &Service, replica: &Replica, document: &Value) -> Result<Value, Failure> {
    let Some(pool) = &replica.connections else {
        return Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no-pool",
            "this replica has no connection pool",
        ));
    };
    let lease = pool.lease(service.fleet.patience()).await;
    let lease =
        lease.map_err(|said| Failure::new(StatusCode::SERVICE_UNAVAILABLE, "pool-exhausted", said))?;
    let answer = upstream::post(service, ServiceName::DocumentStore, "/records", document).await;
    pool.give_back(lease);
    answer?.good(ServiceName::DocumentStore)
}

/// The model server: takes 15 to 35 ms by the text, longer under memory pressure, for ever without memory.
pub(super) async fn infer(service: &Service, replica: &Replica, body: &[u8]) -> Result<Value, Failure> {
    let began = Instant::now();
    let request = read(service, body)?;
    let text = request.get("text").and_then(Value::as_str).unwrap_or_default();
    let digest = fingerprint(text);
    let base = Duration::from_millis(15 + digest % 20);
    tokio::time::sleep(base.mul_f64(memory_permitting(replica).await?)).await;
    let model = model_label(request.get("model").and_then(Value::as_str));
    service.metrics.inferences.with_label_values(&[model]).observe(began.elapsed().as_secs_f64());
    let label = if digest & 64 == 0 { "acceptable" } else { "unfavourable" };
    Ok(json!({"model": model, "label": label, "score": (digest % 1000) as f64 / 1000.0}))
}

/// Waits while there is no memory at all; then how many times slower it goes.
async fn memory_permitting(replica: &Replica) -> Result<f64, Failure> {
    let Some(memory) = &replica.memory else { return Ok(1.0) };
    loop {
        if let Some(factor) = memory.slowdown() {
            return Ok(factor);
        }
        if replica.is_retired() {
            let message = format!("{} was replaced while it was out of memory", replica.id);
            return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "out-of-memory", message));
        }
        tokio::time::sleep(STALL_CHECK).await;
    }
}

/// The store: keeps the record.
pub(super) async fn write_record(service: &Service, body: &[u8]) -> Result<Value, Failure> {
    let document = read(service, body)?;
    let text = document.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    operate(service, 4 + fingerprint(&text) % 6).await;
    let id = service.next_record.fetch_add(1, Relaxed);
    let mut records = service.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    records.insert(id, text);
    if records.len() > RECORDS_MAX {
        records.pop_first();
    }
    Ok(json!({"id": id}))
}

/// The store: reads a record back.
pub(super) async fn read_record(service: &Service, id: u64) -> Result<Value, Failure> {
    operate(service, 2).await;
    let records = service.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let text = records
        .get(&id)
        .ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "no-record", format!("no record {id}")))?;
    Ok(json!({"id": id, "text": text}))
}

/// Whether the service can serve; the store's answer costs a real operation, so that a slow store is seen as slow.
pub(super) async fn health(service: &Arc<Service>) -> (StatusCode, Value) {
    if service.name == ServiceName::DocumentStore {
        operate(service, 1).await;
    }
    match service.fleet.pick() {
        Some(_) => (StatusCode::OK, json!({"status": "ready"})),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({"status": "stalled", "error": "every instance is stalled"}),
        ),
    }
}

async fn operate(service: &Service, millis: u64) {
    let slow = if service.slow.load(Relaxed) { SLOW } else { Duration::ZERO };
    tokio::time::sleep(Duration::from_millis(millis) + slow).await;
}

/// A closed set, so that no caller can grow the series.
fn model_label(asked: Option<&str>) -> &'static str {
    match asked {
        Some("clause-classifier") => "clause-classifier",
        Some("risk-summary") => "risk-summary",
        _ => "other",
    }
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, field| !field.is_null());
    }
    value
}

/// FNV-1a, 64 bits: the same text takes the same time and gets the same label.
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
