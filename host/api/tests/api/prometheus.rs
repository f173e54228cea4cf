//! `/api/v1`: queries and series in Prometheus's shapes, as its clients expect them.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use ballast_ports::SeriesStore;
use ballast_types::{Labels, Sample};
use rstest::rstest;
use serde_json::{Value, json};

use crate::host::{Answer, Host, START};

/// A form, as clients post it.
pub(crate) async fn form(host: &Host, path: &str, body: &str) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    host.ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Status, type and text of a refusal in the envelope.
#[track_caller]
pub(crate) fn refusal(answer: &Answer) -> String {
    let json = answer.json();
    assert_eq!(json["status"], "error", "{answer:?}");
    let text = |key: &str| json[key].as_str().unwrap().to_owned();
    format!("{} {} {}", answer.status.as_u16(), text("errorType"), text("error"))
}

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
    let answer = form(&host, "/api/v1/query", "query=1%2B1&timeout=5s&stats=all").await;
    assert_eq!(answer.json()["data"]["result"][1], "2");
    let range = form(&host, "/api/v1/query_range?step=15", "query=vector(7)&start=0&end=30").await;
    assert_eq!(
        range.json()["data"]["result"][0]["values"],
        json!([[0, "7"], [15, "7"], [30, "7"]]),
        "the address and the form together"
    );
    let other = Request::post("/api/v1/query").header(header::CONTENT_TYPE, "application/json");
    let answer = host.ask(other.body(Body::from("{}")).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errorType"]), (415, &json!("bad_data")));
}

#[tokio::test]
async fn a_range_has_a_value_at_each_step() {
    let host = Host::start().await;
    let path = "/api/v1/query_range?query=error_ratio&start=1738324770&end=2025-01-31T12:01:00Z&step=30s";
    let answer = host.get(path).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let metric = json!({ "__name__": "error_ratio", "service": "checkout" });
    let values = json!([[1_738_324_800, "0.1"], [1_738_324_830, "0.1"], [1_738_324_860, "0.1"]]);
    let data = json!({ "resultType": "matrix", "result": [{ "metric": metric, "values": values }] });
    assert_eq!(answer.json(), json!({ "status": "success", "data": data }));
    let short = host.get(&format!("{path}&lookback_delta=20s")).await.json();
    assert_eq!(short["data"]["result"][0]["values"], json!([[1_738_324_800, "0.1"]]));
}

#[tokio::test]
async fn a_limit_cuts_the_answer_and_says_so() {
    let host = Host::start().await;
    let cut = json!(["results truncated due to limit"]);
    for (path, length) in [
        ("/api/v1/query?query=error_ratio%20or%20vector(1)", 2),
        ("/api/v1/query_range?query=error_ratio%20or%20vector(1)&start=1738324800&end=1738324801&step=1", 2),
    ] {
        let whole = host.get(&format!("{path}&limit=2")).await.json();
        assert_eq!(
            (whole["data"]["result"].as_array().unwrap().len(), &whole["warnings"]),
            (length, &Value::Null)
        );
        let short = host.get(&format!("{path}&limit=1")).await.json();
        assert_eq!((short["data"]["result"].as_array().unwrap().len(), &short["warnings"]), (1, &cut));
    }
    let names = host.get("/api/v1/labels?limit=1").await.json();
    assert_eq!(names, json!({ "status": "success", "data": ["__name__"], "warnings": cut }));
}

