//! The platform as those who watch it see it: real processes, real faults, the control plane's contract. Each test starts a
//! platform of its own, so they may run at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use reqwest::Method;
use serde_json::json;

use support::{Platform, eventually, runs};

const DOCUMENTS: &str = "/services/document-processing";
const MODELS: &str = "/services/model-management";

#[tokio::test]
async fn the_metrics_have_the_names_that_are_watched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ports.json");
    let platform = Platform::start(&["--port-file", file.to_str().unwrap()]);
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, platform.ready);
    let names = [
        (
            "api-gateway",
            "http_requests_total{ http_request_duration_seconds_bucket{ worker_pool_size{ worker_pool_busy{ worker_pool_queue_depth{ replicas{ build_info{ dependency_up{ upstream_requests_total{ process_resident_memory_bytes{",
        ),
        (
            "document-processing",
            "http_requests_total{ document_processing_rate{ db_pool_size{ db_pool_in_use{ db_pool_waiting{ dependency_up{",
        ),
        (
            "model-management",
            "http_requests_total{ model_inference_latency_seconds_bucket{ gpu_utilization_ratio{ gpu_memory_used_bytes{ gpu_memory_total_bytes{ model_memory_used_bytes{ model_memory_limit_bytes{",
        ),
        ("document-store", "http_requests_total{ http_request_duration_seconds_bucket{"),
    ];
    for (service, names) in names {
        eventually("load arrives", async || {
            platform.metric(service, "http_requests_total", &["code=\"200\""]).await > 5.0
        })
        .await;
        let page = platform.page(service).await;
        for name in names.split(' ') {
            let label = format!("service=\"{service}\"");
            let found = page.lines().any(|line| line.starts_with(name) && line.contains(&label));
            assert!(found, "{service} has no {name}:\n{page}");
        }
    }
    eventually("documents are processed", async || {
        platform.metric("document-processing", "document_processing_rate", &[]).await > 5.0
    })
    .await;
    assert!(
        platform.metric("model-management", "process_resident_memory_bytes", &[]).await
            > 48.0 * 1024.0 * 1024.0
    );
}

