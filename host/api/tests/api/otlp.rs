//! OTLP metrics over HTTP, good and bad.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::host::{Answer, Host, START};
use crate::ingest::kept;

async fn send(host: &Host, kind: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post("/api/v1/otlp/v1/metrics").header(header::CONTENT_TYPE, kind);
    host.ask(request.body(body.into()).unwrap()).await
}

/// A gauge of one point, and a sum of one point of this temporality.
fn body(temporality: u8, secs: i64) -> Value {
    let at = (START.as_millis() / 1000 + secs) * 1_000_000_000;
    let point = json!([{ "timeUnixNano": at.to_string(), "asDouble": 1.5 }]);
    json!({ "resourceMetrics": [{
        "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] },
        "scopeMetrics": [{ "metrics": [
            { "name": "queue.length", "gauge": { "dataPoints": point } },
            { "name": "orders", "sum": { "dataPoints": point, "isMonotonic": true, "aggregationTemporality": temporality } },
        ] }],
    }] })
}

#[tokio::test]
async fn metrics_become_series() {
    let host = Host::start().await;
    let answer = send(&host, "application/json", body(2, 0).to_string()).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "{}"));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(kept(&host, "orders_total{job=\"shop\"}"), [(0, 1.5)]);
    assert_eq!(kept(&host, "queue_length"), [(0, 1.5)]);
}

#[tokio::test]
async fn what_is_not_kept_is_told_as_a_partial_success() {
    let host = Host::start().await;
    let delta = send(&host, "application/json", body(1, 0).to_string()).await;
    assert_eq!(delta.status, StatusCode::OK);
    assert_eq!(delta.json()["partialSuccess"]["rejectedDataPoints"], "1", "{delta:?}");
    let old = send(&host, "application/json", body(2, -10_000).to_string()).await;
    assert_eq!(old.status, StatusCode::OK);
    let told = &old.json()["partialSuccess"];
    assert!(told["errorMessage"].as_str().unwrap().contains("out of bounds"), "{told}");
    assert!(kept(&host, "orders_total").is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let host = Host::start().await;
    assert_eq!(send(&host, "application/x-protobuf", "no protobuf").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(send(&host, "application/json", "[").await.status, StatusCode::BAD_REQUEST);
    let other = send(&host, "text/plain", "x").await;
    assert_eq!(other.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let empty = send(&host, "application/x-protobuf", "").await;
    assert_eq!((empty.status, empty.text.as_str()), (StatusCode::OK, ""));
}
