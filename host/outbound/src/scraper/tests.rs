//! A real server on the other side, each misbehaving in its own way.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use ballast_ports::Scrape;
use ballast_ports::ScrapeOptions;
use ballast_types::{Labels, Timestamp};
use rstest::rstest;

use super::*;
use crate::test_server::{answer_raw, nobody, serve};

const AT: Timestamp = Timestamp::from_secs(1_700_000_000);

fn target(url: &str) -> ScrapeTarget {
    ScrapeTarget {
        job: "api".to_owned(),
        url: format!("{url}/metrics"),
        labels: Labels::from_pairs([("job", "api")]),
        discovered: Labels::empty(),
        interval: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        options: Arc::new(ScrapeOptions { body_bytes_max: 1 << 20, ..ScrapeOptions::default() }),
    }
}

async fn scrape_url(url: &str) -> Result<Scrape, String> {
    let target = target(url);
    let scraped = HttpScraper::new(Interner::default()).open(&target).unwrap().scrape(AT).await;
    scraped.map_err(|error| error.to_string().replace(&target.url, "URL"))
}

async fn scrape(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Result<Scrape, String> {
    let router = Router::new().route("/metrics", get(move || async move { answer }));
    scrape_url(&serve(router).await).await
}

fn lines(scrape: &Scrape) -> Vec<String> {
    scrape.samples.iter().map(|sample| format!("{} {}", sample.labels, sample.value)).collect()
}

#[tokio::test]
async fn samples_get_the_targets_labels() {
    let scrape = scrape("# TYPE up gauge\nup 1\nload{cpu=\"0\"} NaN\n").await.unwrap();
    assert_eq!(lines(&scrape), ["up{job=\"api\"} 1", "load{cpu=\"0\", job=\"api\"} NaN"]);
    assert_eq!((scrape.lines_refused, scrape.problems.len()), (0, 0));
}

#[tokio::test]
async fn the_request_says_what_is_understood_and_how_long_it_may_take() {
    let asked = |headers: HeaderMap| async move {
        let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let timeout = of("x-prometheus-scrape-timeout-seconds").unwrap();
        let accepts = of("accept").unwrap();
        assert_eq!(
            accepts,
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
        );
        assert_eq!(of("accept-encoding").as_deref(), Some("gzip"));
        format!("timeout {timeout}\n")
    };
    let url = serve(Router::new().route("/metrics", get(asked))).await;
    assert_eq!(lines(&scrape_url(&url).await.unwrap()), ["timeout{job=\"api\"} 20"]);
}

#[tokio::test]
async fn half_a_line_at_the_end_is_reported_and_the_rest_kept() {
    let scrape = scrape("a 1\nb{path=\"/x").await.unwrap();
    assert_eq!(lines(&scrape), ["a{job=\"api\"} 1"]);
    assert_eq!(scrape.problems, ["line 2, column 9: a text in double quotes without its end: `/x`"]);
}

#[tokio::test]
async fn half_a_number_of_a_server_that_just_closes_is_not_taken_for_a_number() {
    let url =
        answer_raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\na 1\nb 12")
            .await;
    let scrape = scrape_url(&url).await.unwrap();
    assert_eq!(lines(&scrape), ["a{job=\"api\"} 1"]);
    assert_eq!(scrape.problems, ["line 2: the answer ends in the middle of this line"]);
}

#[tokio::test]
async fn an_answer_shorter_than_announced_is_none() {
    let url = answer_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na 1\nb 2\n").await;
    let error = scrape_url(&url).await.unwrap_err();
    assert!(error.starts_with("scrape URL: read the answer: "), "{error}");
}

#[rstest]
#[case::by_type("text/html; charset=utf-8", "<p>Sign in</p>", "the answer is a web page (HTML), not metrics")]
#[case::by_doctype("text/plain", "\n  <!DOCTYPE html><title>x</title>", "the answer is a web page (HTML)")]
#[case::by_tag("text/plain", "<HTML><body>up 1\n", "the answer is a web page (HTML)")]
#[case::json(
    "application/json",
    "{\"up\": 1}",
    "the answer is application/json, but text/plain was asked for"
)]
#[case::protobuf(
    "application/vnd.google.protobuf; proto=x",
    "x",
    "the answer is application/vnd.google.protobuf,"
)]
#[case::text(
    "text/plain",
    "It works!\nReally?\n",
    "no line of the answer is a metric (2 refused); line 1, column 4: expected a number"
)]
#[tokio::test]
async fn what_is_not_metrics_is_said_in_words(#[case] kind: &str, #[case] body: &str, #[case] reason: &str) {
    let headers = [(header::CONTENT_TYPE, kind.to_owned())];
    let error = scrape((headers, body.to_owned())).await.unwrap_err();
    assert!(error.starts_with(&format!("scrape URL: {reason}")), "{error}");
}

