//! Rules, plugins, targets and the dashboard: what is in force, what was refused, and that the last good goes on.

use axum::http::Method;
use ballast_types::event::Event;
use serde_json::{Value, json};

use crate::host::{Host, RULES, Setup};

/// The file of a problem by its name, since the folder is another in each test.
fn without_folder(mut problems: Value) -> Value {
    for problem in problems.as_array_mut().unwrap() {
        let file = problem["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        problem["file"] = json!(file);
    }
    problems
}

#[tokio::test]
async fn rules_are_shown_with_their_health() {
    let host = Host::firing().await;
    host.until(|event| matches!(event, Event::AlertChanged { name, .. } if name == "Slow")).await;
    let list = host.get("/api/rules").await.json();
    let group = &list["groups"][0];
    assert_eq!((&group["name"], &group["intervalMs"]), (&json!("checkout"), &json!(60_000)));
    assert!(group["file"].as_str().unwrap().ends_with("rules/checkout.yml"));
    let rule = &group["rules"][0];
    insta::assert_json_snapshot!(rule, @r#"
    {
      "annotations": {
        "summary": "{{ $labels.service }} fails"
      },
      "column": 9,
      "error": null,
      "evaluatedAt": "2025-01-31T12:00:00.000Z",
      "expression": "error_ratio{service=\"checkout\"} > 0.05",
      "forMs": 0,
      "health": "ok",
      "id": "997c44a67c4c482e",
      "keepFiringForMs": 0,
      "kind": "alerting",
      "labels": {
        "severity": "critical"
      },
      "line": 5,
      "name": "HighErrorRate",
      "series": 1,
      "tookMs": 0.0
    }
    "#);
    assert_eq!(group["rules"][2]["kind"], "recording");
    assert_eq!(group["rules"][2]["forMs"], Value::Null);
    assert_eq!(list["problems"], json!([]));
}

#[tokio::test]
async fn a_broken_file_is_refused_at_its_place_and_the_last_good_goes_on() {
    let host = Host::start().await;
    host.write_rules(&RULES.replace("for: 5m", "form: 5m"));
    let problem = host.send(Method::POST, "/-/reload", "").await.problem(422, "refused");
    let errors = without_folder(problem["errors"].clone());
    insta::assert_json_snapshot!(errors, @r#"
    [
      {
        "column": 9,
        "file": "checkout.yml",
        "help": "did you mean `for`?",
        "line": 11,
        "message": "unknown key `form` in a rule"
      }
    ]
    "#);
    let list = host.get("/api/rules").await.json();
    assert_eq!(list["groups"][0]["rules"].as_array().unwrap().len(), 3);
    assert_eq!(without_folder(list["problems"].clone()), errors);
    assert_eq!(host.get("/health").await.json()["status"], "degraded");
    assert_eq!(host.get("/health/ready").await.status, 200);
    assert_eq!(without_folder(host.get("/api/dashboard").await.json()["problems"]["rules"].clone()), errors);

    host.write_rules(RULES);
    let mended = host.send(Method::POST, "/-/reload", "").await;
    assert_eq!((mended.status.as_u16(), mended.json()), (200, json!({ "rules": 3, "plugins": 0 })));
    assert_eq!(host.get("/api/rules").await.json()["problems"], json!([]));
}

#[tokio::test]
async fn a_component_that_is_none_is_refused_with_its_reason() {
    let host = Host::with(Setup { plugin: Some(b"no wasm"), ..Setup::default() }).await;
    let plugin = host.get("/api/plugins").await.json()["plugins"][0].clone();
    assert!(plugin["file"].as_str().unwrap().ends_with("plugins/fix.wasm"));
    assert_eq!(plugin["installed"], Value::Null);
    assert_eq!(plugin["problem"], "load the component: these bytes are no component");
    let problem = host.send(Method::POST, "/-/reload", "").await.problem(422, "refused");
    assert_eq!(problem["errors"][0]["message"], plugin["problem"]);
}

#[tokio::test]
async fn a_target_that_is_down_is_shown_with_the_reason() {
    let host = Host::with(Setup { target: Some("http://checkout:1/metrics"), ..Setup::default() }).await;
    host.until(|event| matches!(event, Event::TargetHealth { up: false, .. })).await;
    let target = host.get("/api/targets").await.json()["targets"][0].clone();
    assert_eq!((&target["up"], &target["service"]), (&json!(false), &json!("checkout")));
    assert_eq!(target["problems"], json!(["scrape http://checkout:1/metrics: connection refused"]));
    assert_eq!(host.get("/api/dashboard").await.json()["targetsDown"], json!([target]));
    assert_eq!(host.get("/health").await.json()["targetsDown"], 1);
}

#[tokio::test]
async fn the_dashboard_has_everything_at_a_glance() {
    let host = Host::firing().await;
    host.until(|event| matches!(event, Event::AlertChanged { name, .. } if name == "Slow")).await;
    let dashboard = host.get("/api/dashboard").await.json();
    assert_eq!(dashboard["alerts"]["byState"], json!({ "firing": 1, "pending": 1, "resolved": 0 }));
    assert_eq!(dashboard["alerts"]["firingBySeverity"], json!({ "critical": 1 }));
    assert_eq!(dashboard["incidents"]["byState"]["triggered"], 1);
    assert_eq!(dashboard["openIncidents"][0]["service"], "checkout");
    let none = json!({ "eligible": 0, "attempted": 0, "verified": 0, "undone": 0, "escalated": 0 });
    assert_eq!(dashboard["funnel"], none);
    insta::assert_json_snapshot!(dashboard["services"], @r#"
    [
      {
        "criticality": "critical",
        "dependencies": [
          "payments"
        ],
        "incidentsOpen": 1,
        "name": "checkout",
        "objectives": [
          {
            "error": null,
            "indicator": "error_ratio{service=\"checkout\"}",
            "kind": "error-rate",
            "met": false,
            "target": 0.01,
            "value": 0.1,
            "windowMs": 2592000000
          },
          {
            "error": null,
            "indicator": "no_such_series",
            "kind": "availability",
            "met": null,
            "target": 0.999,
            "value": null,
            "windowMs": 2592000000
          }
        ]
      }
    ]
    "#);
}
