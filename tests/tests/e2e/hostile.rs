//! Runbooks that misbehave, bound to an alert of a real host: each is stopped, the incident says why, and nobody else
//! notices.

use ballast_tests::eventually::{eventually, holds, secs};
use ballast_tests::host::timeline;
use ballast_tests::site::FAST;
use ballast_tests::{Host, MetricsServer, Site, binaries};
use rstest::rstest;
use serde_json::Value;

const GRANT: &str = "{capabilities: [metrics, logs, traces, services, database, http, approval, incident, state, timer, \
                     log], read: all, act: all, verbs: [restart, rollback]}";

/// A host whose alert `Broken` starts the hostile runbook with a deed.
async fn provoked(deed: &str, busy: &str) -> (MetricsServer, Site, Host) {
    let server = MetricsServer::of("broken 0\nload 5\n").await;
    let config = format!(
        "{FAST}  services:\n    - {{name: api, targets: [\"{}\"]}}\nautomation:\n  runbooks:\n    - runbook: hostile\n      \
         match: {{alertname: Broken}}\n      parameters: {{do: {deed}}}\n      grant: {GRANT}\n      limits: {{busy: \
         {busy}, memory: 32MiB}}\n",
        server.url()
    );
    let site = Site::new(&config);
    let rules =
        "groups: [{name: g, rules: [{alert: Broken, expr: broken > 0}, {alert: Load, expr: load > 6}]}]";
    site.write("rules/a.yaml", rules);
    site.plugin("hostile.wasm", &binaries::test_guest("hostile"));
    let host = Host::start(&site).await;
    server.metrics("broken 1\nload 5\n");
    (server, site, host)
}

#[rstest]
#[case::recursion("stack", "stack")]
#[case::hoarding("memory", "more than 33554432 bytes of memory")]
#[case::panic("panic", "a panic")]
#[case::log_flood("flood-lines", "more than 1000 log lines in one run")]
#[case::endless_calls("calls", "more than 10000 calls in one run")]
#[case::an_error_of_its_own("fail", "it is already as it should be")]
#[case::an_impossible_inverse("bad-inverse", "explode")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_misdeed_ends_as_failed_with_its_reason_on_the_timeline(#[case] deed: &str, #[case] reason: &str) {
    let (_server, _site, host) = provoked(deed, "500ms").await;
    let execution = host.finished_execution(secs(20)).await;
    assert_eq!(
        (&execution["verdict"], &execution["effects"]),
        (&"failed".into(), &0.into()),
        "{execution:#}"
    );
    assert!(execution["reason"].as_str().unwrap().contains(reason), "{}", execution["reason"]);
    let incident = host.incident(secs(5)).await;
    let lines = timeline(&incident);
    assert!(lines.iter().any(|line| line.contains(reason)), "{lines:#?}");
    assert_eq!(incident["escalated"], true, "{lines:#?}");
}

/// The loop keeps a core busy for three seconds. Meanwhile alerts fire, rules are evaluated and the API answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_looping_runbook_hurts_nobody_else() {
    let (server, _site, host) = provoked("loop", "3s").await;
    eventually(secs(10), async || {
        let executions = host.executions().await;
        holds(executions.iter().any(|execution| execution["state"] == "running"), executions)
    })
    .await;
    server.metrics("broken 1\nload 7\n");
    host.alert_in("Load", "firing", secs(2)).await;
    let (mut slowest, mut asked) = (secs(0), 0);
    let execution = eventually(secs(20), async || {
        for path in ["/health", "/api/dashboard", "/api/alerts"] {
            slowest = slowest.max(host.took(path).await);
        }
        asked += 3;
        let execution = host.executions().await.remove(0);
        holds(execution["state"] == "finished", ()).map(|()| execution)
    })
    .await;
    println!("{asked} requests while a runbook loops, the slowest took {slowest:?}");
    assert!(asked > 3 && slowest < secs(1), "{asked} {slowest:?}");
    assert_eq!(execution["verdict"], "failed", "{execution:#}");
    let reason = "busy for more than 3000 ms without a host call";
    assert!(execution["reason"].as_str().unwrap().contains(reason), "{}", execution["reason"]);
    let lines = timeline(&host.incident(secs(5)).await);
    assert!(lines.iter().any(|line| line.contains(reason)), "{lines:#?}");
    assert_eq!(host.get("/api/plugins").await["plugins"][0]["problem"], Value::Null);
}
