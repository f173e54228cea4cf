//! Every class of refusal, once: its status, its type, and what it tells.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;

use crate::host::Host;

const GOOD: &str = r#"{"title":"t","severity":"SEV1","by":"ann"}"#;

#[tokio::test]
async fn an_unknown_path() {
    let host = Host::with(Default::default()).await;
    for path in ["/api/nothing", "/", "/api/incidents/INC-1/sing", "/api/../etc/passwd"] {
        host.get(path).await.problem(404, "unknown-path");
    }
    host.get("/api/incidents/INC-99").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_method_that_the_path_does_not_take() {
    let host = Host::with(Default::default()).await;
    let answer = host.send(Method::DELETE, "/api/incidents", "").await;
    answer.problem(405, "method-not-allowed");
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD,POST");
    host.get("/-/reload").await.problem(405, "method-not-allowed");
}

#[tokio::test]
async fn a_body_that_is_no_json() {
    let host = Host::with(Default::default()).await;
    let problem =
        host.send(Method::POST, "/api/incidents", "{\n  \"title\": ,").await.problem(400, "malformed");
    assert_eq!(problem["errors"], json!([{ "line": 2, "column": 12, "message": "expected value" }]));
    host.send(Method::POST, "/api/incidents", "").await.problem(400, "malformed");
    host.send(Method::POST, "/api/incidents", "{\"title\": \"t\"").await.problem(400, "malformed");
    host.send(Method::POST, "/api/incidents", &"[".repeat(100_000)).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_body_of_another_shape() {
    let host = Host::with(Default::default()).await;
    let of = async |body: &str| {
        let problem = host.send(Method::POST, "/api/incidents", body).await.problem(422, "invalid");
        (problem["errors"][0]["field"].clone(), problem["errors"][0]["message"].as_str().unwrap().to_owned())
    };
    let (field, message) = of(r#"{"title":"t","severity":"SEV1","by":"ann","sevice":"x"}"#).await;
    assert_eq!(field, "sevice");
    assert_eq!(message, "unknown field `sevice`, expected one of `title`, `severity`, `service`, `by`");
    assert_eq!(of(r#"{"title":"t","severity":"SEV1"}"#).await.0, "by");
    assert!(of(r#"{"title":7,"severity":"SEV1","by":"ann"}"#).await.1.contains("expected a string"));
    for body in ["[]", r#"["t","SEV1",null,"ann"]"#, "null", "7"] {
        let problem = host.send(Method::POST, "/api/incidents", body).await.problem(422, "invalid");
        assert_eq!(problem["detail"], "the body must be an object");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large() {
    let host = Host::with(Default::default()).await;
    let large = format!(r#"{{"title":"{}","severity":"SEV1","by":"ann"}}"#, "x".repeat(1 << 20));
    let problem = host.send(Method::POST, "/api/incidents", &large).await.problem(413, "too-large");
    assert_eq!(problem["detail"], "a body has at most 1048576 bytes");
    let largest = format!("{GOOD}{}", " ".repeat((1 << 20) - GOOD.len()));
    assert_eq!(host.send(Method::POST, "/api/incidents", &largest).await.status, 201);
}

#[tokio::test]
async fn a_body_of_another_type() {
    let host = Host::with(Default::default()).await;
    for media in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")]
    {
        let mut request = Request::post("/api/incidents");
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let answer = host.ask(request.body(Body::from(GOOD)).unwrap()).await;
        answer.problem(415, "unsupported-media-type");
    }
    let request =
        Request::post("/api/incidents").header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    assert_eq!(host.ask(request.body(Body::from(GOOD)).unwrap()).await.status, 201);
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense() {
    let host = Host::with(Default::default()).await;
    let field = async |path: &str| {
        host.get(path).await.problem(400, "invalid-parameter")["errors"][0]["field"]
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(field("/api/incidents?stat=open").await.as_deref(), Some("stat"));
    assert_eq!(field("/api/incidents?state=lost").await.as_deref(), Some("state"));
    assert_eq!(field("/api/incidents?limit=0").await.as_deref(), Some("limit"));
    assert_eq!(field("/api/incidents?limit=many").await.as_deref(), Some("limit"));
    assert_eq!(field("/api/incidents?cursor=x").await.as_deref(), Some("cursor"));
    assert_eq!(field("/api/alerts?silenced=perhaps").await.as_deref(), Some("silenced"));
    assert_eq!(field("/api/executions?state=lost").await.as_deref(), Some("state"));
}
