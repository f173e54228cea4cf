//! Bad input: each a clear error at its place, the rest keeps running.

use ballast_tests::eventually::{eventually, holds, secs};
use ballast_tests::host::text;
use ballast_tests::site::FAST;
use ballast_tests::{Answer, Host, MetricsServer, Site, binaries, check};
use rstest::rstest;
use serde_json::{Value, json};

/// A host that scrapes a good target and another.
async fn watching(other: Answer) -> (MetricsServer, MetricsServer, Site, Host) {
    let (good, bad) = (MetricsServer::of("load 5\n").await, MetricsServer::start(other.clone()).await);
    let services = format!(
        "  services:\n    - {{name: good, targets: [\"{}\"]}}\n    - {{name: bad, targets: [\"{}\"]}}\n",
        good.url(),
        bad.url()
    );
    // Much to read needs its time on a busy machine, and a scrape may take as long as its interval.
    let pace = if matches!(other, Answer::Large(_)) { "scrapeInterval: 2s" } else { "scrapeInterval: 100ms" };
    let config = FAST.replace("scrapeInterval: 100ms", pace);
    let site = Site::new(&format!("{config}{services}"));
    let host = Host::start(&site).await;
    (good, bad, site, host)
}

/// The first problem of the bad target, once it is down or has one.
async fn problem_of(host: &Host, url: &str, up: bool) -> String {
    eventually(secs(10), async || {
        let target = host.target(url).await;
        let found = target["problems"][0].as_str().map(str::to_owned);
        found.filter(|_| target["up"] == up).ok_or(target)
    })
    .await
}

fn page() -> String {
    "<!DOCTYPE html><html><body>Please log in</body></html>".to_owned()
}