#[tokio::test]
async fn a_redirect_to_a_login_page_is_found_out() {
    let login = || async { ([(header::CONTENT_TYPE, "text/html")], "<form>") };
    let away = || async { Redirect::temporary("/login") };
    let url = serve(Router::new().route("/metrics", get(away)).route("/login", get(login))).await;
    let error = scrape_url(&url).await.unwrap_err();
    assert!(error.contains("web page"), "{error}");
}

#[tokio::test]
async fn a_bad_status_is_unreachable_with_the_status() {
    let error = scrape((StatusCode::SERVICE_UNAVAILABLE, "up 1\n")).await.unwrap_err();
    assert_eq!(error, "scrape URL: answered 503 Service Unavailable");
}

#[tokio::test]
async fn ten_megabytes_are_too_large_announced_or_not() {
    let announced = scrape(vec![b'a'; 10 << 20]).await.unwrap_err();
    let chunk = Bytes::from_static(&[b'a'; 64 << 10]);
    let chunks = move || async move {
        let chunks = std::iter::repeat_n(chunk, 160).map(Ok::<_, std::io::Error>);
        Body::from_stream(futures::stream::iter(chunks))
    };
    let url = serve(Router::new().route("/metrics", get(chunks))).await;
    let streamed = scrape_url(&url).await.unwrap_err();
    let expected = "scrape URL: the answer is larger than 1048576 bytes";
    assert_eq!((announced.as_str(), streamed.as_str()), (expected, expected));
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_with_the_time_out() {
    let never = || async { std::future::pending::<()>().await };
    let url = serve(Router::new().route("/metrics", get(never))).await;
    let target = ScrapeTarget { timeout: Duration::from_millis(150), ..target(&url) };
    let error = HttpScraper::new(Interner::default()).open(&target).unwrap().scrape(AT).await.unwrap_err();
    let expected = ScrapeError::Unreachable { url: target.url, reason: "no answer within 150ms".to_owned() };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_body_that_never_ends_ends_with_the_time_out() {
    let trickle = || async {
        let first = futures::stream::iter([Ok::<_, std::io::Error>("a 1\n")]);
        Body::from_stream(futures::StreamExt::chain(first, futures::stream::pending()))
    };
    let url = serve(Router::new().route("/metrics", get(trickle))).await;
    let target = ScrapeTarget { timeout: Duration::from_millis(150), ..target(&url) };
    let error = HttpScraper::new(Interner::default())
        .open(&target)
        .unwrap()
        .scrape(AT)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("read the answer: no answer within 150ms"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let error = scrape_url(&nobody().await).await.unwrap_err();
    assert!(error.starts_with("scrape URL: connect: Connection refused"), "{error}");
}

#[tokio::test]
async fn an_address_that_is_none_is_unreachable() {
    let error = scrape_url("not an address").await.unwrap_err();
    assert!(error.starts_with("scrape URL: relative URL without a base"), "{error}");
}
