//! The runbook against the double of the host: when it acts, when it does not, and what people read about it.

use std::collections::BTreeSet;

use ballast_sdk::prelude::*;
use ballast_sdk::testing::{Host, START_MS};
use ballast_sdk::{Manifest, OutcomeKind, Runbook};

use crate::Plugin;
use crate::parameters::Parameters;

const MINUTE_MS: i64 = 60_000;
/// The bad version went out three minutes before the run.
const AGE_MS: i64 = 3 * MINUTE_MS;

/// An api that has failed 40 % of its requests since 12 s after `bad` went out, and none before nor with another version.
fn bad_release() -> Host {
    let host = Host::new();
    let api = host.service("api").deployed("good", 7 * 1_440 * MINUTE_MS).deployed("bad", AGE_MS);
    host.service("api").depends_on("postgres", true, "").depends_on("models", true, "");
    let began_ms = START_MS - AGE_MS + 12_000;
    host.metric(move |expression, at_ms| {
        assert!(expression.contains(r#"http_requests_total{service="api",code=~"5.."}"#), "{expression}");
        let failing = at_ms >= began_ms && api.version() == "bad";
        Some(if failing { 0.4 } else { 0.001 })
    });
    host
}

fn run(host: &Host) -> Outcome {
    host.run::<Plugin>(&host.context("api")).unwrap()
}

fn check(host: &Host, kind: OutcomeKind, summary: &str) {
    let outcome = run(host);
    assert_eq!(outcome.summary, summary);
    assert_eq!(outcome.kind, kind);
    assert_eq!(outcome.inverse, []);
    assert_eq!(host.effects(), []);
}

#[test]
fn a_bad_release_is_rolled_back_and_the_inverse_brings_it_back() {
    let host = bad_release();
    for request in 0..30 {
        host.log_line("api", "ERROR", &format!("request {request}: template missing"));
    }
    host.log_line("api", "info", "listening");
    let outcome = run(&host);
    assert_eq!(outcome.kind, OutcomeKind::Acted);
    assert_eq!(host.effects(), [Effect::rollback_to("api", "good")]);
    assert_eq!(outcome.inverse, [Effect::rollback_to("api", "bad")]);
    assert_eq!(
        outcome.summary,
        "rolled api back from bad to good: bad went out 3 min 0 s ago by tester and the errors began 15 s after it; \
         error ratio 0.10 % before it, 40 % now"
    );
    assert_eq!(
        host.notes(),
        [
            r##"logs: 30 errors in the last 10 min 0 s: 30x "request #: template missing""##,
            "deployments: bad went out 3 min 0 s ago by tester and the errors began 15 s after it; \
             error ratio 0.10 % before it, 40 % now",
            "dependencies: healthy (postgres, models)",
            "rollback: from bad to good: api runs good",
            "check: after 5 s the error ratio falls, from 40 % to 0.10 %",
        ]
    );
    assert_eq!(host.now_ms(), START_MS + 5_000);
}

#[test]
fn a_dry_run_foretells_the_plan_and_neither_waits_nor_remembers() {
    let host = bad_release();
    let mut context = host.context("api");
    context.dry_run = true;
    let outcome = host.run::<Plugin>(&context).unwrap();
    assert!(outcome.summary.starts_with("would roll api back from bad to good: "), "{}", outcome.summary);
    assert_eq!(outcome.inverse, [Effect::rollback_to("api", "bad")]);
    assert_eq!((host.foretold(), host.effects()), (vec![Effect::rollback_to("api", "good")], vec![]));
    assert_eq!(host.now_ms(), START_MS);
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
}

#[test]
fn an_unhealthy_dependency_explains_the_errors() {
    let host = bad_release();
    host.service("api").depends_on("ledger", false, "5 of 5 calls timed out");
    let reason = "not rolling api back: it needs ledger (5 of 5 calls timed out), which fails";
    check(&host, OutcomeKind::Declined, reason);
    assert_eq!(host.notes().last(), Some(&format!("dependencies: {reason}")));
}

#[test]
fn dependencies_that_nobody_can_tell_of_do_not_stop_it() {
    let host = bad_release();
    host.fail("services.dependencies", Error::NotFound("the connector has no such view".to_owned()));
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
}

#[test]
fn without_a_recent_deployment_nothing_is_rolled_back() {
    let host = bad_release();
    host.advance_ms(58 * MINUTE_MS);
    let declined = "no deployment in the last 60 min: api runs bad since 1 h 1 min";
    check(&host, OutcomeKind::Declined, declined);
    let mut context = host.context("api");
    context.parameters_json = r#"{"recent_minutes": 120}"#.to_owned();
    assert_eq!(host.run::<Plugin>(&context).unwrap().kind, OutcomeKind::Acted);
}

#[test]
fn errors_that_predate_the_deployment_acquit_it() {
    let host = bad_release();
    host.metric(|_, at_ms| Some(if at_ms >= START_MS - AGE_MS - MINUTE_MS { 0.4 } else { 0.0 }));
    let acquitted = "bad went out 3 min 0 s ago by tester, but the errors began 1 min 0 s before it";
    check(&host, OutcomeKind::Declined, acquitted);
}

#[test]
fn a_share_that_was_no_better_before_acquits_it_too() {
    let host = bad_release();
    // A dip as the deployment goes out hides that the errors are old.
    let deployed = START_MS - AGE_MS;
    host.metric(move |_, at_ms| Some(if (deployed..deployed + 15_000).contains(&at_ms) { 0.0 } else { 0.4 }));
    let acquitted = "bad went out 3 min 0 s ago by tester, but the error ratio was 40 % before it and is 40 % now: \
                     no clear rise";
    check(&host, OutcomeKind::Declined, acquitted);
}

#[test]
fn a_service_without_a_past_is_judged_by_the_onset() {
    let host = bad_release();
    host.metric(|_, at_ms| (at_ms >= START_MS - AGE_MS).then_some(0.4));
    let outcome = run(&host);
    assert_eq!(outcome.kind, OutcomeKind::Acted);
    assert!(outcome.summary.ends_with("40 % now, none known from before it"), "{}", outcome.summary);
}

#[test]
fn errors_that_are_gone_need_no_repair() {
    let host = bad_release();
    host.metric(|_, _| Some(0.004));
    let gone = "the error ratio of api is 0.40 %, below 1.00 %: there is nothing to repair";
    check(&host, OutcomeKind::Declined, gone);
}

#[test]
fn without_the_indicator_a_person_looks() {
    let host = bad_release();
    host.fail("metrics", Error::Unavailable("query the store: it starts".to_owned()));
    let blind = "the error ratio of api cannot be read: unavailable: query the store: it starts";
    check(&host, OutcomeKind::NeedsPerson, blind);
    host.recover("metrics");
    host.metric(|_, _| None);
    let silent = "the error ratio of api has no value: no requests, or error_ratio_query is wrong";
    check(&host, OutcomeKind::NeedsPerson, silent);
}

#[test]
fn a_first_version_has_no_way_back() {
    let host = bad_release();
    host.service("web").deployed("bad", AGE_MS);
    host.metric(|_, at_ms| Some(if at_ms >= START_MS - AGE_MS { 0.4 } else { 0.0 }));
    let outcome = host.run::<Plugin>(&host.context("web")).unwrap();
    assert_eq!(outcome.kind, OutcomeKind::Declined);
    assert!(outcome.summary.ends_with("but the history of web has no other version to go back to"));
}

#[test]
fn a_version_that_it_rolled_back_from_is_not_rolled_back_from_again() {
    let host = bad_release();
    let inverse = run(&host).inverse;
    host.within(|| services::batch(&inverse));
    host.advance_ms(10 * MINUTE_MS);
    let outcome = run(&host);
    assert_eq!(outcome.kind, OutcomeKind::Declined);
    assert_eq!(
        outcome.summary,
        "this runbook rolled api back from bad 10 min 5 s ago, and bad runs again: either that did not help, or \
         somebody deployed it anew"
    );
    assert_eq!(host.effects().len(), 2);
}

#[test]
fn a_version_that_it_rolled_back_from_is_no_way_back_either() {
    let host = bad_release();
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
    host.advance_ms(10 * MINUTE_MS);
    let api = host.service("api").deployed("bad", 2 * MINUTE_MS).deployed("worse", MINUTE_MS);
    let began_ms = host.now_ms() - MINUTE_MS;
    host.metric(move |_, at_ms| Some(if at_ms >= began_ms && api.version() == "worse" { 0.4 } else { 0.0 }));
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
    assert_eq!(host.effects().last(), Some(&Effect::rollback_to("api", "good")));
}

#[test]
fn a_rollback_is_not_itself_suspected() {
    let host = bad_release();
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
    host.service("api").deployed("fixed", 0);
    host.advance_ms(20 * MINUTE_MS);
    host.within(|| services::rollback("api", Some("good"))).unwrap();
    host.advance_ms(MINUTE_MS);
    let began_ms = host.now_ms() - MINUTE_MS / 2;
    host.metric(move |_, at_ms| Some(if at_ms >= began_ms { 0.4 } else { 0.0 }));
    let outcome = run(&host);
    assert_eq!(outcome.kind, OutcomeKind::Declined);
    let reason = "api returned to good 1 min 0 s ago: a version that ran before explains nothing";
    assert_eq!(outcome.summary, reason);
}

#[test]
fn a_version_deployed_twice_in_a_row_counts_from_the_first_time() {
    let host = bad_release();
    host.service("api").deployed("bad", MINUTE_MS);
    let outcome = run(&host);
    assert_eq!(outcome.kind, OutcomeKind::Acted);
    assert!(outcome.summary.contains("bad went out 3 min 0 s ago"), "{}", outcome.summary);
}

#[test]
fn a_rollback_that_fails_is_for_a_person() {
    let cases = [
        (Error::Unavailable("connection refused".to_owned()), "nothing was rolled back"),
        (Error::Refused("2 effects in this hour".to_owned()), "it was not allowed"),
        (Error::Uncertain("the answer was lost".to_owned()), "look at which version runs"),
        (Error::Conflict("a rollout is under way".to_owned()), "somebody else may be at it"),
    ];
    for (error, advice) in cases {
        let host = bad_release();
        host.fail("services.rollback", error.clone());
        let outcome = run(&host);
        assert_eq!((outcome.kind, outcome.inverse.len()), (OutcomeKind::NeedsPerson, 0));
        assert!(outcome.summary.contains(&error.to_string()), "{}", outcome.summary);
        assert!(outcome.summary.contains(advice), "{}", outcome.summary);
    }
}

#[test]
fn without_logs_or_a_timeline_it_goes_on() {
    let host = bad_release();
    host.fail("logs", Error::Unavailable("ask Loki: connection refused".to_owned()));
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
    assert_eq!(
        host.notes().first().map(String::as_str),
        Some("logs: going on without them (unavailable: ask Loki: connection refused)")
    );
    let host = bad_release();
    host.fail("incident", Error::TimedOut("write a note".to_owned()));
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
    assert_eq!(host.log().len(), 5);
}

#[test]
fn without_its_memory_it_does_not_risk_a_circle() {
    let host = bad_release();
    host.fail("state.get", Error::Unavailable("read the store".to_owned()));
    let unknown = "whether api was rolled back from bad before is unknown: unavailable: read the store";
    check(&host, OutcomeKind::NeedsPerson, unknown);
}

#[test]
fn an_unknown_history_is_for_a_person() {
    let host = bad_release();
    host.fail("services.deployments", Error::TimedOut("ask the connector".to_owned()));
    let unknown = "whether a deployment explains the errors of api is unknown: timed-out: ask the connector";
    check(&host, OutcomeKind::NeedsPerson, unknown);
}

#[test]
fn the_schema_has_the_defaults_of_the_code() {
    let Manifest { parameters_schema, .. } = Plugin::manifest();
    let schema: serde_json::Value = serde_json::from_str(&parameters_schema).unwrap();
    let properties = schema["properties"].as_object().unwrap().iter();
    let defaults = properties.map(|(name, property)| (name.clone(), property["default"].clone())).collect();
    let defaults = serde_json::Value::Object(defaults);
    assert_eq!(serde_json::from_value::<Parameters>(defaults).unwrap(), Parameters::default());
}

#[test]
fn it_asks_for_what_it_calls_and_no_more() {
    let host = bad_release();
    assert_eq!(run(&host).kind, OutcomeKind::Acted);
    let interface = |call: &String| call.split_once('.').map(|(interface, _)| interface.to_owned());
    let mut called: BTreeSet<String> = host.calls().iter().filter_map(interface).collect();
    assert!(called.remove("timer"), "every runbook has it without asking");
    assert_eq!(called, Plugin::manifest().needs.into_iter().map(|need| need.capability).collect());
}
