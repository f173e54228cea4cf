//! Health and metrics.

use std::sync::atomic::Ordering;

use axum::http::header;
use serde_json::json;

use crate::host::{Host, Setup};

#[tokio::test]
async fn a_host_that_works_is_alive_ready_and_says_so_in_numbers() {
    let host = Host::firing().await;
    host.clock.advance(2500);
    assert_eq!(host.get("/health/live").await.json(), json!({ "status": "alive" }));
    assert_eq!(host.get("/health/ready").await.json(), json!({ "status": "ready", "reasons": [] }));
    let health = host.get("/health").await.json();
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("9.9.9")));
    assert_eq!((&health["rules"], &health["incidentsOpen"]), (&json!(3), &json!(1)));
    assert_eq!((&health["uptimeMs"], &health["alertsFiring"]), (&json!(2500), &json!(1)));
}

#[tokio::test]
async fn a_host_whose_store_does_not_answer_is_alive_and_not_ready() {
    let host = Host::start().await;
    host.store.broken.store(true, Ordering::SeqCst);
    let ready = host.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json(), json!({ "status": "not-ready", "reasons": ["the store does not answer"] }));
    assert_eq!(host.get("/health/live").await.status, 200);
    host.store.broken.store(false, Ordering::SeqCst);
    assert_eq!(host.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_host_without_any_good_rule_is_not_ready() {
    let host = Host::with(Setup { rules: Some("groups: 3"), ..Setup::default() }).await;
    let ready = host.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["reasons"], json!(["no rules are in force; /api/rules lists 1 problems"]));
}

#[tokio::test]
async fn a_host_that_stops_is_not_ready() {
    let host = Host::start().await;
    host.engine.stop().await;
    assert_eq!(host.get("/health/ready").await.json()["reasons"], json!(["the host is stopping"]));
    let late = json!({ "title": "t", "severity": "SEV1", "by": "ann" });
    let answer = host.post("/api/incidents", late).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
}

#[tokio::test]
async fn metrics_are_in_the_text_format() {
    let host = Host::firing().await;
    let metrics = host.get("/metrics").await;
    assert_eq!(metrics.header(header::CONTENT_TYPE), "text/plain; version=0.0.4; charset=utf-8");
    assert!(metrics.text.contains("\nballast_incidents_open 1\n"), "{}", metrics.text);
    assert!(metrics.text.contains("\nballast_alerts{state=\"firing\"} 1\n"), "{}", metrics.text);
}
