//! Executions and their journals.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ballast_types::call::{Call, CallClass, CallError, CallErrorKind, LogQuery, Output, ServiceEffect, Verb};
use ballast_types::event::Record;
use ballast_types::execution::{
    Completion, Execution, ExecutionState, Intent, JournalEntry, RunMode, Verdict,
};
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::{
    Digest, ExecutionId, IdempotencyKey, IncidentId, Labels, PluginName, ServiceName, Timestamp,
};
use serde_json::{Value, json};

use crate::host::{Host, START, Setup, store_with};

fn execution(id: &str, requested_at: Timestamp, verdict: Verdict) -> Record {
    Record::Execution(Execution {
        id: ExecutionId::new(id),
        incident: IncidentId::new("INC-1"),
        runbook: PluginName::new("high-error-rate"),
        digest: Digest::new("abc"),
        service: ServiceName::new("checkout"),
        alert_name: "HighErrorRate".into(),
        alert_labels: Labels::from_pairs([("service", "checkout")]),
        parameters: r#"{"threshold":0.05}"#.into(),
        mode: RunMode::Live,
        requested_at,
        state: ExecutionState::Finished {
            at: requested_at + Duration::from_secs(60),
            verdict,
            summary: "Rolled back to 1.4.1.".into(),
        },
        objective: Some(Objective {
            service: ServiceName::new("checkout"),
            kind: IndicatorKind::ErrorRate,
            target: 0.01,
            indicator: "error_ratio".into(),
            window: Duration::from_secs(3600),
        }),
        indicator_before: f64::NAN,
        indicator_after: Some(f64::INFINITY),
        effects: 1,
        told: Vec::new(),
    })
}

fn intent(sequence: u64, call: Call, class: CallClass) -> JournalEntry {
    let execution = ExecutionId::new("EX-1");
    JournalEntry::Intent(Intent {
        sequence,
        at: START,
        request_hash: call.request_hash(),
        call,
        class,
        key: IdempotencyKey::of(&execution, sequence),
    })
}

fn completion(sequence: u64, result: Result<Output, CallError>) -> JournalEntry {
    JournalEntry::Completion(Completion { sequence, at: START, result })
}

async fn host() -> Host {
    let hour_ago = START - Duration::from_secs(3600);
    let failed = Verdict::Failed { reason: "trapped: unreachable".into() };
    let store = store_with([execution("EX-1", hour_ago, Verdict::Helped), execution("EX-2", START, failed)]);
    Host::with(Setup { store, ..Setup::default() }).await
}

#[tokio::test]
async fn executions_are_listed_newest_first_with_how_they_ended() {
    let host = host().await;
    let list = host.get("/api/executions?service=checkout").await.json();
    let ids: Vec<&Value> = list["executions"].as_array().unwrap().iter().map(|e| &e["id"]).collect();
    assert_eq!(ids, ["EX-2", "EX-1"]);
    assert_eq!(list["executions"][0]["verdict"], "failed");
    assert_eq!(list["executions"][0]["reason"], "trapped: unreachable");
    let helped = &list["executions"][1];
    assert_eq!((&helped["verdict"], &helped["reason"]), (&json!("helped"), &Value::Null));
    // Without a value there is none; a value that JSON cannot say is a string.
    assert_eq!((&helped["indicatorBefore"], &helped["indicatorAfter"]), (&Value::Null, &json!("+Inf")));
    let none = host.get("/api/executions?state=unfinished").await.json();
    assert_eq!(none, json!({ "executions": [], "next": null }));
    let first = host.get("/api/executions?limit=1").await.json();
    let rest = format!("/api/executions?limit=1&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(host.get(&rest).await.json()["executions"][0]["id"], "EX-1");
}

#[tokio::test]
async fn an_execution_is_shown_with_every_call_that_it_made() {
    let host = host().await;
    let logs =
        LogQuery { service: ServiceName::new("checkout"), contains: "error".into(), since_ms: 0, limit: 10 };
    let roll_back =
        ServiceEffect { service: ServiceName::new("checkout"), verb: Verb::Rollback, arguments: json!({}) };
    let journal = vec![
        intent(1, Call::LogsSearch(logs), CallClass::Read),
        completion(1, Err(CallError::new(CallErrorKind::Unavailable, "no log"))),
        intent(2, Call::ServiceEffect(roll_back), CallClass::OnceEffect),
    ];
    host.store.put_journal(&ExecutionId::new("EX-1"), journal);
    let whole = host.get("/api/executions/EX-1").await.json();
    assert_eq!(whole["parameters"], json!({ "threshold": 0.05 }));
    let calls = whole["journal"].as_array().unwrap();
    assert_eq!((&calls[0]["capability"], &calls[0]["class"]), (&json!("logs"), &json!("read")));
    assert_eq!(calls[0]["error"], json!({ "kind": "unavailable", "message": "no log" }));
    assert_eq!((&calls[1]["key"], &calls[1]["completedAt"]), (&json!("EX-1-2"), &Value::Null));
    assert_eq!(calls.len(), 2);
    host.get("/api/executions/EX-9").await.problem(404, "not-found");

    host.store.broken.store(true, Ordering::SeqCst);
    let problem = host.get("/api/executions/EX-1").await.problem(503, "unavailable");
    assert_eq!(problem["detail"], "the store does not answer; the log of the host says why");
}

#[tokio::test]
async fn what_is_over_cannot_be_cancelled() {
    let host = host().await;
    let answer = host.post("/api/executions/EX-1/cancel", json!({ "by": "ann" })).await;
    assert!(matches!(answer.status.as_u16(), 409 | 422), "{answer:?}");
    host.post("/api/executions/EX-9/cancel", json!({ "by": "ann" })).await.problem(404, "not-found");
}
