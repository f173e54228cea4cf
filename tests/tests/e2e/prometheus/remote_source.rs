//! Rules over samples that lie in a real prometheus.

use ballast_tests::eventually::{eventually, secs};
use ballast_tests::{Host, Prometheus, Site};

use super::{data, differential::feed};

const RULES: &str = r#"
groups:
  - name: remote
    rules:
      - record: job:limit:count
        expr: count by (job) (limit)
      - alert: Hot
        expr: max by (job) (max_over_time(temperature[30m])) > 100
      - alert: Recorded
        expr: job:limit:count > 3 and on (job) count by (job) (build_info)
"#;

#[tokio::test]
async fn rules_are_judged_where_the_samples_are_and_an_outage_resolves_nothing() {
    let there = Prometheus::start("global: {scrape_interval: 15s}\n").await;
    feed(there.url(), data::request(data::end())).await;
    let site = Site::new(&format!(
        "{}\nsource: {{remote: {{url: \"{}\", timeout: 2s}}}}\n",
        ballast_tests::site::FAST,
        there.url()
    ));
    site.write("rules/remote.yaml", RULES);
    let host = Host::start(&site).await;
    let firing = async |name: &str| {
        let alerts = host.alerts(name).await;
        alerts.iter().filter(|alert| alert["state"] == "firing").count()
    };
    let found = async |name: &str, count: usize| {
        eventually(secs(20), async || match firing(name).await {
            firing if firing == count => Ok(()),
            other => Err(format!("{other} of {name}: {:#}", host.get("/api/rules").await)),
        })
        .await;
    };
    found("Hot", 3).await;
    found("Recorded", 1).await;

    drop(there);
    let rule_fails = async || {
        let rules = host.get("/api/v1/rules").await;
        let failing = rules.to_string().contains("lastError");
        ballast_tests::eventually::holds(failing, rules)
    };
    eventually(secs(20), rule_fails).await;
    // Several evaluations more, each of which could have resolved it.
    let before = host.get("/api/v1/rules").await;
    eventually(secs(20), async || {
        let now = host.get("/api/v1/rules").await;
        ballast_tests::eventually::holds(
            now["data"]["groups"][0]["rules"][1]["lastEvaluation"]
                != before["data"]["groups"][0]["rules"][1]["lastEvaluation"],
            (),
        )
    })
    .await;
    assert_eq!((firing("Hot").await, firing("Recorded").await), (3, 1));
}