#[rstest]
#[case::a_web_page(Answer::Body("text/html", page()), "web page (HTML), not metrics")]
#[case::a_web_page_that_calls_itself_text(Answer::Body("text/plain", page()), "web page (HTML), not metrics")]
#[case::json(Answer::Body("application/json", "{}".into()), "application/json, but text/plain was asked for")]
#[case::prose(Answer::Metrics("this is not it\n".into()), "no line of the answer is a metric")]
#[case::ten_megabytes(Answer::Large(10 << 20), "the answer is larger than 8388608 bytes")]
#[case::fewer_bytes_than_announced(Answer::Short("load 5\n".into()), "read the answer")]
#[case::nothing(Answer::Hang, "no answer within 100ms")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_shows_no_metrics_is_down_with_the_reason(
    #[case] answer: Answer,
    #[case] reason: &str,
) {
    let (_good, bad, _site, host) = watching(answer).await;
    let problem = problem_of(&host, bad.url(), false).await;
    assert!(problem.contains(reason) && problem.contains(bad.url()), "{problem}");
    let up = async |service: &str| host.query(&format!("up{{service=\"{service}\"}}")).await;
    eventually(secs(5), async || {
        let seen = (up("bad").await, up("good").await);
        holds(seen == (Some(0.0), Some(1.0)), seen)
    })
    .await;
    // Once it comes to its senses it is up again.
    bad.metrics("load 7\n");
    eventually(secs(10), async || {
        let seen = (up("bad").await, host.query("sum(load)").await);
        holds(seen == (Some(1.0), Some(12.0)), seen)
    })
    .await;
    assert_eq!(host.target(bad.url()).await["problems"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_line_is_refused_and_the_lines_before_it_count() {
    let (_good, bad, _site, host) = watching(Answer::CutOff("whole 1\nhalf 12".into())).await;
    let problem = problem_of(&host, bad.url(), true).await;
    assert_eq!(problem, "line 2: the answer ends in the middle of this line");
    eventually(secs(5), async || holds(host.query("whole").await == Some(1.0), ())).await;
    assert_eq!(host.query("half").await, None);
    assert_eq!(host.query("up{service=\"bad\"}").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nan_is_a_value_that_fires_nothing_and_spoils_nothing() {
    let metrics = "ratio NaN\nload 5\nbroken{\nlast 1\n";
    let (_good, bad, site, host) = watching(Answer::Metrics(metrics.into())).await;
    site.write(
        "rules/a.yaml",
        "groups: [{name: g, rules: [{alert: Ratio, expr: ratio > 0}, {alert: Last, expr: last > 0}]}]",
    );
    host.alert_in("Last", "firing", secs(10)).await;
    assert_eq!(host.alerts("Ratio").await, Vec::<Value>::new());
    assert!(host.query("ratio").await.unwrap().is_nan());
    let problem = problem_of(&host, bad.url(), true).await;
    assert!(problem.starts_with("line 3, column "), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_from_the_future_is_refused_and_its_series_goes_on() {
    let metrics = "x 1 9999999999999\nwhole 1\n";
    let (_good, bad, _site, host) = watching(Answer::Metrics(metrics.into())).await;
    let problem = problem_of(&host, bad.url(), true).await;
    let told = problem.starts_with("x{") && problem.contains("its timestamp 9999999999999 is ");
    assert!(told && problem.ends_with(" s in the future"), "{problem}");
    eventually(secs(5), async || holds(host.query("whole").await == Some(1.0), ())).await;
    assert_eq!(host.query("x").await, None);
    bad.metrics("x 2\n");
    eventually(secs(5), async || holds(host.query("x").await == Some(2.0), ())).await;
    eventually(secs(5), async || {
        let problems = host.target(bad.url()).await["problems"].clone();
        holds(problems == json!([]), problems)
    })
    .await;
}

const SERVICES: &str = "monitoring:\n  services:\n    - name: api\n    - name: db\n";

#[rstest]
#[case::an_unknown_dependency(
    "monitoring:\n  services:\n    - name: api\n      dependencies: [dp]\n    - name: db\n".into(),
    "ballast.yaml:4:22: there is no service `dp`"
)]
#[case::an_unknown_service_in_a_grant(
    format!(
        "{SERVICES}automation:\n  runbooks:\n    - runbook: high-error-rate\n      match: {{alertname: A}}\n      \
         grant: {{act: [apy]}}\n"
    ),
    "ballast.yaml:9:21: there is no service `apy`"
)]
#[case::an_unknown_key("monitoring:\n  service: []\n".into(), "ballast.yaml:2:3: unknown key `service`")]
#[case::an_unknown_section("monitorin: {}\n".into(), "ballast.yaml:1:1: unknown key `monitorin`")]
#[case::two_of_a_name(
    "monitoring:\n  services:\n    - name: api\n    - name: api\n".into(),
    "ballast.yaml:4:13: there are two services named `api`"
)]
#[case::no_yaml("monitoring: [\n".into(), "ballast.yaml:1:13: not valid YAML")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_configuration_is_refused_at_its_place(#[case] config: String, #[case] expected: &str) {
    let site = Site::new(&config);
    let checked = check(&["--config".as_ref(), &site.config()]).await;
    assert_eq!(checked.code, 1);
    assert!(checked.errors.iter().any(|error| error.starts_with(expected)), "{checked:#?}");
    let (file, place) = expected.split_once(": ").unwrap();
    assert!(checked.text.contains(file), "{place}: {}", checked.text);
}

const GROUP: &str = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up == 0\n";

#[rstest]
#[case::an_unknown_key(format!("{GROUP}        fro: 5m\n"), "a.yaml:6:9: ", "fro")]
#[case::a_wrong_expression(GROUP.replace("up == 0", "rate(up)"), "a.yaml:5:", "rate")]
#[case::an_expression_that_breaks_off(GROUP.replace("up == 0", "sum(up"), "a.yaml:5:", "")]
#[case::a_key_twice(format!("{GROUP}        expr: up == 1\n"), "a.yaml:6:9: ", "expr")]
#[case::a_wrong_duration(format!("{GROUP}        for: soon\n"), "a.yaml:6:14: ", "soon")]
#[case::a_group_twice(format!("{GROUP}  - name: g\n    rules: []\n"), "a.yaml:6:", "g")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_rule_file_is_refused_at_its_place(
    #[case] rules: String,
    #[case] place: &str,
    #[case] word: &str,
) {
    let site = Site::new("{}");
    site.write("rules/a.yaml", rules);
    let checked = check(&[&site.path("rules")]).await;
    assert_eq!(checked.code, 1, "{checked:#?}");
    let found = checked.errors.iter().any(|error| error.starts_with(place) && error.contains(word));
    assert!(found, "{checked:#?}");
    assert!(checked.text.contains(place.trim_end_matches([':', ' '])), "{}", checked.text);
}

