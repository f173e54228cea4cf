//! Calls: what a guest says arrives at the door, what the door says arrives at the guest, and time-outs in between.

use ballast_ports::plugin_runtime::{Halt, RunFailure};
use ballast_types::ServiceName;
use ballast_types::call::{
    Call, CallErrorKind, Change, Dependency, Deployment, HttpRequest, HttpResponse, IncidentSummary,
    Instance, LogLevel, LogLine, LogQuery, MetricPoint, Output, ServiceEffect, ServiceInfo, TraceSummary,
    Verb,
};
use ballast_types::execution::OutcomeKind;
use serde_json::json;

use std::sync::Arc;

use crate::support::{Scripted, Silent, error, hostile};

fn api() -> ServiceName {
    ServiceName::new("api")
}

fn effect(verb: Verb, arguments: serde_json::Value) -> ServiceEffect {
    ServiceEffect { service: api(), verb, arguments }
}

#[tokio::test]
async fn a_well_behaved_run_ends_with_its_outcome() {
    let door = Scripted::obliging();
    let outcome = hostile("good", door.clone()).await.unwrap();
    assert_eq!(outcome.kind, OutcomeKind::Acted);
    assert_eq!(outcome.summary, "0 points, done");
    assert_eq!(outcome.inverse, [effect(Verb::Rollback, json!({"to": "v2"}))]);
    assert_eq!(
        door.calls(),
        [
            Call::Log { level: LogLevel::Warn, message: "HighErrorRate on api".into() },
            Call::MetricsQuery { expression: "up".into() },
            Call::ServiceEffect(effect(Verb::Rollback, json!({}))),
        ]
    );
}

/// An answer with recognisable content for every call.
fn answer(call: &Call) -> Output {
    let change = |detail: &str| Change { detail: detail.into(), preview: true };
    match call {
        Call::TimerNow => Output::Time { at_ms: 1_234 },
        Call::MetricsQuery { .. } | Call::MetricsQueryRange { .. } => Output::Points(vec![MetricPoint {
            labels: vec![("job".into(), "api".into())],
            at_ms: 5,
            value: "+Inf".into(),
        }]),
        Call::LogsSearch(_) => {
            Output::LogLines(vec![LogLine { at_ms: 6, level: "error".into(), message: "timeout!".into() }])
        }
        Call::TracesSearch { .. } => Output::Traces(vec![TraceSummary {
            trace_id: "abc".into(),
            root: "GET /".into(),
            duration_ms: 170,
            failed: true,
        }]),
        Call::ServiceDescribe { service } => {
            Output::Service(ServiceInfo { service: service.clone(), version: "v3".into(), replicas: 2 })
        }
        Call::ServiceInstances { .. } => Output::Instances(vec![Instance {
            id: "i-9".into(),
            state: "stalled".into(),
            version: "v3".into(),
        }]),
        Call::ServiceDeployments { .. } => Output::Deployments(vec![Deployment {
            version: "v2".into(),
            deployed_at_ms: 77,
            current: false,
            by: "carol".into(),
        }]),
        Call::ServiceDependencies { .. } => Output::Dependencies(vec![Dependency {
            service: ServiceName::new("db"),
            healthy: false,
            detail: "refuses".into(),
        }]),
        Call::ServiceEffect(effect) => Output::Change(change(effect.verb.name())),
        Call::ServiceBatch(_) => {
            Output::Changes(vec![Ok(change("first")), Err(error(CallErrorKind::Refused, "not now"))])
        }
        Call::DatabaseRead { .. } => Output::Rows(vec![json!({"pid": 7})]),
        Call::DatabaseEffect { .. } => Output::Change(change("cancelled")),
        Call::Http(_) => {
            Output::Http(HttpResponse { status: 418, headers: vec![("a".into(), "b".into())], body: vec![1] })
        }
        Call::ApprovalRequest { .. } => Output::Decision { approved: true, by: "dave".into() },
        Call::IncidentRead => Output::Incident(IncidentSummary {
            id: "INC-1".into(),
            title: "errors".into(),
            severity: "SEV2".into(),
            opened_at_ms: 8,
        }),
        Call::StateGet { .. } => Output::Value(Some(vec![42])),
        _ => Output::Done,
    }
}