#[rstest]
#[case::no_promql("query?query=sum(", "400 bad_data invalid parameter \"query\": 1:")]
#[case::nothing("query", "400 bad_data invalid parameter \"query\": 1:1: parse error: ")]
#[case::no_instant(
    "query?query=1&time=noon",
    "400 bad_data invalid parameter \"time\": cannot parse \"noon\" to a valid timestamp"
)]
#[case::no_timeout(
    "query?query=1&timeout=soon",
    "400 bad_data invalid parameter \"timeout\": cannot parse \"soon\" to a valid duration"
)]
#[case::no_limit(
    "query?query=1&limit=-1",
    "400 bad_data invalid parameter \"limit\": limit must be non-negative"
)]
#[case::no_match("query?query=error_ratio%20%2B%20on()%20(error_ratio%20or%20vector(1))", "422 execution ")]
#[case::no_start(
    "query_range?query=1&end=1&step=1",
    "400 bad_data invalid parameter \"start\": cannot parse \"\" to a valid timestamp"
)]
#[case::turned_round(
    "query_range?query=1&start=2&end=1&step=1",
    "400 bad_data invalid parameter \"end\": end timestamp must not be before start time"
)]
#[case::no_step(
    "query_range?query=1&start=0&end=1",
    "400 bad_data invalid parameter \"step\": cannot parse \"\" to a valid duration"
)]
#[case::a_step_of_nothing(
    "query_range?query=1&start=0&end=1&step=0",
    "400 bad_data invalid parameter \"step\": zero or negative query resolution step widths"
)]
#[case::a_step_backwards(
    "query_range?query=1&start=0&end=1&step=-5",
    "400 bad_data invalid parameter \"step\": zero or negative query resolution step widths"
)]
#[case::too_many_steps(
    "query_range?query=1&start=0&end=11001&step=1",
    "400 bad_data exceeded maximum resolution of 11,000 points per timeseries."
)]
#[case::the_whole_of_time(
    "query_range?query=1&start=-4e15&end=4e15&step=1",
    "400 bad_data exceeded maximum resolution"
)]
#[case::a_range_of_ranges("query_range?query=up[5m]&start=0&end=1&step=1", "400 bad_data ")]
#[case::a_thousand_million_samples(
    "query?query=count_over_time(vector(1)[1000000000s:1s])",
    "422 execution query processing would load too many samples into memory in query execution"
)]
#[case::no_time_at_all("query?query=1&timeout=0", "503 timeout query timed out in ")]
#[case::no_selector("series", "400 bad_data no match[] parameter provided")]
#[case::a_broken_selector("series?match[]=up{", "400 bad_data invalid parameter \"match[]\": 1:")]
#[case::an_expression("series?match[]=sum(up)", "400 bad_data invalid parameter \"match[]\": ")]
#[case::everything("series?match[]={a=~\".*\"}", "400 bad_data invalid parameter \"match[]\": ")]
#[case::no_end("labels?end=never", "400 bad_data invalid parameter \"end\": cannot parse \"never\"")]
#[tokio::test]
async fn what_cannot_be_answered_is_an_error_in_the_envelope(#[case] path: &str, #[case] expected: &str) {
    let host = Host::start().await;
    let path = path.replace('{', "%7B").replace('"', "%22").replace('[', "%5B").replace(']', "%5D");
    let answer = host.get(&format!("/api/v1/{path}")).await;
    let refusal = refusal(&answer);
    assert!(refusal.starts_with(expected), "{refusal}");
}

#[tokio::test]
async fn what_there_is_to_say_about_a_result_is_said() {
    let host = Host::start().await;
    let labels = Labels::from_pairs([("__name__", "level")]);
    let sample = |secs: u64| (labels.clone(), Sample { at: START - Duration::from_secs(secs), value: 1.0 });
    host.series.append(&[sample(30), sample(15)]).unwrap();
    let answer = host.get("/api/v1/query?query=rate(level[5m])").await.json();
    assert_eq!(answer["status"], "success");
    let info = answer["infos"][0].as_str().unwrap();
    assert!(info.starts_with("PromQL info: metric might not be a counter"), "{info}");
    let answer = host.get("/api/v1/query?query=quantile(2,error_ratio)").await.json();
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("PromQL warning: quantile value should be between 0 and 1"), "{warning}");
}

#[tokio::test]
async fn eleven_thousand_steps_are_answered() {
    let host = Host::start().await;
    let answer = host.get("/api/v1/query_range?query=vector(1)&start=0&end=10999&step=1").await.json();
    assert_eq!(answer["data"]["result"][0]["values"].as_array().unwrap().len(), 11_000);
}

#[tokio::test]
async fn series_and_labels_are_found_by_selectors_and_time() {
    let host = Host::start().await;
    let get = async |path: &str| host.get(path).await.json()["data"].clone();
    let found = json!([{ "__name__": "error_ratio", "service": "checkout" }]);
    assert_eq!(get("/api/v1/series?match[]=error_ratio").await, found);
    assert_eq!(get("/api/v1/series?match[]=none&match[]=%7B__name__=~%22error_r.*%22%7D").await, found);
    assert_eq!(get("/api/v1/series?match[]=error_ratio&end=1738324799").await, json!([]));
    let posted = form(&host, "/api/v1/series", "match[]=error_ratio&start=1738324800").await;
    assert_eq!(posted.json()["data"], found);
    assert_eq!(get("/api/v1/labels?match[]=error_ratio").await, json!(["__name__", "service"]));
    assert_eq!(form(&host, "/api/v1/labels", "match[]=none").await.json()["data"], json!([]));
    assert_eq!(get("/api/v1/label/service/values?match[]=error_ratio").await, json!(["checkout"]));
    assert_eq!(get("/api/v1/label/U__serv_69_ce/values").await, json!(["checkout"]));
    assert_eq!(get("/api/v1/label/nobody/values").await, json!([]));
    let bounds = "start=-292273086-05-16T16:47:06Z&end=%2B292277025-08-18T07:12:54.999999999Z";
    assert_eq!(get(&format!("/api/v1/series?match[]=error_ratio&{bounds}")).await, found);
}

#[tokio::test]
async fn head_is_answered_without_a_body() {
    let host = Host::start().await;
    let answer = host.ask(Request::head("/api/v1/query?query=1").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
}
