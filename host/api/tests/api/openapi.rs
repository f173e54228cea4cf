//! The OpenAPI document: it is the one that is kept in the repository, and every path in it is there.

use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;

use crate::host::Host;

/// Where clients and reviewers find it.
fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")
}

#[test]
fn the_document_is_the_one_that_is_kept() {
    let document = format!("{}\n", ballast_api::openapi().unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(kept(), &document).unwrap();
    }
    let kept = std::fs::read_to_string(kept()).unwrap_or_default();
    assert!(
        kept == document,
        "host/api/openapi.json is not what the code says; if the change is meant: \
         UPDATE_OPENAPI=1 cargo nextest run -p ballast-api the_document_is_the_one_that_is_kept"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&ballast_api::openapi().unwrap()).unwrap();
    let methods =
        document["paths"].as_object().unwrap().values().flat_map(|methods| methods.as_object().unwrap());
    let mut names: Vec<&str> =
        methods.map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn every_documented_path_takes_its_methods() {
    let host = Host::firing().await;
    let document: Value = host.get("/api/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut walked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = Request::builder().method(&method).uri(path.replace("{id}", "NONE-1"));
            let request =
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
            let answer = host.ask(request).await;
            let unknown = answer.text.contains("unknown-path") || answer.status == 405;
            assert!(!unknown && answer.status.as_u16() < 500, "{method} {path}: {answer:?}");
            walked += 1;
        }
    }
    assert!(walked >= 28, "only {walked} operations are documented");
}

#[tokio::test]
async fn every_answer_has_the_keys_that_are_documented() {
    let host = Host::firing().await;
    let document: Value = host.get("/api/openapi.json").await.json();
    for path in ["/health", "/api/incidents", "/api/alerts", "/api/rules", "/api/dashboard", "/api/silences"]
    {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
        let reference = content["schema"]["$ref"].as_str().unwrap();
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        let documented: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let answer = host.get(path).await.json();
        let given: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(sorted(documented), sorted(given), "{path}");
    }
}

fn sorted(mut keys: Vec<&String>) -> Vec<&String> {
    keys.sort();
    keys
}
