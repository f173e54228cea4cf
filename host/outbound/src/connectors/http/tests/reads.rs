//! Reads: the contract's shapes, and what is said where an answer has another.

use std::collections::BTreeMap as Map;

use axum::extract::Query;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::test_server::serve;

async fn contract() -> String {
    let service = json!({"service": "api", "version": "2.1", "replicas": 3, "dependencies": ["db"]});
    let instances =
        json!([{"id": "a", "state": "ready", "version": "2.1", "started_at": "2026-01-01T00:00:00Z"}]);
    let deployments = json!([
        {"version": "2.0", "deployed_at": "2026-01-01T00:00:00Z", "current": false, "by": "ci"},
        {"version": "2.1", "deployed_at": "2026-01-02T00:00:00.5+01:00", "current": true, "by": "ana"}
    ]);
    let dependencies =
        json!([{"name": "db", "healthy": false, "detail": "refused"}, {"name": "q", "healthy": true}]);
    let answer = |value: serde_json::Value| get(move || async move { Json(value) });
    let router = Router::new()
        .route("/", answer(service))
        .route("/instances", answer(instances))
        .route("/deployments", answer(deployments))
        .route("/dependencies", answer(dependencies));
    serve(router).await
}

#[tokio::test]
async fn the_contracts_answers_become_records() {
    let connector = connector(&contract().await);
    let service = ServiceInfo { service: ServiceName::new("api"), version: "2.1".to_owned(), replicas: 3 };
    assert_eq!(connector.describe().await, Ok(service));
    let instance = Instance { id: "a".to_owned(), state: "ready".to_owned(), version: "2.1".to_owned() };
    assert_eq!(connector.instances().await, Ok(vec![instance]));
    let deployments = connector.deployments().await.unwrap();
    let shown: Vec<_> =
        deployments.iter().map(|one| (&*one.version, one.deployed_at_ms, one.current)).collect();
    assert_eq!(shown, [("2.1", 1_767_308_400_500, true), ("2.0", 1_767_225_600_000, false)]);
    let dependencies = connector.dependencies().await.unwrap();
    let shown: Vec<_> =
        dependencies.iter().map(|one| (one.service.as_str(), one.healthy, &*one.detail)).collect();
    assert_eq!(shown, [("db", false, "refused"), ("q", true, "")]);
}

#[tokio::test]
async fn a_base_address_may_have_a_path() {
    let router = Router::new().route("/", get(|| async { Json(json!({"version": "1", "replicas": 1})) }));
    let url = serve(Router::new().nest("/services/api", router)).await;
    for base in [format!("{url}/services/api"), format!("{url}/services/api/")] {
        assert_eq!(connector(&base).describe().await.unwrap().version, "1");
    }
}

#[tokio::test]
async fn a_log_query_is_sent_and_applied_once_more() {
    let lines = |Query(asked): Query<Map<String, String>>| async move {
        let line =
            |at: &str, message: String| json!({"at": at, "level": "error", "message": message, "path": "/x"});
        Json(json!([
            line("2026-01-01T00:00:01Z", format!("asked {asked:?}")),
            line("2026-01-01T00:00:02Z", "asked later".to_owned()),
            line("2026-01-01T00:00:03Z", "other".to_owned()),
            line("2025-01-01T00:00:00Z", "asked too early".to_owned()),
        ]))
    };
    let connector = connector(&serve(Router::new().route("/errors", get(lines))).await);
    let query = |contains: &str, limit| LogQuery {
        service: ServiceName::new("api"),
        contains: contains.to_owned(),
        since_ms: 1_767_225_600_000,
        limit,
    };
    let found = connector.logs(&query("asked", 5)).await.unwrap();
    let messages: Vec<&str> = found.iter().map(|line| &*line.message).collect();
    let asked = r#"asked {"contains": "asked", "limit": "5", "since_ms": "1767225600000"}"#;
    assert_eq!(messages, ["asked later", asked]);
    assert_eq!(connector.logs(&query("", 1)).await.unwrap()[0].message, "other");
}

#[tokio::test]
async fn configured_headers_are_sent_and_stay_secret() {
    let show = |headers: HeaderMap| async move {
        let token = headers["authorization"].to_str().unwrap().to_owned();
        Json(json!({"version": token, "replicas": 1}))
    };
    let mut config = config(&serve(Router::new().route("/", get(show))).await);
    config.headers.push(("Authorization".to_owned(), "Bearer s3cret".to_owned()));
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(HttpConnector::new(config).unwrap().describe().await.unwrap().version, "Bearer s3cret");
}

#[rstest]
#[case("[]", r#"expected {"version","replicas"}, found `[]`"#)]
#[case(r#"{"version":"1","replicas":"3"}"#, r#"found `{"version":"1","replicas":"3"}` (invalid type"#)]
#[case("<html>hi", "found `<html>hi`")]
#[case("", "found nothing (EOF")]
#[tokio::test]
async fn another_shape_is_unavailable_with_what_was_expected(
    #[case] body: &'static str,
    #[case] reason: &str,
) {
    let connector = connector(&serve(Router::new().route("/", get(move || async move { body }))).await);
    let error = connector.describe().await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unavailable);
    assert!(error.message.starts_with("describe api: expected"), "{error}");
    assert!(error.message.contains(reason), "{error}");
}

#[tokio::test]
async fn an_instant_that_is_none_is_said() {
    let deployments = get(|| async { Json(json!([{"version": "1", "deployed_at": "yesterday"}])) });
    let connector = connector(&serve(Router::new().route("/deployments", deployments)).await);
    let error = connector.deployments().await.unwrap_err();
    assert!(error.message.contains("\"yesterday\" is no instant in RFC 3339"), "{error}");
}
