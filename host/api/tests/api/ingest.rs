//! What comes from outside: remote write, good and bad, and what senders are told of it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ballast_formats::remote_write::{Version, WriteSeries, encode_v1, encode_v2};
use ballast_types::ingest::{Exemplar, Metadata, MetricType};
use ballast_types::{Labels, Queryable, Sample, TimeRange, Timestamp};
use rstest::rstest;
use serde_json::json;

use crate::host::{Answer, Host, START};

const V1: Version = Version::V1;
const V2: Version = Version::V2;

/// A series of these samples, in seconds after the start.
pub(crate) fn series(name: &str, samples: &[(i64, f64)]) -> WriteSeries {
    let sample = |&(at, value): &(i64, f64)| Sample {
        at: Timestamp::from_millis(START.as_millis() + at * 1000),
        value,
    };
    WriteSeries {
        labels: Labels::from_pairs([("__name__", name), ("job", "agent")]),
        samples: samples.iter().map(sample).collect(),
        ..WriteSeries::default()
    }
}

async fn send(host: &Host, version: Version, body: Vec<u8>) -> Answer {
    let request = Request::post("/api/v1/write")
        .header(header::CONTENT_TYPE, version.content_type())
        .header(header::CONTENT_ENCODING, "snappy");
    host.ask(request.body(Body::from(body)).unwrap()).await
}

/// The samples of a metric, in milliseconds after the start.
pub(crate) fn kept(host: &Host, name: &str) -> Vec<(i64, f64)> {
    let matchers = ballast_engine::parse_selector(name).unwrap();
    let range = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };
    let found = host.series.select(&matchers, range).unwrap();
    let of = |sample: &Sample| (sample.at.as_millis() - START.as_millis(), sample.value);
    found.iter().flat_map(|series| series.samples.iter().map(of)).collect()
}

#[rstest]
#[case(V1, encode_v1)]
#[case(V2, encode_v2)]
#[tokio::test]
async fn samples_are_kept_and_can_be_asked_for(
    #[case] version: Version,
    #[case] encode: fn(&[WriteSeries]) -> Vec<u8>,
) {
    let host = Host::start().await;
    let mut written = series("jobs_total", &[(-15, 1.0), (0, 2.0)]);
    let labels = Labels::from_pairs([("trace_id", "t1")]);
    written.exemplars = vec![Exemplar { labels, value: 2.0, at: START }];
    written.metadata = Some(Metadata { kind: MetricType::Counter, help: "Jobs.".into(), unit: "".into() });
    for _ in 0..2 {
        let answer = send(&host, version, encode(std::slice::from_ref(&written))).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""));
        let header = |name| answer.headers.get(format!("x-prometheus-remote-write-{name}-written"));
        let expected = if version == V2 { Some("2") } else { None };
        assert_eq!(header("samples").map(|value| value.to_str().unwrap()), expected);
        assert_eq!(header("histograms").is_some(), version == V2);
    }
    assert_eq!(kept(&host, "jobs_total"), [(-15_000, 1.0), (0, 2.0)]);
    let answer = host.get("/api/v1/query?query=jobs_total").await.json();
    assert_eq!(answer["data"]["result"][0]["value"], json!([1_738_324_800, "2"]));
    let metrics = host.get("/metrics").await.text;
    assert!(metrics.contains("ballast_ingest_requests_total{outcome=\"success\"} 2"), "{metrics}");
}

