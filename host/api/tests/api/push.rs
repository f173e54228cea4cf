//! What jobs push: kept by group, shown at the pace of scrapes, gone when it is deleted.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use rstest::rstest;
use serde_json::json;

use crate::host::{Answer, Host};
use crate::ingest::kept;

async fn push(host: &Host, method: Method, group: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/metrics/{group}"));
    host.ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn value(host: &Host, query: &str) -> serde_json::Value {
    host.get(&format!("/api/v1/query?query={query}")).await.json()["data"]["result"].clone()
}

#[tokio::test]
async fn what_is_pushed_is_shown_again_until_it_is_deleted() {
    let host = Host::start().await;
    let body = "# TYPE rows_total counter\nrows_total{table=\"a\",job=\"liar\"} 7\nlast_success 5\n";
    let answer = push(&host, Method::PUT, "job/backup/instance/db-1", body).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    let metric = json!({ "__name__": "rows_total", "instance": "db-1", "job": "backup", "table": "a" });
    assert_eq!(value(&host, "rows_total").await[0]["metric"], metric);
    assert_eq!(value(&host, "push_time_seconds").await[0]["value"][1], "1738324800");
    host.pass_until(|| kept(&host, "last_success").len() >= 3).await;
    let shown = kept(&host, "last_success");
    assert!(shown.iter().all(|(_, value)| *value == 5.0), "{shown:?}");
    assert_eq!((shown[0].0, shown[2].0 - shown[1].0 >= 15_000), (0, true), "{shown:?}");
    let answer = push(&host, Method::DELETE, "job/backup/instance/db-1", "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let deleted = host.engine.now();
    host.pass_until(|| host.engine.now().since(deleted).as_secs() > 40).await;
    assert_eq!(value(&host, "rows_total%20or%20push_time_seconds").await, json!([]));
}

#[tokio::test]
async fn a_replacement_takes_the_group_and_a_merge_the_metrics_that_it_has() {
    let host = Host::start().await;
    let histogram = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n";
    push(&host, Method::PUT, "job/a", &format!("one{{x=\"1\"}} 1\none{{x=\"2\"}} 1\n{histogram}")).await;
    host.clock.advance(1_000);
    push(&host, Method::POST, "job/a", "# TYPE h histogram\nh_sum 2\nh_count 2\n").await;
    let count = async |query: &str| value(&host, query).await.as_array().unwrap().len();
    assert_eq!(
        (count("one").await, count("h_bucket").await, count("h_sum").await),
        (2, 0, 1),
        "the whole family"
    );
    host.clock.advance(1_000);
    push(&host, Method::POST, "job/a", "one{x=\"1\"} 3\n").await;
    assert_eq!((count("one").await, count("h_sum").await), (1, 1));
    host.clock.advance(1_000);
    push(&host, Method::PUT, "job/a", "two 1\n").await;
    assert_eq!((count("one").await, count("h_sum").await, count("two").await), (0, 0, 1));
    // In the same millisecond.
    push(&host, Method::PUT, "job/b", "two 1\n").await;
    assert_eq!(count("two").await, 2, "another group is another matter");
}

#[rstest]
#[case("job/a", "one 1 1738324800123\n", "pushed metrics must not have timestamps, and one has one")]
#[case("job/a", "one 1\nno metric line\n", "the body cannot be read: ")]
#[case("job/a", "<html>", "no line")]
#[case("jobs/a", "one 1\n", "read the group `jobs/a`: it must begin with a job that has a name")]
#[tokio::test]
async fn a_push_that_cannot_be_read_changes_nothing(
    #[case] group: &str,
    #[case] body: &str,
    #[case] words: &str,
) {
    let host = Host::start().await;
    push(&host, Method::PUT, "job/a", "one 1\n").await;
    let answer = push(&host, Method::PUT, group, body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains(words), "{answer:?}");
    host.pass_until(|| kept(&host, "one").len() >= 2).await;
    let failed = value(&host, "push_failure_time_seconds").await[0]["value"][1].clone();
    assert_eq!(failed, if group == "job/a" { "1738324800" } else { "0" });
}

#[tokio::test]
async fn another_packing_is_refused_and_gzip_is_taken() {
    let host = Host::start().await;
    let ask = async |encoding: &str, body: Vec<u8>| {
        let request = Request::put("/metrics/job/a").header(header::CONTENT_ENCODING, encoding);
        host.ask(request.body(Body::from(body)).unwrap()).await.status
    };
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"one 1\n").unwrap();
    assert_eq!(ask("gzip", packed.finish().unwrap()).await, StatusCode::OK);
    assert_eq!(kept(&host, "one"), [(0, 1.0)]);
    assert_eq!(ask("br", Vec::new()).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(ask("gzip", b"none".to_vec()).await, StatusCode::BAD_REQUEST);
}
