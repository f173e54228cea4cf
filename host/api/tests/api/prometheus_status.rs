//! `/api/v1/status`, targets, metadata, exemplars and expressions: what Grafana, promtool and people look at.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ballast_engine::Shown;
use ballast_ports::SeriesStore;
use ballast_types::ingest::{Exemplar, Metadata, MetricType};
use ballast_types::{Labels, Sample};
use rstest::rstest;
use serde_json::{Value, json};

use crate::host::{Host, START, Setup};
use crate::prometheus::{form, refusal};

async fn data(host: &Host, path: &str) -> Value {
    let answer = host.get(path).await.json();
    assert_eq!(answer["status"], "success", "{path}: {answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn targets_are_told_with_their_health() {
    let host = Host::with(Setup { target: Some("http://127.0.0.1:1/metrics"), ..Setup::default() }).await;
    host.until_scraped().await;
    let all = data(&host, "/api/v1/targets").await;
    let target = &all["activeTargets"][0];
    let error = "scrape http://127.0.0.1:1/metrics: connection refused";
    let expected = json!({
        "discoveredLabels": {}, "labels": { "job": "checkout" }, "scrapePool": "checkout",
        "scrapeUrl": "http://127.0.0.1:1/metrics", "globalUrl": "http://127.0.0.1:1/metrics", "lastError": error,
        "lastScrape": "2025-01-31T12:00:00.000Z", "lastScrapeDuration": 0.0, "health": "down",
        "scrapeInterval": "15s", "scrapeTimeout": "1s",
    });
    assert_eq!(target, &expected);
    assert_eq!((&all["droppedTargets"], &all["droppedTargetCounts"]), (&json!([]), &json!({})));
    assert_eq!(data(&host, "/api/v1/targets?state=dropped").await["activeTargets"], json!([]));
    assert_eq!(data(&host, "/api/v1/targets?scrapePool=other").await["activeTargets"], json!([]));
    assert_eq!(data(&host, "/api/v1/targets?state=active").await["activeTargets"][0], expected);
    assert_eq!(data(&host, "/api/v1/scrape_pools").await, json!({ "scrapePools": ["checkout"] }));
    let wrong = refusal(&host.get("/api/v1/targets?state=lost").await);
    assert_eq!(wrong, "400 bad_data invalid parameter \"state\": `lost` is not active, dropped or any");
}

#[tokio::test]
async fn metadata_is_told_by_name_and_by_target() {
    let host = Host::with(Setup { target: Some("http://127.0.0.1:1/metrics"), ..Setup::default() }).await;
    host.until_scraped().await;
    let of = |kind, help: &str| Metadata { kind, help: help.into(), unit: "".into() };
    let (up, other) = (of(MetricType::Gauge, "Up."), of(MetricType::Counter, "Other."));
    host.series.note_metadata(&[
        ("up".into(), up),
        ("z".into(), other.clone()),
        ("z".into(), of(MetricType::Gauge, "Z.")),
    ]);
    let line = json!({ "type": "gauge", "unit": "", "help": "Up." });
    assert_eq!(data(&host, "/api/v1/metadata?metric=up").await, json!({ "up": [line] }));
    assert_eq!(data(&host, "/api/v1/metadata?limit=1").await, json!({ "up": [line] }));
    let z = json!([{ "type": "counter", "unit": "", "help": "Other." }]);
    assert_eq!(data(&host, "/api/v1/metadata?limit_per_metric=1").await["z"], z);
    let of_target = json!([{ "target": { "job": "checkout" }, "metric": "up", "type": "gauge", "unit": "", "help": "Up." }]);
    assert_eq!(data(&host, "/api/v1/targets/metadata").await, of_target);
    assert_eq!(data(&host, "/api/v1/targets/metadata?match_target=%7Bjob=%22x%22%7D").await, json!([]));
    assert_eq!(data(&host, "/api/v1/targets/metadata?metric=z").await, json!([]));
    let wrong = refusal(&host.get("/api/v1/targets/metadata?match_target=%7B").await);
    assert!(wrong.starts_with("400 bad_data invalid parameter \"match_target\""), "{wrong}");
    assert!(refusal(&host.get("/api/v1/metadata?limit=many").await).starts_with("400 bad_data"));
}

#[tokio::test]
async fn exemplars_are_those_of_the_series_that_a_query_reads() {
    let host = Host::start().await;
    let series = Labels::from_pairs([("__name__", "x_total"), ("job", "a")]);
    let exemplar = Exemplar { labels: Labels::from_pairs([("trace_id", "t")]), value: 0.5, at: START };
    host.series.append_exemplars(&[(series, exemplar)]);
    let expected = json!([{
        "seriesLabels": { "__name__": "x_total", "job": "a" },
        "exemplars": [{ "labels": { "trace_id": "t" }, "value": "0.5", "timestamp": 1_738_324_800.0 }],
    }]);
    let path = "/api/v1/query_exemplars?query=sum(rate(x_total[5m]))%2By";
    assert_eq!(data(&host, path).await, expected);
    assert_eq!(
        form(&host, "/api/v1/query_exemplars", "query=x_total&start=0").await.json()["data"],
        expected
    );
    assert_eq!(data(&host, &format!("{path}&end=1738324799")).await, json!([]));
    assert_eq!(data(&host, "/api/v1/query_exemplars?query=1").await, json!([]));
    assert!(refusal(&host.get("/api/v1/query_exemplars?query=sum(").await).starts_with("400 bad_data"));
}

#[tokio::test]
async fn the_state_of_the_host_is_told_in_the_words_of_prometheus() {
    let host = Host::start().await;
    let build = data(&host, "/api/v1/status/buildinfo").await;
    assert_eq!((&build["version"], &build["revision"]), (&json!("3.5.0"), &json!("ballast-9.9.9")));
    assert_eq!(build["features"], Value::Null);
    assert_eq!(data(&host, "/api/v1/status/config").await, json!({ "yaml": "" }));
    let flags = [("web.listen-address".to_owned(), "127.0.0.1:1".to_owned())].into();
    host.engine.show(Shown { configuration: "services: []\n".into(), flags });
    assert_eq!(data(&host, "/api/v1/status/config").await, json!({ "yaml": "services: []\n" }));
    let flags = data(&host, "/api/v1/status/flags").await;
    assert_eq!(
        (&flags["query.timeout"], &flags["web.listen-address"]),
        (&json!("2m"), &json!("127.0.0.1:1"))
    );
    let runtime = data(&host, "/api/v1/status/runtimeinfo").await;
    assert_eq!(
        (&runtime["startTime"], &runtime["storageRetention"]),
        (&json!("2025-01-31T12:00:00.000Z"), &json!("1h"))
    );
    let tsdb = data(&host, "/api/v1/status/tsdb").await;
    assert!(tsdb["headStats"]["numSeries"].as_u64().unwrap() >= 1);
    assert_eq!(tsdb["seriesCountByMetricName"], json!([]));
    assert_eq!(data(&host, "/api/v1/status/walreplay").await["state"], "done");
    let none = json!({ "activeAlertmanagers": [], "droppedAlertmanagers": [] });
    assert_eq!(data(&host, "/api/v1/alertmanagers").await, none);
    assert!(refusal(&host.get("/api/v1/status/tsdb?limit=0").await).starts_with("400 bad_data"));
    let admin = host.ask(Request::post("/api/v1/admin/tsdb/snapshot").body(Body::empty()).unwrap()).await;
    assert_eq!(refusal(&admin), "503 unavailable admin APIs disabled");
    assert_eq!(host.get("/-/healthy").await.text, "Ballast is healthy.\n");
    assert_eq!(host.get("/-/ready").await.text, "Ballast is ready.\n");
}

#[tokio::test]
async fn an_expression_is_formatted() {
    let host = Host::start().await;
    let path = "/api/v1/format_query";
    assert_eq!(data(&host, &format!("{path}?query=sum(foo)by(a)%2F1")).await, "sum by (a) (foo) / 1");
    assert_eq!(form(&host, path, "query=foo%7Bb='c'%7D").await.json()["data"], "foo{b=\"c\"}");
    let wrong = refusal(&host.get(&format!("{path}?query=sum(")).await);
    assert!(wrong.starts_with("400 bad_data invalid parameter \"query\": 1:5: parse error: "), "{wrong}");
}

#[rstest]
#[case("1e3", json!({ "type": "numberLiteral", "val": "1000" }))]
#[case("\"a\"", json!({ "type": "stringLiteral", "val": "a" }))]
#[case("-(a)", json!({ "type": "unaryExpr", "op": "-", "expr": { "type": "parenExpr", "expr": selector("a") } }))]
#[case("sum without (b) (a)", json!({
    "type": "aggregation", "op": "sum", "expr": selector("a"), "param": null, "grouping": ["b"], "without": true,
}))]
#[case("topk(2, a)", json!({
    "type": "aggregation", "op": "topk", "expr": selector("a"), "param": { "type": "numberLiteral", "val": "2" },
    "grouping": [], "without": false,
}))]
#[case("rate(a[5m])", json!({
    "type": "call", "args": [with(selector("a"), json!({ "type": "matrixSelector", "range": 300_000 }))],
    "func": { "name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector" },
}))]
#[case("a offset 1m @ end()", with(selector("a"), json!({ "offset": 60_000, "startOrEnd": "end" })))]
#[case("a[1h:5m] @ 12.5", json!({
    "type": "subquery", "expr": selector("a"), "range": 3_600_000, "step": 300_000, "offset": 0,
    "timestamp": 12_500, "startOrEnd": null,
}))]
#[case("a > bool 1", json!({
    "type": "binaryExpr", "op": ">", "lhs": selector("a"), "rhs": { "type": "numberLiteral", "val": "1" },
    "matching": null, "bool": true,
}))]
#[case("a * on (x) group_left (y) b", json!({
    "type": "binaryExpr", "op": "*", "lhs": selector("a"), "rhs": selector("b"), "bool": false,
    "matching": { "card": "many-to-one", "labels": ["x"], "on": true, "include": ["y"] },
}))]
#[tokio::test]
async fn an_expression_is_told_as_a_tree(#[case] query: &str, #[case] tree: Value) {
    let host = Host::start().await;
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(data(&host, &format!("/api/v1/parse_query?query={encoded}")).await, tree);
    assert_eq!(form(&host, "/api/v1/parse_query", &format!("query={encoded}")).await.json()["data"], tree);
}