#[tokio::test]
async fn the_first_refused_sample_is_told_and_the_rest_is_kept() {
    let host = Host::start().await;
    let far = 10 * 365 * 86_400;
    let body = [
        series("a", &[(0, 1.0), (-60, 2.0), (-61, 3.0)]),
        series("b", &[(far, 1.0)]),
        series("c", &[(0, 4.0)]),
    ];
    let answer = send(&host, V2, encode_v2(&body)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let told = "for series b{job=\"agent\"} at 2053684800000 ms; 2 more were refused\n";
    assert_eq!(answer.text, format!("out of bounds {told}"));
    assert_eq!(answer.headers["x-prometheus-remote-write-samples-written"], "2");
    assert_eq!(
        (kept(&host, "a"), kept(&host, "b"), kept(&host, "c")),
        (vec![(0, 1.0)], vec![], vec![(0, 4.0)])
    );
    let again = send(&host, V1, encode_v1(&[series("a", &[(0, 9.0)])])).await;
    assert_eq!(
        again.text,
        "duplicate sample for timestamp for series a{job=\"agent\"} at 1738324800000 ms\n"
    );
    let metrics = host.get("/metrics").await.text;
    for (reason, count) in [("out_of_order", 2), ("impossible_timestamp", 1), ("duplicate_timestamp", 1)] {
        assert!(
            metrics.contains(&format!("ballast_samples_total{{outcome=\"{reason}\"}} {count}\n")),
            "{metrics}"
        );
    }
}

#[tokio::test]
async fn labels_that_cannot_be_are_refused_by_name_and_the_rest_is_kept() {
    let host = Host::start().await;
    let mut huge = series("huge", &[(0, 1.0)]);
    huge.labels = huge.labels.with("big", &"x".repeat(1 << 20));
    let mut nameless = series("nameless", &[(0, 1.0)]);
    nameless.labels = Labels::from_pairs([("job", "agent")]);
    let answer = send(&host, V1, encode_v1(&[huge, nameless, series("good", &[(0, 1.0)])])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
    assert_eq!(kept(&host, "good"), [(0, 1.0)]);
    let metrics = host.get("/metrics").await.text;
    for reason in ["label_limit", "missing_name"] {
        assert!(metrics.contains(&format!("ballast_samples_total{{outcome=\"{reason}\"}} 1\n")), "{metrics}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_as_a_whole() {
    let host = Host::start().await;
    // A block that announces four thousand million bytes and has none of them.
    let bomb = vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0x00];
    let malformed = snap::raw::Encoder::new().compress_vec(b"\x0a\xff\xff\xff\xff\x0fno protobuf").unwrap();
    for (body, status, words) in [
        (bomb, StatusCode::PAYLOAD_TOO_LARGE, "unpacks to 4294967295 bytes"),
        (b"no snappy".to_vec(), StatusCode::BAD_REQUEST, "not a snappy block"),
        (malformed, StatusCode::BAD_REQUEST, "not a protobuf message"),
        (vec![b'x'; (16 << 20) + 1], StatusCode::PAYLOAD_TOO_LARGE, "larger than 16777216 bytes"),
    ] {
        let answer = send(&host, V1, body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.text.contains(words), "{answer:?}");
    }
    let metrics = host.get("/metrics").await.text;
    assert!(metrics.contains("ballast_ingest_requests_total{outcome=\"unreadable\"} 3"), "{metrics}");
}

#[rstest]
#[case("application/json", "snappy", "content type `application/json`")]
#[case("application/x-protobuf;proto=of.somebody.Else", "snappy", "content type")]
#[case("application/x-protobuf", "gzip", "must be snappy")]
#[tokio::test]
async fn another_protocol_is_refused_by_name(
    #[case] kind: &str,
    #[case] encoding: &str,
    #[case] words: &str,
) {
    let host = Host::start().await;
    let request = Request::post("/api/v1/write")
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_ENCODING, encoding);
    let answer = host.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(answer.text.contains(words), "{answer:?}");
}

#[tokio::test]
async fn a_flood_meets_a_refusal_that_says_when_to_come_again() {
    let host = Host::start().await;
    let held: Vec<_> = std::iter::from_fn(|| host.engine.admit(8 << 20)).collect();
    assert_eq!(held.len(), 7, "seven bodies of eight megabytes fit, and a little");
    let busy = |length: usize| {
        Request::post("/api/v1/write").header(header::CONTENT_LENGTH, length).body(Body::empty()).unwrap()
    };
    let answer = host.ask(busy(8 << 20)).await;
    assert_eq!((answer.status, answer.header(header::RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    drop(held);
    let body = encode_v1(&[series("late", &[(0, 1.0)])]);
    assert_eq!(send(&host, V1, body).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_marker_of_staleness_ends_a_series() {
    let host = Host::start().await;
    let body = encode_v1(&[series("gone", &[(0, 1.0), (1, ballast_types::series::stale_nan())])]);
    assert_eq!(send(&host, V1, body).await.status, StatusCode::NO_CONTENT);
    let at = (START + Duration::from_secs(2)).as_secs_f64();
    let answer = host.get(&format!("/api/v1/query?query=gone&time={at}")).await.json();
    assert_eq!(answer["data"]["result"], json!([]));
}
