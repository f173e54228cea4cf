//! The double answers as the host would: grants, dry runs, failures, time, and what is kept between runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use ballast_sdk::prelude::*;
use ballast_sdk::testing::{Host, START_MS};
use ballast_sdk::{Label, OutcomeKind};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    replicas: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { replicas: 5 }
    }
}

runbook! {
    name: "grow",
    version: "2.1.0",
    summary: "Sets the replicas and counts how often",
    needs: [Services => "scales", State => "counts its runs"],
    parameters: Parameters,
    schema: r#"{"type":"object","properties":{"replicas":{"type":"integer","default":5}}}"#,
    run: grow,
}

fn grow(context: &Context, parameters: Parameters) -> Result<Outcome> {
    let runs = state::get::<u32>("runs")?.unwrap_or_default() + 1;
    state::set("runs", &runs)?;
    if context.label("peek").is_some() {
        logs::search(&context.service, "", 0, 10)?;
    }
    let before = services::describe(&context.service)?.replicas;
    let change = services::scale(&context.service, parameters.replicas)?;
    Ok(Outcome::acted(format!("run {runs}: {}", change.detail)).undo(Effect::scale(&context.service, before)))
}

fn host() -> (Host, Context) {
    let host = Host::new();
    host.service("api").replicas(2);
    let context = host.context("api");
    (host, context)
}

#[test]
fn the_manifest_says_what_the_macro_was_told() {
    let manifest = Plugin::manifest();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("grow", "2.1.0"));
    assert!(manifest.parameters_schema.contains("replicas"));
    assert_eq!(manifest.needs.len(), 2);
}

#[test]
fn parameters_have_defaults_and_are_checked() {
    let (host, mut context) = host();
    assert_eq!(host.run::<Plugin>(&context).unwrap().summary, "run 1: api has 5 replicas");
    context.parameters_json = r#"{"replicas": 7}"#.to_owned();
    assert_eq!(host.run::<Plugin>(&context).unwrap().summary, "run 2: api has 7 replicas");
    context.parameters_json = r#"{"replicas": "many"}"#.to_owned();
    assert_eq!(host.run::<Plugin>(&context).unwrap_err().kind(), "invalid");
    context.parameters_json = r#"{"replica": 1}"#.to_owned();
    assert_eq!(host.run::<Plugin>(&context).unwrap_err().kind(), "invalid");
}

#[test]
fn what_the_manifest_does_not_ask_for_is_denied() {
    let (host, mut context) = host();
    context.alert_labels.push(Label::new("peek", "yes"));
    let error = host.run::<Plugin>(&context).unwrap_err();
    assert_eq!(error.to_string(), "denied: call logs.search: the manifest does not ask for logs");
}

#[test]
fn a_dry_run_foretells_and_changes_nothing() {
    let (host, mut context) = host();
    context.dry_run = true;
    let outcome = host.run::<Plugin>(&context).unwrap();
    assert_eq!(outcome.kind, OutcomeKind::Acted);
    assert_eq!(outcome.summary, "run 1: api has 5 replicas");
    assert_eq!((host.foretold(), host.effects()), (vec![Effect::scale("api", 5)], vec![]));
    assert_eq!(host.within(|| services::describe("api")).unwrap().replicas, 2);
}

#[test]
fn without_a_host_every_call_fails() {
    assert_eq!(incident::note("anyone?").unwrap_err().kind(), "unavailable");
    assert_eq!(services::restart("api", None).unwrap_err().kind(), "unavailable");
}

#[test]
fn the_effect_of_a_batch_that_fails_does_not_stop_the_others() {
    let (host, _) = host();
    let effects = [
        Effect::rollback("api"),
        Effect::set_parameter("api", "workers", "8"),
        Effect::scale("nowhere", 1),
        Effect::switch_over("api", "standby"),
    ];
    let results = host.within(|| services::batch(&effects));
    let done: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(done, [false, true, false, true]);
    assert_eq!(host.service("api").parameter("workers").as_deref(), Some("8"));
    assert_eq!(host.effects().len(), 2);
}

