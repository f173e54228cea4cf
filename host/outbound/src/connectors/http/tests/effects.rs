//! Effects: done once, known or uncertain, settled by asking.

use axum::http::StatusCode;
use axum::routing::any;
use axum::{Json, Router};
use rstest::rstest;
use serde_json::json;

use super::platform::{Platform, Reply};
use super::*;
use crate::test_server::{answer_raw, nobody, serve};

fn done(detail: &str) -> Change {
    Change { detail: detail.to_owned(), preview: false }
}

#[tokio::test]
async fn the_same_key_twice_is_done_once() {
    let platform = Platform::default();
    let connector = connector(&platform.serve().await);
    let restart = effect(Verb::Restart, json!({}));
    for _ in 0..2 {
        assert_eq!(connector.apply(&restart, &key("EX-1-1")).await, Ok(done("restarted")));
    }
    assert_eq!(connector.apply(&restart, &key("EX-1-2")).await, Ok(done("restarted")));
    assert_eq!(platform.with(|inside| inside.done.clone()), ["restart {}", "restart {}"]);
}

#[tokio::test]
async fn every_verb_arrives_with_its_arguments() {
    let platform = Platform::default();
    let connector = connector(&platform.serve().await);
    let effects = [
        effect(Verb::Restart, json!({"instance": "api-\"1\""})),
        effect(Verb::Scale, json!({"replicas": 4})),
        effect(Verb::SetParameter, json!({"name": "pool/max size?", "value": "a\"b\\c"})),
    ];
    for (index, effect) in effects.iter().enumerate() {
        connector.apply(effect, &key(&format!("EX-1-{index}"))).await.unwrap();
    }
    let expected = [
        r#"restart {"instance":"api-\"1\""}"#,
        r#"scale {"replicas":4}"#,
        r#"set-parameter {"value":"a\"b\\c"}"#,
    ];
    assert_eq!(platform.with(|inside| inside.done.clone()), expected);
    assert_eq!(platform.with(|inside| inside.parameters["pool/max size?"].clone()), "a\"b\\c");
}

#[rstest]
#[case(Reply::Broken)]
#[case(Reply::Never)]
#[tokio::test]
async fn a_lost_reply_is_uncertain_and_settles_as_performed(#[case] reply: Reply) {
    let platform = Platform::default();
    platform.with(|inside| inside.reply = reply);
    let connector = connector(&platform.serve().await);
    let scale = effect(Verb::Scale, json!({"replicas": 3}));
    let lost = connector.apply(&scale, &key("EX-1-1")).await.unwrap_err();
    assert_eq!(lost.kind, CallErrorKind::Uncertain, "{lost}");
    assert_eq!(platform.with(|inside| inside.replicas), 3);
    let settled = connector.settle(&scale, &key("EX-1-1")).await;
    assert_eq!(settled, Settled::Performed(Ok(done("3 replicas"))));
    assert_eq!(connector.settle(&scale, &key("EX-1-2")).await, Settled::NotPerformed);
    platform.with(|inside| inside.reply = Reply::Whole);
    assert_eq!(connector.apply(&scale, &key("EX-1-1")).await, Ok(done("3 replicas")));
    assert_eq!(platform.with(|inside| inside.done.len()), 1);
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let platform = Platform::default();
    let connector = connector(&platform.serve().await);
    let preview = connector.preview(&effect(Verb::Scale, json!({"replicas": 9}))).await;
    assert_eq!(preview, Ok(Change { detail: "would scale".to_owned(), preview: true }));
    assert_eq!(platform.with(|inside| (inside.replicas, inside.done.len())), (0, 0));
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_settles_as_unknown() {
    let connector = connector(&nobody().await);
    let restart = effect(Verb::Restart, json!({}));
    let error = connector.apply(&restart, &key("k")).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unavailable);
    assert!(
        error.message.starts_with("restart all instances of api: connect: Connection refused"),
        "{error}"
    );
    assert_eq!(connector.settle(&restart, &key("k")).await, Settled::Unknown);
    assert_eq!(connector.preview(&restart).await.unwrap_err().kind, CallErrorKind::Unavailable);
}

