//! `/api/v1`: Prometheus's shapes, as its clients expect them.

use axum::body::Body;
use axum::http::{Request, header};
use ballast_types::event::Event;
use serde_json::json;

use crate::host::Host;

#[tokio::test]
async fn a_query_answers_each_type_in_prometheus_envelope() {
    let host = Host::start().await;
    let data =
        async |query: &str| host.get(&format!("/api/v1/query?query={query}")).await.json()["data"].clone();
    let metric = json!({ "__name__": "error_ratio", "service": "checkout" });
    let vector =
        json!({ "resultType": "vector", "result": [{ "metric": metric, "value": [1_738_324_800, "0.1"] }] });
    assert_eq!(data("error_ratio").await, vector);
    assert_eq!(data("1%2F0").await, json!({ "resultType": "scalar", "result": [1_738_324_800, "+Inf"] }));
    assert_eq!(data("%22a%22").await, json!({ "resultType": "string", "result": [1_738_324_800, "a"] }));
    let matrix = json!([{ "metric": metric, "values": [[1_738_324_800, "0.1"]] }]);
    assert_eq!(data("error_ratio[5m]").await, json!({ "resultType": "matrix", "result": matrix }));
    assert_eq!(data("none").await, json!({ "resultType": "vector", "result": [] }));
}

#[tokio::test]
async fn the_instant_is_seconds_or_rfc_3339() {
    let host = Host::start().await;
    let at = async |time: &str| {
        host.get(&format!("/api/v1/query?query=time()&time={time}")).await.json()["data"]["result"].clone()
    };
    assert_eq!(at("1738324800.250").await, json!([1_738_324_800.25, "1738324800.25"]));
    assert_eq!(at("2025-01-31T12:00:00Z").await, json!([1_738_324_800, "1738324800"]));
}

#[tokio::test]
async fn a_query_may_be_a_form() {
    let host = Host::start().await;
    let form =
        Request::post("/api/v1/query").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = host.ask(form.body(Body::from("query=1%2B1&timeout=5s")).unwrap()).await;
    assert_eq!(answer.json()["data"]["result"][1], "2");
    let other = Request::post("/api/v1/query").header(header::CONTENT_TYPE, "application/json");
    let answer = host.ask(other.body(Body::from("{}")).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errorType"]), (415, &json!("bad_data")));
}

#[tokio::test]
async fn what_cannot_be_answered_is_an_error_in_the_envelope() {
    let host = Host::start().await;
    let of = async |query: &str| {
        let answer = host.get(&format!("/api/v1/query?{query}")).await;
        let json = answer.json();
        assert_eq!(json["status"], "error");
        format!(
            "{} {} {}",
            answer.status.as_u16(),
            json["errorType"].as_str().unwrap(),
            json["error"].as_str().unwrap()
        )
    };
    assert!(of("query=sum(").await.starts_with("400 bad_data parse the expression at 1:"));
    assert_eq!(of("").await, "400 bad_data the parameter `query` is missing");
    assert!(of("query=1&time=noon").await.starts_with("400 bad_data time: `noon` is no instant"));
    let twice = "query=label_replace(error_ratio%20or%20up%2C%22__name__%22%2C%22a%22%2C%22%22%2C%22%22)%20%2B%20on()%20group_left%20nothing%20or%20error_ratio%20%2B%20on()%20vector(1)";
    // A query that is good and yields nothing is no error.
    assert_eq!(host.get(&format!("/api/v1/query?{twice}")).await.json()["status"], "success");
    assert!(
        of("query=error_ratio%20%2B%20on()%20(error_ratio%20or%20vector(1))")
            .await
            .starts_with("422 execution")
    );
}

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
