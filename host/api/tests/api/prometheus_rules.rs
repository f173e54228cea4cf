//! `/api/v1/rules` and `/api/v1/alerts`: rules in Prometheus's shape.

use ballast_types::event::Event;
use rstest::rstest;
use serde_json::{Value, json};

use crate::host::{Host, Setup};
use crate::prometheus::refusal;

/// Three groups of one file.
const GROUPS: &str = r#"groups:
  - name: a
    rules:
      - {alert: One, expr: vector(1), labels: {team: red}}
      - {record: one, expr: vector(1)}
  - name: b
    rules:
      - {alert: Two, expr: vector(0) > 1, labels: {team: blue, place: "{{ $labels.x }}"}}
  - name: c
    rules:
      - {record: two, expr: vector(2), labels: {team: blue}}
"#;

#[tokio::test]
async fn rules_and_alerts_have_prometheus_shape() {
    let host = Host::firing().await;
    host.until(|event| matches!(event, Event::AlertChanged { name, .. } if name == "Slow")).await;
    let rules = host.get("/api/v1/rules").await.json();
    let group = &rules["data"]["groups"][0];
    let rule = &group["rules"][1];
    assert_eq!((&rule["type"], &rule["state"]), (&json!("alerting"), &json!("pending")));
    assert_eq!((&rule["duration"], &rule["name"]), (&json!(300.0), &json!("Slow")));
    assert_eq!(rule["alerts"][0]["value"], "1e-01");
    assert_eq!(group["rules"][2]["type"], "recording");
    assert_eq!((&group["interval"], &group["limit"]), (&json!(60.0), &json!(0)));
    assert_eq!(group["lastEvaluation"], "2025-01-31T12:00:00.000Z");
    assert!(group["evaluationTime"].is_number());
    let alerts = host.get("/api/v1/alerts").await.json();
    assert_eq!(alerts["data"]["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(alerts["data"]["alerts"][0]["activeAt"], "2025-01-31T12:00:00.000Z");
    let without = host.get("/api/v1/rules?exclude_alerts=true").await.json();
    assert_eq!(without["data"]["groups"][0]["rules"][1]["alerts"], json!([]));
    assert_eq!(without["data"]["groups"][0]["rules"][1]["state"], "pending");
}

fn names(rules: &Value) -> Vec<String> {
    let groups = rules["data"]["groups"].as_array().unwrap();
    let of = |group: &Value| {
        let names = group["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap());
        format!("{}: {}", group["name"].as_str().unwrap(), names.collect::<Vec<_>>().join(" "))
    };
    groups.iter().map(of).collect()
}

#[rstest]
#[case("", &["a: One one", "b: Two", "c: two"])]
#[case("type=alert", &["a: One", "b: Two"])]
#[case("type=record", &["a: one", "c: two"])]
#[case("rule_name[]=One&rule_name[]=two", &["a: One", "c: two"])]
#[case("rule_group[]=b", &["b: Two"])]
#[case("file[]=nowhere.yml", &[])]
#[case("match[]=%7Bteam=%22blue%22%7D", &["b: Two", "c: two"])]
#[case("match[]=%7Bteam=%22red%22%7D&match[]=%7Bplace!=%22%22%7D", &["a: One"])]
#[tokio::test]
async fn rules_are_filtered(#[case] query: &str, #[case] expected: &[&str]) {
    let host = Host::with(Setup { rules: Some(GROUPS), ..Setup::default() }).await;
    let rules = host.get(&format!("/api/v1/rules?{query}")).await.json();
    assert_eq!(names(&rules), expected);
}

#[tokio::test]
async fn groups_come_in_pages() {
    let host = Host::with(Setup { rules: Some(GROUPS), ..Setup::default() }).await;
    let first = host.get("/api/v1/rules?group_limit=2").await.json();
    assert_eq!(names(&first), ["a: One one", "b: Two"]);
    let token = first["data"]["groupNextToken"].as_str().unwrap();
    let second = host.get(&format!("/api/v1/rules?group_limit=2&group_next_token={token}")).await.json();
    assert_eq!(
        (names(&second), &second["data"]["groupNextToken"]),
        (vec!["c: two".to_owned()], &Value::Null)
    );
    let whole = host.get("/api/v1/rules?group_limit=3").await.json();
    assert_eq!((names(&whole).len(), &whole["data"]["groupNextToken"]), (3, &Value::Null));
}

#[rstest]
#[case("type=both", "400 bad_data invalid parameter \"type\": not supported value \"both\"")]
#[case(
    "group_next_token=x",
    "400 bad_data invalid parameter \"group_limit\": group_limit needs to be present"
)]
#[case("group_limit=1&group_next_token=x", "400 bad_data invalid parameter \"group_next_token\"")]
#[case("group_limit=-1", "400 bad_data invalid parameter \"group_limit\"")]
#[case("exclude_alerts=perhaps", "400 bad_data invalid parameter \"exclude_alerts\"")]
#[case("match[]=%7B", "400 bad_data invalid parameter \"match[]\"")]
#[tokio::test]
async fn what_makes_no_sense_is_refused(#[case] query: &str, #[case] expected: &str) {
    let host = Host::start().await;
    let refusal = refusal(&host.get(&format!("/api/v1/rules?{query}")).await);
    assert!(refusal.starts_with(expected), "{refusal}");
}
