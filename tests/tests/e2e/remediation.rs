//! The whole loop on the real platform: a fault, an alert, an incident, a runbook, a proof; and the same with the host
//! killed in the middle.

use ballast_tests::eventually::{eventually, holds, secs};
use ballast_tests::host::{array, text, timeline};
use ballast_tests::{Host, Platform, Random, Site};
use serde_json::Value;

use crate::loop_site::site;

const SERVICE: &str = "document-processing";

/// Platform and host, once traffic is seen and nothing fails.
async fn watching() -> (Platform, Site, Host) {
    let platform = Platform::start().await;
    let site = site(&platform);
    let host = Host::start(&site).await;
    eventually(secs(20), async || {
        let rate = host.query(&format!("sum(rate(http_requests_total{{service=\"{SERVICE}\"}}[2s]))")).await;
        holds(rate.is_some_and(|rate| rate > 1.0), rate)
    })
    .await;
    (platform, site, host)
}

/// The one incident, once it is in the state.
async fn incident_in(host: &Host, state: &str) -> Value {
    eventually(secs(20), async || {
        let incident = host.incident(secs(20)).await;
        holds(incident["state"] == state, timeline(&incident)).map(|()| incident)
    })
    .await
}

/// Whether the parts stand in the timeline in this order.
fn tells(incident: &Value, parts: &[&str]) {
    let lines = timeline(incident);
    let mut rest = lines.iter();
    for part in parts {
        assert!(rest.any(|line| line.contains(part)), "`{part}` is not in its place: {lines:#?}");
    }
}