fn selector(name: &str) -> Value {
    json!({
        "type": "vectorSelector", "name": name, "offset": 0, "timestamp": null, "startOrEnd": null,
        "matchers": [{ "name": "__name__", "type": "=", "value": name }],
    })
}

fn with(mut node: Value, more: Value) -> Value {
    node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    node
}

#[tokio::test]
async fn the_latest_samples_are_federated_with_their_times() {
    let host = Host::start().await;
    let labels = |name: &str| Labels::from_pairs([("__name__", name), ("job", "a")]);
    let sample = |secs: u64, value| Sample { at: START - std::time::Duration::from_secs(secs), value };
    let stale = ballast_types::series::stale_nan();
    host.series
        .append(&[
            (labels("one"), sample(20, 1.0)),
            (labels("one"), sample(5, 2.0)),
            (labels("old"), sample(300, 1.0)),
            (labels("gone"), sample(1, stale)),
        ])
        .unwrap();
    let answer = host.get("/federate?match[]=%7Bjob=%22a%22%7D&match[]=one").await;
    assert_eq!(answer.text, "# TYPE one untyped\none{job=\"a\"} 2 1738324795000\n");
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/plain"));
    assert_eq!(host.get("/federate").await.text, "");
    assert!(refusal(&host.get("/federate?match[]=%7B").await).starts_with("400 bad_data"));
}

#[tokio::test]
async fn a_long_answer_is_packed_for_who_asks_and_a_short_one_is_not() {
    let host = Host::start().await;
    let ask = async |path: &str, accept: &str| {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, accept).body(Body::empty()).unwrap();
        host.bytes(request).await
    };
    let long = "/api/v1/query_range?query=vector(1)&start=0&end=1000&step=1";
    let (headers, packed) = ask(long, "gzip").await;
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut text).unwrap();
    let (headers, plain) = ask(long, "identity").await;
    assert!(headers.get(header::CONTENT_ENCODING).is_none());
    assert_eq!(text.into_bytes(), plain);
    let (headers, _) = ask("/api/v1/query?query=1", "gzip").await;
    assert!(headers.get(header::CONTENT_ENCODING).is_none());
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_refused() {
    let host = Host::start().await;
    let answer = host.ask(Request::delete("/api/v1/series?match[]=up").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}
