//! Alerts and the silences that mute them.

use axum::http::Method;
use serde_json::{Value, json};

use crate::host::Host;

fn names(list: &Value) -> Vec<&str> {
    list["alerts"].as_array().unwrap().iter().map(|alert| alert["name"].as_str().unwrap()).collect()
}

fn silence(comment: &str) -> Value {
    let matcher = json!({ "name": "alertname", "value": "High.*", "isRegex": true });
    json!({ "matchers": [matcher], "duration": "2h", "createdBy": "ann", "comment": comment })
}

#[tokio::test]
async fn an_alert_is_shown_with_all_that_is_known_of_it() {
    let host = Host::firing().await;
    let list = host.get("/api/alerts?state=firing").await.json();
    let alert = &list["alerts"][0];
    assert_eq!(names(&list), ["HighErrorRate"]);
    assert_eq!(
        alert["labels"],
        json!({ "alertname": "HighErrorRate", "service": "checkout", "severity": "critical" })
    );
    assert_eq!(alert["annotations"], json!({ "summary": "checkout fails" }));
    assert_eq!((&alert["value"], &alert["silencedBy"]), (&json!(0.1), &Value::Null));
    assert_eq!(alert["since"], "2025-01-31T12:00:00.000Z");
    assert_eq!(alert["firingSince"], "2025-01-31T12:00:00.000Z");
    assert_eq!(alert["fingerprint"].as_str().unwrap().len(), 16);
}

#[tokio::test]
async fn alerts_are_filtered_by_labels() {
    let host = Host::firing().await;
    host.until(|e| matches!(e, ballast_types::event::Event::AlertChanged { name, .. } if name == "Slow"))
        .await;
    let of = async |query: &str| names(&host.get(&format!("/api/alerts?{query}")).await.json()).join(" ");
    assert_eq!(of("filter=severity%3D%22warning%22").await, "Slow");
    assert_eq!(of("filter=severity%3D~%22c.*%22,service%3D%22checkout%22").await, "HighErrorRate");
    assert_eq!(of("state=pending").await, "Slow");
    assert_eq!(of("silenced=true").await, "");
    let problem = host.get("/api/alerts?filter=severity").await.problem(400, "invalid-parameter");
    assert_eq!(problem["errors"][0]["field"], "filter");
}

#[tokio::test]
async fn a_silence_mutes_until_it_is_ended() {
    let host = Host::firing().await;
    let made = host.post("/api/alerts/silence", silence("deploying")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/silences/{id}");
    assert_eq!(made.header(axum::http::header::LOCATION), path);
    insta::assert_json_snapshot!(made.json()["matchers"], @r#"
    [
      {
        "isEqual": true,
        "isRegex": true,
        "name": "alertname",
        "value": "High.*"
      }
    ]
    "#);
    assert_eq!(made.json()["endsAt"], "2025-01-31T14:00:00.000Z");
    let muted = host.get("/api/alerts?silenced=true").await.json();
    assert_eq!(muted["alerts"][0]["silencedBy"], id.as_str());

    host.clock.advance(60_000);
    let ended = host.send(Method::DELETE, &path, "").await;
    assert_eq!((ended.status.as_u16(), &ended.json()["state"]), (200, &json!("expired")));
    assert_eq!(host.get("/api/silences").await.json()["silences"][0]["endsAt"], "2025-01-31T12:01:00.000Z");
    assert_eq!(host.get(&path).await.json()["state"], "expired");
    assert_eq!(names(&host.get("/api/alerts?silenced=true").await.json()), [""; 0]);
    host.send(Method::DELETE, &path, "").await.problem(409, "conflict");
    host.send(Method::DELETE, "/api/silences/SIL-999", "").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_silence_that_makes_no_sense_is_refused_at_its_fields() {
    let host = Host::with(Default::default()).await;
    let errors = async |change: Value| {
        let mut body = silence("why");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        host.post("/api/alerts/silence", body).await.problem(422, "invalid")["detail"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let bad = json!([{ "name": "a", "value": "(", "isRegex": true }]);
    assert!(errors(json!({ "matchers": bad })).await.starts_with("matchers[0]: compile the pattern `(`"));
    assert_eq!(
        errors(json!({ "durationMs": 5 })).await,
        "endsAt: give one of endsAt, durationMs and duration"
    );
    assert_eq!(errors(json!({ "comment": "" })).await, "comment: it is empty");
    let unit = errors(json!({ "duration": "2" })).await;
    assert_eq!(unit, "duration: `2` is no duration; write it like 30s, 5m, 1h30m or 250ms");
    assert!(errors(json!({ "startsAt": "noon" })).await.starts_with("startsAt: `noon` is no instant"));
    assert!(errors(json!({ "matchers": [] })).await.contains("matcher"));
    let backwards =
        json!({ "duration": null, "startsAt": "2025-02-01T00:00:00Z", "endsAt": "2025-01-01T00:00:00Z" });
    assert!(!errors(backwards).await.is_empty());
    assert_eq!(host.get("/api/silences").await.json(), json!({ "silences": [] }));
}
