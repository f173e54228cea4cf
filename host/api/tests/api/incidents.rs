//! Incidents: opened by hand and by alerts, taken, ended, written on, and listed page by page.

use axum::http::header;
use serde_json::{Value, json};

use crate::host::Host;

async fn open(host: &Host, title: &str, severity: &str) -> Value {
    let answer =
        host.post("/api/incidents", json!({ "title": title, "severity": severity, "by": "ann" })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

async fn titles(host: &Host, query: &str) -> Vec<String> {
    let list = host.get(&format!("/api/incidents?{query}")).await.json();
    let incidents = list["incidents"].as_array().unwrap();
    incidents.iter().map(|incident| incident["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_incident_is_opened_taken_written_on_and_ended() {
    let host = Host::with(Default::default()).await;
    let new = json!({ "title": "Checkout is slow", "severity": "sev2", "service": "checkout", "by": "ann" });
    let opened = host.post("/api/incidents", new).await;
    assert_eq!(opened.status, 201);
    let path = opened.header(header::LOCATION).to_owned();
    assert_eq!(path, format!("/api/incidents/{}", opened.json()["id"].as_str().unwrap()));
    assert_eq!(opened.json()["severity"], "SEV2");

    host.clock.advance(1500);
    let version = opened.json()["version"].clone();
    let taken = json!({ "by": "bob", "expectedVersion": version });
    let taken = host.post(&format!("{path}/acknowledge"), taken).await.json();
    assert_eq!((&taken["state"], &taken["stateBy"]), (&json!("acknowledged"), &json!("bob")));
    assert_eq!(taken["stateSince"], "2025-01-31T12:00:01.500Z");

    let stale = json!({ "by": "eve", "expectedVersion": version });
    host.post(&format!("{path}/resolve"), stale).await.problem(409, "conflict");
    let noted = host.post(&format!("{path}/notes"), json!({ "by": "bob", "text": "It is the cache." })).await;
    assert_eq!(noted.status, 200);
    let ended = host.post(&format!("{path}/resolve"), json!({ "by": "bob", "note": "Warmed up." })).await;
    assert_eq!(ended.json()["state"], "resolved");

    let whole = host.get(&path).await.json();
    assert_eq!(whole, ended.json());
    let timeline: Vec<&Value> = whole["timeline"].as_array().unwrap().iter().collect();
    let told = |actor: &str, text: &str| {
        timeline.iter().any(|l| l["actor"] == actor && l["text"].as_str().is_some_and(|t| t.contains(text)))
    };
    assert!(told("bob", "It is the cache.") && told("bob", "Warmed up."), "{timeline:?}");
    let at: Vec<&str> = timeline.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(at.is_sorted() && at[0] == "2025-01-31T12:00:00.000Z", "{at:?}");
}

#[tokio::test]
async fn an_alert_opens_an_incident_that_shows_its_alert() {
    let host = Host::firing().await;
    let list = host.get("/api/incidents?state=open&service=checkout").await.json();
    let id = list["incidents"][0]["id"].as_str().unwrap();
    assert_eq!(list["incidents"][0]["alertsFiring"], 1);
    let whole = host.get(&format!("/api/incidents/{id}")).await.json();
    assert_eq!(whole["alerts"][0]["name"], "HighErrorRate");
    assert_eq!(whole["alerts"][0]["labels"]["severity"], "critical");
    assert_eq!(whole["alerts"][0]["firing"], true);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let host = Host::with(Default::default()).await;
    for (title, severity) in [("one", "SEV1"), ("two", "SEV3"), ("three", "SEV1")] {
        open(&host, title, severity).await;
        host.clock.advance(1000);
    }
    let first = open(&host, "four", "SEV5").await;
    let path = format!("/api/incidents/{}/resolve", first["id"].as_str().unwrap());
    host.post(&path, json!({ "by": "ann" })).await;

    assert_eq!(titles(&host, "").await, ["four", "three", "two", "one"]);
    assert_eq!(titles(&host, "state=open").await, ["three", "two", "one"]);
    assert_eq!(titles(&host, "state=resolved").await, ["four"]);
    assert_eq!(titles(&host, "severity=sev1").await, ["three", "one"]);
    assert_eq!(titles(&host, "service=checkout").await, [""; 0]);

    let page = host.get("/api/incidents?limit=3").await.json();
    let cursor = page["next"].as_str().unwrap();
    assert_eq!(titles(&host, &format!("limit=3&cursor={cursor}")).await, ["one"]);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_new_incident_is_told_at_once() {
    let host = Host::with(Default::default()).await;
    let bad = json!({ "title": " ", "severity": "SEV9", "by": "x".repeat(1001) });
    let problem = host.post("/api/incidents", bad).await.problem(422, "invalid");
    insta::assert_json_snapshot!(problem["errors"], @r#"
    [
      {
        "field": "title",
        "message": "it is empty"
      },
      {
        "field": "severity",
        "message": "`SEV9` is not one of SEV1, SEV2, SEV3, SEV4, SEV5"
      },
      {
        "field": "by",
        "message": "it has 1001 characters; at most 1000 are kept"
      }
    ]
    "#);
    let unknown = json!({ "title": "t", "severity": "SEV1", "by": "ann", "service": "nope" });
    let problem = host.post("/api/incidents", unknown).await.problem(422, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("no service is called `nope`"), "{problem}");
    assert_eq!(titles(&host, "").await, [""; 0]);
}
