//! The same series in both, the same queries to both: no answer differs by more than one part in 10⁹, but those that are
//! listed with their reason.

use std::collections::BTreeMap;

use ballast_tests::site::FAST;
use ballast_tests::{Host, Prometheus, Random, Site, prometheus};
use serde_json::Value;

use super::data;
use super::generate::Generator;

const QUERIES: usize = 600;
const TOLERANCE: f64 = 1e-9;
/// A range's step, in seconds: no multiple of the samples' interval.
const STEP: i64 = 37;

/// What prometheus 2.42 does otherwise than prometheus 3.5: whether a query does it, and what. Only answers that differ are
/// excused.
const KNOWN: [(fn(&str) -> bool, &str); 3] = [
    (
        |query| query.contains("topk") || query.contains("bottomk"),
        "which of equal elements is chosen depends on the order of groups, which 2.42 takes from a hash map",
    ),
    (|query| query.contains("atan2"), "2.42 keeps the metric name beside a scalar"),
    (
        |query| query.matches(":").count() > 1,
        "the steps of a subquery in a subquery lie on the bounds of its windows, which are closed in 2.42",
    ),
];

#[tokio::test]
async fn answers_are_those_of_prometheus() {
    let end = data::end();
    let theirs = Prometheus::start("global: {scrape_interval: 15s}\n").await;
    let site = Site::new(FAST);
    let ours = Host::start(&site).await;
    for url in [theirs.url(), ours.url()] {
        feed(url, data::request(end)).await;
    }
    let mut generator = Generator(Random::seeded(42));
    let mut differences = Vec::new();
    let mut alike = 0;
    for number in 0..QUERIES {
        let query = generator.vector(3);
        let answers =
            [ask(theirs.url(), &query, number, end).await, ask(ours.url(), &query, number, end).await];
        match difference(&answers[0], &answers[1]) {
            None => alike += 1,
            Some(difference) => match KNOWN.iter().find(|(does, _)| does(&query)) {
                Some((_, reason)) => println!("excused: {query}\n    {difference}\n    {reason}"),
                None => differences.push(format!("{query}\n    {difference}")),
            },
        }
    }
    println!("{alike} of {QUERIES} alike");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(alike >= 500);
}

pub async fn feed(url: &str, body: Vec<u8>) {
    let request = ballast_tests::http::client().post(format!("{url}/api/v1/write")).body(body);
    let headers = [
        ("Content-Type", "application/x-protobuf"),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ];
    let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {} {}", answer.status(), answer.text().await.unwrap());
}

/// Every third query is a range. All instants lie off the grid of the samples: the windows of prometheus 2 are closed.
async fn ask(url: &str, query: &str, number: usize, end: i64) -> Value {
    let query = ("query", query.to_owned());
    if number % 3 > 0 {
        let time = ("time", format!("{}.321", end - 60 * (number as i64 % 20)));
        return prometheus::ask(url, "/api/v1/query", &[query, time]).await;
    }
    let (start, end) = (format!("{}.321", end - 20 * STEP), format!("{}.321", end + 2 * STEP));
    let range = [query, ("start", start), ("end", end), ("step", STEP.to_string())];
    prometheus::ask(url, "/api/v1/query_range", &range).await
}

/// Both fail, or both yield the same; the wording of failures is not compared.
fn difference(theirs: &Value, ours: &Value) -> Option<String> {
    if theirs["status"] == "error" || ours["status"] == "error" {
        let same = theirs["status"] == ours["status"];
        return (!same).then(|| format!("theirs {}, ours {}", brief(theirs), brief(ours)));
    }
    let (theirs, ours) = (points(theirs), points(ours));
    let missing = theirs.keys().find(|key| !ours.contains_key(*key));
    let added = ours.keys().find(|key| !theirs.contains_key(*key));
    if missing.is_some() || added.is_some() {
        return Some(format!("only theirs: {missing:?}, only ours: {added:?}"));
    }
    let far = theirs.iter().find(|(key, value)| !is_near(**value, ours[*key]));
    far.map(|(key, value)| format!("{key:?}: theirs {value}, ours {}", ours[key]))
}

fn brief(answer: &Value) -> String {
    answer.to_string().chars().take(300).collect()
}

/// Every value by its labels and instant.
fn points(answer: &Value) -> BTreeMap<(String, String), f64> {
    let mut points = BTreeMap::new();
    for series in answer["data"]["result"].as_array().into_iter().flatten() {
        let labels = series["metric"].to_string();
        let own = series["values"].as_array().cloned().unwrap_or_else(|| vec![series["value"].clone()]);
        for point in own {
            let value = match point[1].as_str().unwrap_or_default() {
                "+Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                number => number.parse().unwrap(),
            };
            points.insert((labels.clone(), point[0].to_string()), value);
        }
    }
    points
}

fn is_near(one: f64, other: f64) -> bool {
    let scale = one.abs().max(other.abs());
    one == other || (one.is_nan() && other.is_nan()) || (one - other).abs() <= TOLERANCE * scale
}