/// Well-known packs hold the same rule twice, and a rule is in two files while it moves: told at its place, not refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_rule_is_told_at_its_place() {
    let site = Site::new("{}");
    site.write("rules/a.yaml", format!("{GROUP}      - alert: A\n        expr: up ==0\n"));
    let checked = check(&[&site.path("rules")]).await;
    assert_eq!((checked.code, &checked.errors), (0, &Vec::new()));
    assert_eq!(checked.warnings, ["a.yaml:6:9: the rule `A` asks the same as the one at line 4"]);
    assert!(checked.text.contains("a.yaml:6:9"), "{}", checked.text);
}

#[rstest]
#[case("not-a-component", "it is a core module, not a component")]
#[case("stranger", "it is a component of another world")]
#[case("from-0-2", "it was built against contract 0.2.0, and this host speaks 0.1.x")]
#[case("outsider", "it imports `wasi:cli/environment@0.2.0`, which the contract does not have")]
#[case("bad-manifest", "The Best Runbook!")]
#[case("restless", "busy for more than 500 ms")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_does_not_fit_is_refused_with_the_reason(#[case] guest: &str, #[case] reason: &str) {
    let checked = check(&[&binaries::test_guest(guest)]).await;
    assert_eq!(checked.code, 1);
    let [error] = checked.errors.as_slice() else { panic!("{checked:#?}") };
    assert!(error.starts_with(&format!("{guest}.wasm:1:1: ")) && error.contains(reason), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runbook_of_another_world_or_without_its_grant_is_refused_by_name() {
    let site = Site::new(
        "automation:\n  runbooks:\n    - {runbook: poster, match: {alertname: A}}\n    - {runbook: gone, match: \
         {alertname: B}}\n    - {runbook: high-error-rate, match: {alertname: C}}\n",
    );
    site.plugin("poster.wasm", &binaries::test_guest("notifier"));
    site.plugin("rate.wasm", &binaries::plugin("high-error-rate"));
    let checked = check(&["--config".as_ref(), &site.config()]).await;
    assert_eq!(checked.code, 1);
    for (place, words) in [
        ("ballast.yaml:3:17: ", "the plugin `poster` is no runbook but a notifier"),
        ("ballast.yaml:4:17: ", "there is no plugin `gone`"),
        ("rate.wasm:1:1: ", "grant"),
    ] {
        let found = checked.errors.iter().any(|error| error.starts_with(place) && error.contains(words));
        assert!(found, "{place}{words}: {checked:#?}");
    }
}

/// A component that does not fit, beside one that does, does not keep the host from starting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_starts_with_what_is_good() {
    let server = MetricsServer::of("load 5\n").await;
    let services = format!("  services:\n    - {{name: api, targets: [\"{}\"]}}\n", server.url());
    let site = Site::new(&format!("{FAST}{services}"));
    site.write("rules/good.yaml", "groups: [{name: g, rules: [{alert: Load, expr: load > 3}]}]");
    site.write("rules/bad.yaml", "groups: [{name: b, rules: [{alert: Bad, expr: load >}]}]");
    site.plugin("bad.wasm", &binaries::test_guest("stranger"));
    site.plugin("good.wasm", &binaries::test_guest("minimal"));
    let host = Host::start(&site).await;
    host.alert_in("Load", "firing", secs(5)).await;
    let health = host.get("/health").await;
    assert_eq!((&health["status"], &health["problems"]), (&json!("degraded"), &json!(2)), "{health:#}");
    let dashboard = host.get("/api/dashboard").await;
    assert!(text(&dashboard["problems"]["rules"][0], "file").ends_with("bad.yaml"), "{dashboard:#}");
    assert!(text(&dashboard["problems"]["plugins"][0], "file").ends_with("bad.wasm"), "{dashboard:#}");
}

/// A configuration with a problem starts nothing, and says what and where.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_configuration_does_not_start() {
    let site = Site::new("monitoring:\n  services:\n    - {name: api, dependencies: [nobody]}\n");
    let config = site.config();
    let arguments = ["serve", "--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let mut process = ballast_tests::process::Process::start(&binaries::ballast(), &arguments);
    let place = "ballast.yaml:3:34";
    process.line(secs(10), |line| line.contains(place).then_some(())).await;
    assert_eq!(process.ended(secs(10)).await.code(), Some(1));
}
