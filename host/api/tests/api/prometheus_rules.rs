//! `/api/v1/rules` and `/api/v1/alerts`: rules in Prometheus's shape.

use ballast_types::event::Event;
use serde_json::json;

use crate::host::Host;

#[tokio::test]
async fn rules_and_alerts_have_prometheus_shape() {
    let host = Host::firing().await;
    host.until(|event| matches!(event, Event::AlertChanged { name, .. } if name == "Slow")).await;
    let rules = host.get("/api/v1/rules").await.json();
    let rule = &rules["data"]["groups"][0]["rules"][1];
    assert_eq!((&rule["type"], &rule["state"]), (&json!("alerting"), &json!("pending")));
    assert_eq!((&rule["duration"], &rule["name"]), (&json!(300.0), &json!("Slow")));
    assert_eq!(rule["alerts"][0]["value"], "0.1");
    assert_eq!(rules["data"]["groups"][0]["rules"][2]["type"], "recording");
    let alerts = host.get("/api/v1/alerts").await.json();
    assert_eq!(alerts["data"]["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(alerts["data"]["alerts"][0]["activeAt"], "2025-01-31T12:00:00.000Z");
}