#[tokio::test]
async fn a_bad_release_fails_requests_until_it_is_rolled_back_once() {
    let platform = Platform::start(&[]);
    platform.inject("bad-release", "document-processing").await;
    let failed =
        async || platform.metric("document-processing", "http_requests_total", &["code=\"500\""]).await;
    eventually("requests fail", async || failed().await > 5.0).await;
    let said = platform.error("document-processing", "clause_index").await;
    assert_eq!(said.as_deref(), Some("cannot parse field 'clause_index' (release 1.5.0-bad)"));
    let newest = platform.get(&format!("{DOCUMENTS}/deployments")).await[0].clone();
    assert_eq!(
        (&newest["version"], &newest["by"], &newest["current"]),
        (&json!("1.5.0-bad"), &json!("release-pipeline"), &json!(true))
    );

    let rollback = format!("{DOCUMENTS}/rollback");
    let preview = platform.order(Method::POST, &format!("{rollback}?dryRun=true"), "").await;
    assert_eq!(preview["would"], "roll back document-processing from 1.5.0-bad to 1.4.2");
    assert_eq!(platform.get(DOCUMENTS).await["version"], "1.5.0-bad", "a preview changes nothing");
    assert_eq!(platform.ask(Method::GET, "/effects/once", None, "").await.0, 404);

    let order = || platform.ask(Method::POST, &rollback, Some("once"), "{}");
    let (first, second) = tokio::join!(order(), order());
    assert_eq!((first.0, &first.1["ok"], &first.1["to"]), (200, &json!(true), &json!("1.4.2")));
    assert_eq!(first, second);
    assert_eq!(order().await, first);
    let effects = platform.get("/effects").await;
    assert_eq!(
        (effects.as_array().unwrap().len(), &effects[0]["verb"], &effects[0]["key"]),
        (1, &json!("rollback"), &json!("once"))
    );
    let proof = platform.get(&format!("{DOCUMENTS}/effects/once")).await;
    assert_eq!((&proof["performed"], &proof["result"]), (&json!(true), &first.1));
    let versions = platform.get(&format!("{DOCUMENTS}/deployments")).await;
    let versions: Vec<_> =
        versions.as_array().unwrap().iter().map(|d| d["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["1.4.2", "1.5.0-bad", "1.4.2", "1.4.1"]);
    platform.recovers("/documents").await;
    assert!(failed().await < 0.5, "the process that serves now never failed");
}

#[tokio::test]
async fn a_killed_process_is_stopped_until_somebody_restarts_it() {
    let platform = Platform::start(&[]);
    let before = platform.ready["services"]["model-management"]["metrics"].clone();
    platform.inject("kill", "model-management").await;
    assert_eq!(platform.states("model-management").await, ["stopped", "stopped"]);
    assert!(platform.page("model-management").await.is_empty());
    eventually("callers notice", async || {
        platform.metric("api-gateway", "http_requests_total", &["/infer", "code=\"502\""]).await > 3.0
    })
    .await;
    assert!(platform.error("model-management", "SIGKILL").await.is_some());
    let dependencies = platform.get("/services/api-gateway/dependencies").await;
    assert_eq!((&dependencies[0]["healthy"], &dependencies[1]["healthy"]), (&json!(true), &json!(false)));
    for path in ["replicas", "replicas?dryRun=true"] {
        let path = format!("{MODELS}/{path}");
        let (status, refused) = platform.ask(Method::PUT, &path, None, r#"{"replicas":3}"#).await;
        assert_eq!(status, 409, "{path}: {refused}");
    }

    platform.order(Method::POST, &format!("{MODELS}/restart"), "").await;
    assert_eq!(platform.states("model-management").await, ["ready", "ready"]);
    platform.recovers("/infer").await;
    assert_eq!(
        platform.get("/").await["services"]["model-management"]["metrics"],
        before,
        "it keeps its ports"
    );
    assert_eq!(platform.get("/faults").await[0]["active"], false);
}

#[tokio::test]
async fn a_leaking_model_server_stalls_and_restarting_its_instances_helps() {
    let platform = Platform::start(&[]);
    platform.inject("memory-leak", "model-management").await;
    eventually("every instance stalls", async || {
        platform.states("model-management").await == ["stalled", "stalled"]
    })
    .await;
    let share = platform.metric("model-management", "model_memory_used_bytes", &[]).await
        / platform.metric("model-management", "model_memory_limit_bytes", &[]).await;
    assert!(share > 0.95, "{share}");
    assert!(platform.error("model-management", "ready").await.is_some());
    for instance in ["model-management-0", "model-management-1"] {
        platform
            .order(Method::POST, &format!("{MODELS}/restart"), &format!(r#"{{"instance":"{instance}"}}"#))
            .await;
    }
    assert_eq!(platform.states("model-management").await, ["ready", "ready"]);
    platform.recovers("/infer").await;
}

#[tokio::test]
async fn a_leaked_pool_and_a_slow_store_show_where_they_hurt() {
    let platform = Platform::start(&[]);
    platform.inject("pool-leak", "document-processing").await;
    let gauge = async |name| platform.metric("document-processing", name, &[]).await;
    eventually("the pool is exhausted", async || {
        platform.error("document-processing", "exhausted").await.is_some()
    })
    .await;
    assert!(gauge("db_pool_in_use").await >= gauge("db_pool_size").await - 1.0);
    platform.order(Method::PUT, &format!("{DOCUMENTS}/parameters/db_pool_size"), r#"{"value":"12"}"#).await;
    assert_eq!(gauge("db_pool_size").await, 24.0);
    platform.order(Method::POST, &format!("{DOCUMENTS}/restart"), "{}").await;
    assert_eq!(gauge("db_pool_size").await, 24.0, "a restart keeps what was set");
    platform.recovers("/documents").await;

    let slow = platform.inject("slow-dependency", "document-store").await;
    platform.order(Method::POST, "/services/document-store/restart", "").await;
    eventually("calls time out", async || {
        platform.error("document-processing", "document-store").await.is_some()
    })
    .await;
    let dependencies = platform.get(&format!("{DOCUMENTS}/dependencies")).await;
    assert_eq!(
        (&dependencies[0]["name"], &dependencies[0]["healthy"]),
        (&json!("document-store"), &json!(false))
    );
    platform.order(Method::DELETE, &format!("/faults/{slow}"), "").await;
    platform.recovers("/documents").await;
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let platform = Platform::start(&["--load", "0"]);
    let refused = [
        (Method::GET, "/services/billing/instances", "", 404),
        (Method::GET, "/nowhere", "", 404),
        (Method::POST, "/services/api-gateway/rollback", r#"{"to":"9.9.9"}"#, 404),
        (Method::POST, "/services/api-gateway/rollback", r#"{"to":"1.4.2"}"#, 409),
        (Method::POST, "/services/api-gateway/restart", r#"{"instance":"api-gateway-7"}"#, 404),
        (Method::POST, "/services/api-gateway/restart", r#"{"instnce":"x"}"#, 400),
        (Method::POST, "/services/api-gateway/restart", "{", 400),
        (Method::POST, "/services/api-gateway/deploy", r#"{"version":"--slow"}"#, 422),
        (Method::PUT, "/services/api-gateway/replicas", r#"{"replicas":0}"#, 422),
        (Method::PUT, "/services/api-gateway/replicas", r#"{"replicas":17}"#, 422),
        (Method::PUT, "/services/api-gateway/parameters/db_pool_size", r#"{"value":"4"}"#, 404),
        (Method::PUT, "/services/api-gateway/parameters/workers", r#"{"value":"lots"}"#, 422),
        (Method::POST, "/faults", r#"{"kind":"memory-leak","service":"api-gateway"}"#, 422),
        (Method::POST, "/faults", r#"{"kind":"earthquake","service":"api-gateway"}"#, 400),
        (Method::DELETE, "/faults/fault-9", "", 404),
    ];
    for (method, path, body, expected) in refused {
        let (status, answer) = platform.ask(method, path, Some("refused"), body).await;
        assert_eq!(status, expected, "{path} {body}: {answer}");
        assert!(answer["error"].is_string(), "{path} {body}: {answer}");
    }
    assert_eq!(platform.get("/effects").await, json!([]));
    let scaled = platform.order(Method::PUT, "/services/api-gateway/replicas", r#"{"replicas":3}"#).await;
    assert_eq!((&scaled["from"], &scaled["to"]), (&json!(2), &json!(3)));
    assert_eq!(platform.states("api-gateway").await.len(), 3);
}

#[tokio::test]
async fn no_child_outlives_the_supervisor_however_it_ends() {
    let ends: [fn(&mut Platform); 3] = [
        Platform::kill_supervisor,
        |platform| assert!(platform.terminate().success()),
        |platform| assert!(platform.close_stdin().success()),
    ];
    for end in ends {
        let mut platform = Platform::start(&["--exit-with-stdin"]);
        let children = platform.children();
        assert_eq!(children.len(), 5, "four services and the load generator");
        end(&mut platform);
        eventually("every child is gone", async || !children.iter().any(|child| runs(*child))).await;
    }
}
