//! The real promtool asks Ballast.

use ballast_tests::prometheus::promtool;
use ballast_tests::site::FAST;
use ballast_tests::{Host, Site};

use super::{data, differential::feed};

async fn said(arguments: &[&str]) -> String {
    let output = promtool(arguments).await;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}: {out}{err}");
    out.into_owned()
}

#[tokio::test]
async fn promtool_queries_instants_ranges_series_and_labels() {
    let end = data::end();
    let site = Site::new(FAST);
    let host = Host::start(&site).await;
    feed(host.url(), data::request(end)).await;
    let (time, start, end) = (end.to_string(), (end - 300).to_string(), end.to_string());
    let (at, from, to) = (format!("--time={time}"), format!("--start={start}"), format!("--end={end}"));

    let instant = said(&["query", "instant", &at, host.url(), "count(temperature)"]).await;
    assert_eq!(instant.trim(), format!("{{}} => 11 @[{time}]"));
    let query = "sum by (job) (limit) > -1e9";
    let range = said(&["query", "range", &from, &to, "--step=60s", host.url(), query]).await;
    assert_eq!((range.matches("{job=").count(), range.matches("@[").count()), (3, 18), "{range}");
    let of_job = "--match=errors_total{job=\"j1\"}";
    let series = said(&["query", "series", of_job, &from, &to, host.url()]).await;
    assert_eq!(series.lines().filter(|line| line.contains("errors_total")).count(), 4, "{series}");
    let labels = said(&["query", "labels", &from, &to, host.url(), "job"]).await;
    assert_eq!(labels.lines().collect::<Vec<_>>(), ["j0", "j1", "j2"]);
}
