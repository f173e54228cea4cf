//! A real server on the other side that answers as the stores do, whole, in part, late and wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Form, Router};
use ballast_ports::http_client::Secret;
use ballast_types::{Labels, Sample};
use std::collections::HashMap;

use super::*;
use crate::test_server::serve;

type Asked = Arc<Mutex<Vec<HashMap<String, String>>>>;

async fn remote(router: Router) -> HttpRemote {
    HttpRemote::new(RemoteConfig {
        url: format!("{}/prometheus/", serve(router).await),
        timeout: Duration::from_secs(20),
        headers: vec![("X-Scope-OrgID".to_owned(), Secret::new("tenant"))],
        retry_pause: Duration::ZERO,
        batch_max: 10,
    })
    .unwrap()
}

fn vector(elements: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{elements}]}}}}"#)
}

fn at() -> Timestamp {
    Timestamp::from_millis(12_345)
}

fn element(labels: &[(&str, &str)], value: f64) -> (Labels, Sample) {
    (Labels::from_pairs(labels.iter().copied()), Sample { at: Timestamp::from_secs(12), value })
}

/// A store that notes what it was asked and answers with what `answer` makes of how often it was asked before.
fn store<R: IntoResponse + 'static>(asked: Asked, answer: fn(usize) -> R) -> Router {
    let count = Arc::new(AtomicUsize::new(0));
    let handler = move |State(asked): State<Asked>, Form(form): Form<HashMap<String, String>>| async move {
        asked.lock().unwrap().push(form);
        answer(count.fetch_add(1, Ordering::SeqCst))
    };
    Router::new().route("/prometheus/api/v1/query", post(handler)).with_state(asked)
}

#[tokio::test]
async fn a_query_is_sent_whole_and_asks_for_all_or_nothing() {
    let asked = Asked::default();
    let answer = |_| vector(r#"{"metric":{"job":"api"},"value":[12,"3"]}"#);
    let remote = remote(store(asked.clone(), answer)).await;
    let value = remote.instant("sum(rate(x[5m]))", at()).await.unwrap();
    assert_eq!(value, RemoteValue::Vector(vec![element(&[("job", "api")], 3.0)]));
    let asked = asked.lock().unwrap().remove(0);
    let of = |name: &str| asked[name].as_str();
    assert_eq!((of("query"), of("time")), ("sum(rate(x[5m]))", "12.345"));
    assert_eq!((of("partial_response"), of("deny_partial_response")), ("false", "1"));
}

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_again() {
    let asked = Asked::default();
    let answer = |attempt| match attempt {
        0 => (StatusCode::SERVICE_UNAVAILABLE, "overloaded".to_owned()),
        1 => (StatusCode::TOO_MANY_REQUESTS, String::new()),
        _ => (StatusCode::OK, vector("")),
    };
    let remote = remote(store(asked.clone(), answer)).await;
    assert_eq!(remote.instant("x", at()).await, Ok(RemoteValue::Vector(Vec::new())));
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_not_tried_again_and_an_outage_not_for_ever() {
    let asked = Asked::default();
    let refusal = |_| (StatusCode::BAD_REQUEST, r#"{"status":"error","error":"parse error"}"#);
    let error = remote(store(asked.clone(), refusal)).await.instant("x", at()).await.unwrap_err();
    assert!(
        matches!(&error, RemoteError::Refused { reason, .. } if reason.contains("parse error")),
        "{error}"
    );
    assert_eq!(asked.lock().unwrap().len(), 1);
    let outage = |_| StatusCode::BAD_GATEWAY;
    let error = remote(store(asked.clone(), outage)).await.instant("x", at()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Unavailable { .. }), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_partial_answer_is_no_answer() {
    let asked = Asked::default();
    let partial =
        |_| r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}"#.to_owned();
    let error = remote(store(asked.clone(), partial)).await.instant("x", at()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Partial { .. }), "{error}");
}

#[tokio::test]
async fn queries_of_one_instant_travel_together() {
    let asked = Asked::default();
    let answer = |_| {
        vector(
            r#"{"metric":{"ballast_query":"1","a":"b"},"value":[12,"1"]},{"metric":{"ballast_query":"0"},"value":[12,"2"]},
               {"metric":{"ballast_query":"1"},"value":[12,"3"]}"#,
        )
    };
    let remote = remote(store(asked.clone(), answer)).await;
    let queries = ["x".to_owned(), "y # why".to_owned(), "z".to_owned()];
    let answers: Vec<_> = remote.instants(&queries, at()).await.into_iter().map(Result::unwrap).collect();
    let expected =
        [vec![element(&[], 2.0)], vec![element(&[("a", "b")], 1.0), element(&[], 3.0)], Vec::new()];
    assert_eq!(answers, expected.map(RemoteValue::Vector));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["query"].matches("label_replace(").count(), 3);
}

#[tokio::test]
async fn one_bad_query_does_not_spoil_the_others() {
    let asked = Asked::default();
    let answer = |attempt| match attempt {
        0 | 2 => (StatusCode::UNPROCESSABLE_ENTITY, r#"{"status":"error","error":"bad"}"#.to_owned()),
        _ => (StatusCode::OK, vector("")),
    };
    let remote = remote(store(asked.clone(), answer)).await;
    let answers = remote.instants(&["x".to_owned(), "y".to_owned(), "z".to_owned()], at()).await;
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

#[tokio::test]
async fn an_error_names_the_store_and_keeps_its_password() {
    let config = RemoteConfig {
        url: "http://me:hunter2@127.0.0.1:1/x".to_owned(),
        timeout: Duration::from_secs(5),
        headers: Vec::new(),
        retry_pause: Duration::ZERO,
        batch_max: 1,
    };
    let error = HttpRemote::new(config).unwrap().instant("x", at()).await.unwrap_err().to_string();
    assert!(error.contains("http://me:xxxxx@127.0.0.1:1/x") && !error.contains("hunter2"), "{error}");
}