#[tokio::test]
async fn every_function_of_the_contract_goes_there_and_back() {
    let door = Scripted::new(|call| Ok(Ok(answer(call))));
    let summary = hostile("tour", door.clone()).await.unwrap().summary;
    for part in [
        "now 1234",
        "value: inf",
        "timeout!",
        "duration-ms: 170",
        "replicas: 2",
        "stalled",
        "deployed-at-ms: 77",
        "by: \"carol\"",
        "refuses",
        "restart",
        "rollback",
        "scale",
        "set-parameter",
        "switch-over",
        "first",
        "not now",
        r#"{\"pid\":7}"#,
        "cancelled",
        "status: 418",
        "dave",
        "SEV2",
        "Some([42])",
    ] {
        assert!(summary.contains(part), "`{part}` is missing in\n{summary}");
    }
    let db = ServiceName::new("db");
    let expected = [
        Call::TimerNow,
        Call::TimerSleep { duration_ms: 5 },
        Call::MetricsQuery { expression: "up".into() },
        Call::MetricsQueryRange { expression: "up".into(), lookback_ms: 60_000, step_ms: 1_000 },
        Call::LogsSearch(LogQuery { service: api(), contains: "timeout".into(), since_ms: 1, limit: 5 }),
        Call::TracesSearch { service: api(), min_duration_ms: 100, limit: 5 },
        Call::ServiceDescribe { service: api() },
        Call::ServiceInstances { service: api() },
        Call::ServiceDeployments { service: api() },
        Call::ServiceDependencies { service: api() },
        Call::ServiceEffect(effect(Verb::Restart, json!({"instance": "i-1"}))),
        Call::ServiceEffect(effect(Verb::Rollback, json!({"to": "v1"}))),
        Call::ServiceEffect(effect(Verb::Scale, json!({"replicas": 3}))),
        Call::ServiceEffect(effect(Verb::SetParameter, json!({"name": "pool", "value": "20"}))),
        Call::ServiceEffect(effect(Verb::SwitchOver, json!({"to": "standby"}))),
        Call::ServiceBatch(vec![
            effect(Verb::Restart, json!({})),
            effect(Verb::Scale, json!({"replicas": 2})),
        ]),
        Call::DatabaseRead { service: db.clone(), view: "activity".into() },
        Call::DatabaseEffect { service: db, action: "cancel-query".into(), arguments: json!({"pid": 7}) },
        Call::Http(HttpRequest {
            method: "POST".into(),
            url: "http://localhost/x".into(),
            headers: vec![("accept".into(), "text/plain".into())],
            body: b"hello".to_vec(),
        }),
        Call::ApprovalRequest { reason: "restart it?".into(), timeout_ms: 60_000 },
        Call::IncidentRead,
        Call::IncidentNote { text: "looked at everything".into() },
        Call::StateGet { key: "k".into() },
        Call::StateSet { key: "k".into(), value: Some(b"v".to_vec()) },
        Call::StateSet { key: "k".into(), value: None },
    ];
    assert_eq!(door.calls(), expected);
}

#[tokio::test]
async fn a_door_that_stays_silent_is_a_time_out_and_for_an_effect_uncertain() {
    for (deed, kind, capability) in
        [("query", CallErrorKind::TimedOut, "metrics"), ("restart", CallErrorKind::Uncertain, "services")]
    {
        let failure = hostile(deed, Arc::new(Silent)).await.unwrap_err();
        let text = format!("`{capability}` did not answer within 120 ms");
        assert_eq!(failure, RunFailure::Guest(error(kind, &text)), "{deed}");
    }
}

#[tokio::test]
async fn a_halt_of_the_door_ends_the_run_with_that_halt() {
    for halt in [
        Halt::Cancelled,
        Halt::Journal("disk full".into()),
        Halt::Diverged { sequence: 1, reason: "asked for something else".into() },
    ] {
        let reply = halt.clone();
        let door = Scripted::new(move |_| Err(reply.clone()));
        assert_eq!(hostile("good", door.clone()).await, Err(RunFailure::Halted(halt)));
        assert_eq!(door.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_error_of_the_guest_is_its_outcome() {
    let failure = hostile("fail", Scripted::obliging()).await.unwrap_err();
    let expected = error(CallErrorKind::Conflict, "it is already as it should be");
    assert_eq!(failure, RunFailure::Guest(expected));
}

#[tokio::test]
async fn what_makes_no_sense_is_invalid_and_never_reaches_the_door() {
    for (deed, expected) in [
        ("bad-arguments", "the arguments are no JSON object"),
        ("big-value", "the value of `k` has more than 65536 bytes"),
        ("bad-inverse", "the outcome's inverse is unusable: there is no verb `explode`"),
    ] {
        let door = Scripted::obliging();
        match hostile(deed, door.clone()).await {
            Err(RunFailure::Guest(failure)) => {
                assert_eq!(failure.kind, CallErrorKind::Invalid);
                assert!(failure.message.starts_with(expected), "{deed}: {failure}");
            }
            other => panic!("{deed}: {other:?}"),
        }
        assert_eq!(door.calls(), [], "{deed}");
    }
}

#[tokio::test]
async fn an_answer_that_answers_something_else_is_unavailable() {
    let door = Scripted::new(|_| Ok(Ok(Output::Rows(Vec::new()))));
    match hostile("query", door).await {
        Err(RunFailure::Guest(failure)) => assert_eq!(failure.kind, CallErrorKind::Unavailable),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_unavailable() {
    let point = MetricPoint { labels: vec![("a".into(), "b".repeat(1 << 20))], at_ms: 1, value: "1".into() };
    let door = Scripted::new(move |_| Ok(Ok(Output::Points(vec![point.clone()]))));
    match hostile("query", door).await {
        Err(RunFailure::Guest(failure)) => {
            assert_eq!(
                failure.to_string(),
                "unavailable: the answer has more than 1048576 bytes; ask for less"
            );
        }
        other => panic!("{other:?}"),
    }
}
