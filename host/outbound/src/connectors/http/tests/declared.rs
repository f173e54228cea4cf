//! Declared requests: what is sent for them, and what is wrong with those that make no sense.

use axum::Json;
use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::test_server::serve;

/// Answers every effect with its method and address.
async fn mirror() -> String {
    let show = |request: Request| async move {
        Json(json!({"detail": format!("{} {}", request.method(), request.uri())}))
    };
    serve(Router::new().fallback(any(show))).await
}

fn declared(method: &str, path: &str) -> DeclaredRequest {
    DeclaredRequest { method: method.to_owned(), ..DeclaredRequest::get(path) }
}

fn with(
    url: &str,
    operation: Operation,
    request: DeclaredRequest,
) -> Result<HttpConnector, HttpConnectorError> {
    HttpConnector::new(HttpConnectorConfig {
        requests: BTreeMap::from([(operation, request)]),
        ..config(url)
    })
}

#[tokio::test]
async fn a_declared_request_is_sent_with_encoded_values() {
    let mut request = declared("POST", "/apps/{{ service }}/parts/{{ instance }}/kick");
    request.query.insert("why".to_owned(), "{{ key }} & more".to_owned());
    let connector = with(&mirror().await, Operation::Effect(Verb::Restart), request).unwrap();
    let restart = effect(Verb::Restart, json!({"instance": "a/../b?x#y"}));
    let change = connector.apply(&restart, &key("EX-1-1")).await.unwrap();
    assert_eq!(change.detail, "POST /apps/api/parts/a%2F..%2Fb%3Fx%23y/kick?why=EX-1-1+%26+more");
    let all = connector.apply(&effect(Verb::Restart, json!({})), &key("k")).await.unwrap_err();
    assert_eq!(all.kind, CallErrorKind::Invalid, "{all}");
}

#[tokio::test]
async fn a_declared_effect_happens_once_unless_said_otherwise_and_is_foretold_in_words() {
    let operation = Operation::Effect(Verb::Restart);
    let url = mirror().await;
    let connector = with(&url, operation, declared("POST", "kick")).unwrap();
    assert_eq!(connector.class(Verb::Restart), CallClass::OnceEffect);
    assert_eq!(connector.class(Verb::Scale), CallClass::IdempotentEffect);
    let restart = effect(Verb::Restart, json!({"instance": "a"}));
    let words = Change { detail: "would restart instance a of api".to_owned(), preview: true };
    assert_eq!(connector.preview(&restart).await, Ok(words));
    assert_eq!(connector.settle(&restart, &key("k")).await, Settled::Unknown, "nobody keeps keys there");
    let requests = BTreeMap::from([(operation, declared("POST", "kick"))]);
    let keeps_keys = HttpConnectorConfig { requests, idempotent_keys: Some(true), ..config(&url) };
    assert_eq!(HttpConnector::new(keeps_keys).unwrap().class(Verb::Restart), CallClass::IdempotentEffect);
}

#[test]
fn the_default_contract_is_idempotent_unless_the_platform_keeps_no_keys() {
    let url = "http://127.0.0.1:1";
    assert!(Verb::ALL.iter().all(|verb| connector(url).class(*verb) == CallClass::IdempotentEffect));
    let forgetful = HttpConnectorConfig { idempotent_keys: Some(false), ..config(url) };
    assert_eq!(HttpConnector::new(forgetful).unwrap().class(Verb::Restart), CallClass::OnceEffect);
}

#[rstest]
#[case("restart", declared("POST", "{{ instance"), "read the path of the request for `restart`: ")]
#[case(
    "restart",
    declared("POST", "{{ instnace }}"),
    "the path of the request for `restart`: there is no `instnace`"
)]
#[case(
    "restart",
    declared("POST", "x/{{ replicas }}"),
    "the path of the request for `restart`: a value in the path is empty"
)]
#[case("describe", declared("FETCH", ""), "the method of the request for `describe`: `FETCH` is none of")]
#[case(
    "settle",
    declared("GET", "../{{ key }}"),
    "the path of the request for `settle`: the path `../EX-1-1` leads elsewhere"
)]
#[case(
    "scale",
    DeclaredRequest { body: Some(r#"{"n": "{{ replicas }}", }"#.to_owned()), ..declared("PUT", "x") },
    "the body of the request for `scale`: `{\"n\": \"1\", }` is no JSON"
)]
#[case(
    "switch-over",
    DeclaredRequest { body: Some(r#"{"to": "{{ to }}"}"#.to_owned()), ..declared("PUT", "x") },
    "the body of the request for `switch-over`: `{\"to\": \"\"b\"\"}` is no JSON"
)]
fn a_wrong_template_is_found_when_the_connector_is_made(
    #[case] operation: &str,
    #[case] request: DeclaredRequest,
    #[case] reason: &str,
) {
    let operation = Operation::parse(operation).unwrap();
    let error = with("http://127.0.0.1:1", operation, request).err().unwrap().to_string();
    assert!(error.contains(reason), "{error}");
}

#[rstest]
#[case("api:80", "read the base address `api:80`: it must begin with http:// or https://")]
#[case("nonsense", "read the base address `nonsense`: relative URL without a base")]
#[case("http://h/?x=1", "it must have no query")]
fn a_wrong_base_address_is_found_when_the_connector_is_made(#[case] url: &str, #[case] reason: &str) {
    let error = HttpConnector::new(config(url)).err().unwrap().to_string();
    assert!(error.contains(reason), "{error}");
}

#[test]
fn operations_have_one_name_each() {
    for operation in Operation::all() {
        assert_eq!(Operation::parse(operation.name()), Some(operation));
    }
}