#[tokio::test]
async fn a_server_that_hangs_leaves_an_effect_uncertain_and_a_read_timed_out() {
    let never = any(|| async { std::future::pending::<()>().await });
    let connector = connector(&serve(Router::new().fallback(never)).await);
    let restart = effect(Verb::Restart, json!({}));
    assert_eq!(connector.apply(&restart, &key("k")).await.unwrap_err().kind, CallErrorKind::Uncertain);
    assert_eq!(connector.instances().await.unwrap_err().kind, CallErrorKind::TimedOut);
    assert_eq!(connector.settle(&restart, &key("k")).await, Settled::Unknown);
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_leaves_an_effect_uncertain() {
    let connector = connector(&answer_raw(b"").await);
    let restart = effect(Verb::Restart, json!({}));
    assert_eq!(connector.apply(&restart, &key("k")).await.unwrap_err().kind, CallErrorKind::Uncertain);
    assert_eq!(connector.describe().await.unwrap_err().kind, CallErrorKind::Unavailable);
}

async fn answered(status: u16, kind: &'static str, body: &'static str) -> HttpConnector {
    let status = StatusCode::from_u16(status).unwrap();
    let answer = any(move || async move { (status, [("content-type", kind)], body) });
    connector(&serve(Router::new().fallback(answer)).await)
}

#[rstest]
#[case(
    200,
    r#"{"ok":false,"error":"no quorum"}"#,
    CallErrorKind::Unavailable,
    "answered 200, but it failed: no quorum"
)]
#[case(
    200,
    r#"{"error":{"message":"no quorum"}}"#,
    CallErrorKind::Unavailable,
    "answered 200, but it failed: no quorum"
)]
#[case(200, r#"{"ok":false}"#, CallErrorKind::Unavailable, "answered 200, but it failed: no reason given")]
#[case(404, r#"{"error":"no such instance"}"#, CallErrorKind::NotFound, "answered 404: no such instance")]
#[case(409, r#"{"error":"busy"}"#, CallErrorKind::Conflict, "answered 409: busy")]
#[case(400, "what?", CallErrorKind::Invalid, "answered 400: `what?`")]
#[case(422, r#"{"title":"too many"}"#, CallErrorKind::Invalid, "answered 422: too many")]
#[case(403, "", CallErrorKind::Denied, "answered 403: nothing")]
#[case(429, "", CallErrorKind::Unavailable, "answered 429: nothing")]
#[case(500, r#"{"error":"oops"}"#, CallErrorKind::Unavailable, "answered 500: oops")]
#[case(302, "", CallErrorKind::Unavailable, "answered 302: a redirect, which is not followed")]
#[case(504, "", CallErrorKind::Uncertain, "a gateway sent it and got no answer in time")]
#[tokio::test]
async fn a_failure_is_told_by_kind_and_reason(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] kind: CallErrorKind,
    #[case] reason: &str,
) {
    let connector = answered(status, "application/json", body).await;
    let error = connector.apply(&effect(Verb::Restart, json!({})), &key("k")).await.unwrap_err();
    assert_eq!(error, CallError::new(kind, format!("restart all instances of api: {reason}")));
}

#[rstest]
#[case(200, "application/json", r#"{"ok":true,"detail":"3 restarted","more":1}"#, "3 restarted")]
#[case(200, "application/json", r#"{"id":7}"#, "done: restart all instances of api")]
#[case(204, "text/plain", "", "done: restart all instances of api")]
#[case(202, "text/plain", "queued", "queued")]
#[case(200, "text/html", r#"{"ok":true,"detail":"fine"}"#, "fine")]
#[tokio::test]
async fn a_success_need_not_have_the_contracts_shape(
    #[case] status: u16,
    #[case] kind: &'static str,
    #[case] body: &'static str,
    #[case] detail: &str,
) {
    let connector = answered(status, kind, body).await;
    assert_eq!(connector.apply(&effect(Verb::Restart, json!({})), &key("k")).await, Ok(done(detail)));
}

#[tokio::test]
async fn a_web_page_instead_of_a_result_is_no_success() {
    let connector = answered(200, "text/html", "<!doctype html><title>Sign in</title>").await;
    let restart = effect(Verb::Restart, json!({}));
    assert_eq!(connector.apply(&restart, &key("k")).await.unwrap_err().kind, CallErrorKind::Uncertain);
    assert_eq!(connector.preview(&restart).await.unwrap_err().kind, CallErrorKind::Unavailable);
    assert_eq!(connector.settle(&restart, &key("k")).await, Settled::Unknown);
}

#[rstest]
#[case(200, r#"{"key":"k","performed":false}"#, Settled::NotPerformed)]
#[case(200, r#"{"key":"other","performed":true}"#, Settled::Unknown)]
#[case(200, r#"{"key":"k"}"#, Settled::Unknown)]
#[case(200, "[]", Settled::Unknown)]
#[case(500, r#"{"key":"k","performed":false}"#, Settled::Unknown)]
#[case(401, "", Settled::Unknown)]
#[case(200, r#"{"performed":true}"#, Settled::Performed(Ok(done("done: restart all instances of api"))))]
#[case(
    200,
    r#"{"key":"k","performed":true,"status":409,"result":{"error":"busy"}}"#,
    Settled::Performed(Err(CallError::new(CallErrorKind::Conflict, "restart all instances of api: busy")))
)]
#[tokio::test]
async fn only_a_plain_yes_or_no_settles(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] expected: Settled,
) {
    let connector = answered(status, "application/json", body).await;
    assert_eq!(connector.settle(&effect(Verb::Restart, json!({})), &key("k")).await, expected);
}

#[tokio::test]
async fn senseless_effects_are_not_sent() {
    let sent = any(|| async { Json(json!({"ok": true})) });
    let connector = connector(&serve(Router::new().fallback(sent)).await);
    let mut foreign = effect(Verb::Restart, json!({}));
    foreign.service = ServiceName::new("other");
    let senseless = [
        foreign,
        effect(Verb::Restart, json!({"instnace": "a"})),
        effect(Verb::SetParameter, json!({"name": "..", "value": "x"})),
    ];
    for effect in senseless {
        assert_eq!(connector.apply(&effect, &key("k")).await.unwrap_err().kind, CallErrorKind::Invalid);
    }
    let bad_key = connector.apply(&effect(Verb::Restart, json!({})), &key("a\nb")).await.unwrap_err();
    assert_eq!(bad_key.kind, CallErrorKind::Invalid, "{bad_key}");
}