#[test]
fn rollback_goes_back_and_forward_again() {
    let (host, _) = host();
    let api = host.service("api").deployed("1", 9_000).deployed("2", 1_000);
    host.within(|| services::rollback("api", None)).unwrap();
    assert_eq!(api.version(), "1");
    assert_eq!(host.within(|| services::rollback("api", None)).unwrap_err().kind(), "conflict");
    host.within(|| services::rollback("api", Some("2"))).unwrap();
    assert_eq!(api.version(), "2");
    let history = host.within(|| services::deployments("api")).unwrap();
    let versions: Vec<_> = history.iter().map(|one| (one.version.as_str(), one.current)).collect();
    assert_eq!(versions, [("2", true), ("1", false), ("2", false), ("1", false)]);
    assert_eq!(host.within(|| services::rollback("api", Some("3"))).unwrap_err().kind(), "not-found");
}

#[test]
fn time_passes_only_by_sleeping() {
    let (host, _) = host();
    let waited = host.within(|| {
        let before = timer::now_ms();
        timer::sleep(Duration::from_secs(3)).unwrap();
        timer::now_ms() - before
    });
    assert_eq!((waited, host.now_ms()), (3_000, START_MS + 3_000));
}

#[test]
fn a_range_comes_series_by_series_oldest_first() {
    let (host, _) = host();
    host.metrics(|_, at_ms| {
        let age = (START_MS - at_ms) as f64;
        vec![(vec![Label::new("pod", "a")], age), (vec![Label::new("pod", "b")], -age)]
    });
    let second = Duration::from_secs(1);
    let series = host.within(|| metrics::query_range("x", 2 * second, second)).unwrap();
    let shape: Vec<_> = series
        .iter()
        .map(|one| {
            (one.label("pod").unwrap(), one.samples.iter().map(|sample| sample.value).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(shape, [("a", vec![2_000.0, 1_000.0, 0.0]), ("b", vec![-2_000.0, -1_000.0, 0.0])]);
    let error = host.within(|| metrics::query_one("x")).unwrap_err();
    assert_eq!(error.to_string(), "invalid: read one value: x yields 2 series; aggregate them");
}

#[test]
fn nothing_over_nothing_is_no_value() {
    let (host, _) = host();
    assert_eq!(host.within(|| metrics::query_one("x")), Ok(None));
    host.metric(|_, _| Some(f64::NAN));
    assert_eq!(host.within(|| metrics::query_one("x")), Ok(None));
    host.metric(|_, _| Some(0.25));
    assert_eq!(host.within(|| metrics::query_one("x")), Ok(Some(0.25)));
}

#[test]
fn a_text_is_escaped_for_a_matcher() {
    assert_eq!(metrics::escape("a\"b\\c\n"), r#"a\"b\\c\n"#);
}

#[test]
fn an_interface_fails_until_it_recovers() {
    let (host, _) = host();
    host.log_line("api", "error", "out of memory");
    let search = || host.within(|| logs::search("api", "memory", 0, 10)).map(|lines| lines.len());
    host.fail("logs", Error::Unavailable("ask Loki: connection refused".to_owned()));
    assert_eq!(search().unwrap_err().kind(), "unavailable");
    host.recover("logs");
    assert_eq!(search(), Ok(1));
}

#[test]
fn http_databases_and_approvals_answer_as_told() {
    let (host, _) = host();
    host.http(|request| {
        let body = format!("{} {}", request.method, request.url).into_bytes();
        Ok(http::Response { status: 202, headers: Vec::new(), body })
    });
    host.database(|_, view| Ok(vec![serde_json::json!({ "view": view })]));
    host.within(|| {
        let page = http::get("http://x/").unwrap();
        assert_eq!((page.is_success(), page.text().as_str()), (true, "GET http://x/"));
        let rows: Vec<serde_json::Value> = database::read("db", "pool").unwrap();
        assert_eq!(rows, [serde_json::json!({ "view": "pool" })]);
        let arguments = serde_json::json!({ "pid": 7 });
        database::act("db", "cancel-query", &arguments).unwrap();
        assert_eq!(approval::request("sure?", Duration::from_secs(5)).unwrap_err().kind(), "timed-out");
    });
    assert_eq!(host.database_actions(), [r#"db cancel-query {"pid":7}"#]);
    assert_eq!(host.now_ms(), START_MS + 5_000);
    host.approval(|_| true);
    assert!(host.within(|| approval::request("sure?", Duration::from_secs(5))).unwrap().approved);
}