/// Verb, key and service of the effects that the platform saw, oldest first, but for the releases of the tests.
async fn effects(platform: &Platform) -> Vec<(String, String, String)> {
    let mut effects = platform.effects().await;
    effects.retain(|effect| effect["verb"] != "deploy");
    let parts = |effect: &Value| {
        let part = |key| text(effect, key).to_owned();
        (part("verb"), part("key"), part("service"))
    };
    effects.iter().rev().map(parts).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_release_is_rolled_back_and_the_repair_is_verified() {
    let (platform, _site, host) = watching().await;
    let good = platform.version(SERVICE).await;
    platform.fault("bad-release", SERVICE).await;
    let bad = platform.version(SERVICE).await;
    assert!(bad != good && bad.ends_with("-bad"), "{good} {bad}");

    let execution = host.finished_execution(secs(30)).await;
    assert_eq!(
        (&execution["verdict"], &execution["service"]),
        (&"helped".into(), &SERVICE.into()),
        "{execution:#}"
    );
    assert_eq!(platform.version(SERVICE).await, good);
    let id = text(&execution, "id");
    let seen = effects(&platform).await;
    let [(verb, key, service)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((verb.as_str(), service.as_str()), ("rollback", SERVICE));
    assert!(id.starts_with("EX-") && key.starts_with(id), "{id} {key}");

    let journal = array(execution.clone(), "journal");
    let sequences: Vec<_> = journal.iter().map(|call| call["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=journal.len() as u64).collect::<Vec<_>>());
    assert!(journal.iter().all(|call| call["completedAt"].is_string()), "{journal:#?}");
    let acts: Vec<_> = journal.iter().filter(|call| text(call, "key") == key).collect();
    assert_eq!(acts.len(), 1, "{journal:#?}");
    assert_eq!(
        (&acts[0]["capability"], &acts[0]["class"]),
        (&"services".into(), &"idempotent-effect".into())
    );

    let incident = incident_in(&host, "resolved").await;
    let story = ["opened", "HighErrorRate fires", "began", bad.as_str(), "rollback", "helped", "resolved"];
    tells(&incident, &story);
    assert_eq!((&incident["escalated"], &incident["service"]), (&false.into(), &SERVICE.into()));
    let funnel = host.get("/api/dashboard").await["funnel"].clone();
    assert_eq!(
        (&funnel["attempted"], &funnel["verified"], &funnel["undone"]),
        (&1.into(), &1.into(), &0.into())
    );
}

/// The version to go back to is as bad: the rollback does not help, its inverse runs, and a person is needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_that_does_not_help_is_undone_and_escalated() {
    let (platform, _site, host) = watching().await;
    platform.deploy(SERVICE, "1.6.0-bad").await;
    platform.deploy(SERVICE, "1.6.1-bad").await;

    let execution = host.finished_execution(secs(40)).await;
    assert_eq!(execution["verdict"], "undone", "{execution:#}");
    assert_eq!(platform.version(SERVICE).await, "1.6.1-bad");
    let seen = effects(&platform).await;
    let [(first, key, _), (second, undo_key, _)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((first.as_str(), second.as_str()), ("rollback", "rollback"));
    assert!(key != undo_key && undo_key.contains("-undo"), "{seen:?}");
    let incident = incident_in(&host, "triggered").await;
    assert_eq!(incident["escalated"], true);
    tells(&incident, &["fires", "to 1.6.0-bad", "did not help, undoing", "undone", "needs a person"]);
    // Nothing is tried again by itself.
    assert_eq!((host.executions().await.len(), effects(&platform).await.len()), (1, 2));
}

/// When the host is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// As soon as an execution is there.
    Decided,
    /// After so many calls are in its journal.
    Calls(usize),
    /// As soon as the intent of the effect is in its journal; the effect itself takes a while.
    Intended,
    /// As soon as the platform has seen the effect.
    Acted,
    /// While it is being verified.
    Verifying,
}

/// The execution as it is at the moment.
async fn has_come(moment: Moment, host: &Host, platform: &Platform) -> Result<Value, Value> {
    let executions = host.executions().await;
    let execution = executions.first().cloned().unwrap_or(Value::Null);
    let come = match moment {
        Moment::Decided => execution.is_object(),
        Moment::Calls(calls) => {
            execution["state"] == "finished"
                || execution["journal"].as_array().is_some_and(|journal| journal.len() >= calls)
        }
        Moment::Intended => {
            execution["journal"].as_array().is_some_and(|journal| journal.iter().any(is_effect))
        }
        Moment::Acted => !effects(platform).await.is_empty(),
        Moment::Verifying => execution["state"] == "verifying",
    };
    if come { Ok(execution) } else { Err(execution) }
}

fn is_effect(call: &Value) -> bool {
    call["class"] != "read" && call["capability"] == "services"
}

/// Whether an effect was intended whose result is not known yet.
fn is_under_way(execution: &Value) -> bool {
    let journal = execution["journal"].as_array();
    journal.is_some_and(|calls| calls.iter().any(|call| is_effect(call) && call["completedAt"].is_null()))
}

async fn repaired_though_killed_at(moments: &[Moment]) {
    let (platform, site, mut host) = watching().await;
    let good = platform.version(SERVICE).await;
    platform.fault("bad-release", SERVICE).await;
    for moment in moments {
        let execution = eventually(secs(20), async || has_come(*moment, &host, &platform).await).await;
        host.kill9().await;
        println!("killed at {moment:?}, with an effect under way: {}", is_under_way(&execution));
        host = Host::start(&site).await;
    }
    let execution = host.finished_execution(secs(30)).await;
    assert_eq!(execution["verdict"], "helped", "{execution:#}");
    assert_eq!(platform.version(SERVICE).await, good);
    let seen = effects(&platform).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    let incident = incident_in(&host, "resolved").await;
    let rollbacks = timeline(&incident).iter().filter(|line| line.contains("rollback: from")).count();
    assert_eq!(rollbacks, 1, "{:#?}\n{:#}", timeline(&incident), execution["journal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_before_the_effect_end_in_one_effect() {
    let mut random = Random::seeded(3);
    let calls = [1 + random.below(3), 4 + random.below(3)].map(|calls| Moment::Calls(calls as usize));
    repaired_though_killed_at(&[&[Moment::Decided], &calls[..]].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_the_effect_is_under_way_ends_in_one_effect() {
    repaired_though_killed_at(&[Moment::Intended]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_after_the_effect_end_in_one_effect() {
    repaired_though_killed_at(&[Moment::Acted, Moment::Verifying]).await;
}
