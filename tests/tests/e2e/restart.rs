//! `kill -9` of the host: what was told to anybody is there after the restart, and no clock started anew.

use std::sync::atomic::{AtomicUsize, Ordering};

use ballast_tests::eventually::{eventually, holds, secs};
use ballast_tests::host::{array, instant_ms, text, timeline};
use ballast_tests::site::FAST;
use ballast_tests::{Host, MetricsServer, Random, Site};
use serde_json::{Value, json};

const RULES: &str = r#"
groups:
  - name: restart
    rules:
      - alert: Fires
        expr: fires == 1
        labels: {severity: critical}
      - alert: Muted
        expr: muted == 1
      - alert: Waits
        expr: waits == 1
        for: 8s
"#;

const WAITS_MS: i64 = 8_000;
/// What evaluation, scraping and a busy machine may add to an instant.
const SLACK_MS: i64 = 2_000;

fn site(server: &MetricsServer) -> Site {
    let config = format!("{FAST}  services:\n    - {{name: api, targets: [\"{}\"]}}\n", server.url());
    let site = Site::new(&config);
    site.write("rules/restart.yaml", RULES);
    site
}

/// What must not change by a restart.
fn lasting(alert: &Value) -> Value {
    json!([alert["fingerprint"], alert["ruleId"], alert["state"], alert["since"], alert["firingSince"]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_incident_silence_and_for_clock_outlive_a_kill() {
    let server = MetricsServer::of("fires 1\nmuted 1\nwaits 0\n").await;
    let site = site(&server);
    let host = Host::start(&site).await;
    let silence = host.silence("Muted").await;
    let fires = host.alert_in("Fires", "firing", secs(5)).await;
    let muted = host.alert_in("Muted", "firing", secs(5)).await;
    server.metrics("fires 1\nmuted 1\nwaits 1\n");
    let waits = host.alert_in("Waits", "pending", secs(5)).await;
    let id = text(&host.incident(secs(5)).await, "id").to_owned();
    let taken = host.accepted(&format!("/api/incidents/{id}/acknowledge"), &json!({"by": "alice"})).await;
    host.kill9().await;

    let host = Host::start(&site).await;
    for (name, before) in [("Fires", &fires), ("Muted", &muted), ("Waits", &waits)] {
        let [after] = host.alerts(name).await.try_into().unwrap();
        assert_eq!(lasting(&after), lasting(before), "{name}");
    }
    let [muted] = host.alerts("Muted").await.try_into().unwrap();
    assert_eq!(muted["silencedBy"], silence["id"]);
    let [kept] = array(host.get("/api/silences").await, "silences").try_into().unwrap();
    assert_eq!((&kept["state"], &kept), (&json!("active"), &silence));
    let incident = host.incident(secs(1)).await;
    assert_eq!((&incident["state"], &incident["stateBy"]), (&json!("acknowledged"), &json!("alice")));
    assert_eq!(incident["stateSince"], taken["stateSince"]);
    assert_eq!(timeline(&incident)[..timeline(&taken).len()], timeline(&taken));

    let fired = host.alert_in("Waits", "firing", secs(15)).await;
    assert_eq!(fired["since"], waits["since"]);
    let waited_ms = instant_ms(&fired, "firingSince") - instant_ms(&fired, "since");
    println!("a clock of {WAITS_MS} ms, with a restart in it, took {waited_ms} ms");
    assert!((WAITS_MS..WAITS_MS + SLACK_MS).contains(&waited_ms), "{waited_ms}");
    let [still] = host.alerts("Fires").await.try_into().unwrap();
    assert_eq!(lasting(&still), lasting(&fires));
    assert_eq!(host.incidents().await.len(), 1);
}

/// The condition ends while the host is away: the alert must end, not stay for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_while_the_host_was_away_is_over() {
    let server = MetricsServer::of("fires 1\nmuted 0\nwaits 0\n").await;
    let site = site(&server);
    let host = Host::start(&site).await;
    host.alert_in("Fires", "firing", secs(5)).await;
    host.kill9().await;
    server.metrics("fires 0\nmuted 0\nwaits 0\n");
    let host = Host::start(&site).await;
    host.alert_in("Fires", "resolved", secs(5)).await;
    let incident = host.incident(secs(5)).await;
    assert_eq!(incident["state"], "mitigated", "{:#?}", timeline(&incident));
}

/// Commands are sent without a break; the host is killed while one is under way, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_by_kills_during_traffic() {
    let server = MetricsServer::of("fires 1\nmuted 0\nwaits 1\n").await;
    let site = site(&server);
    let mut random = Random::seeded(7);
    let mut promised = Vec::new();
    let mut host = Host::start(&site).await;
    let fires = host.alert_in("Fires", "firing", secs(5)).await;
    let waits = host.alert_in("Waits", "pending", secs(5)).await;
    for round in 0..4 {
        let until = promised.len() + 1 + random.below(12) as usize;
        promised.extend(killed_during_traffic(host, until - promised.len(), round).await);
        host = Host::start(&site).await;
        let [alert] = host.alerts("Fires").await.try_into().unwrap();
        assert_eq!(lasting(&alert), lasting(&fires), "round {round}");
        let [alert] = host.alerts("Waits").await.try_into().unwrap();
        assert_eq!(alert["since"], waits["since"], "round {round}");
        check_promises(&host, &promised).await;
    }
    println!("{} promises kept over 4 kills", promised.len());
}

/// What was promised to whoever sent a command: where it is, and what it was.
type Promise = (String, Value);

/// Sends commands until some were answered and kills the host in the middle of the next.
async fn killed_during_traffic(host: Host, answers: usize, round: usize) -> Vec<Promise> {
    let answered = AtomicUsize::new(0);
    let mut promised = Vec::new();
    let traffic = async {
        for number in 0.. {
            let Some(promise) = command(&host, round, number).await else { break };
            promised.push(promise);
            answered.fetch_add(1, Ordering::SeqCst);
        }
    };
    let enough = eventually(secs(15), async || {
        let now = answered.load(Ordering::SeqCst);
        holds(now >= answers, now)
    });
    tokio::select! {
        () = traffic => panic!("the host stopped answering by itself"),
        () = enough => {}
    }
    host.kill9().await;
    promised
}

async fn command(host: &Host, round: usize, number: usize) -> Option<Promise> {
    let by = format!("person-{round}-{number}");
    let (path, body, lies_at) = match number % 2 {
        0 => {
            let body = json!({"title": by, "severity": "SEV3", "by": by});
            ("/api/incidents", body, "/api/incidents")
        }
        _ => {
            let matchers = json!([{"name": "nobody", "value": by}]);
            let body = json!({"matchers": matchers, "duration": "1h", "createdBy": by, "comment": "x"});
            ("/api/alerts/silence", body, "/api/silences")
        }
    };
    let (status, answer) = host.ask(reqwest::Method::POST, path, Some(&body)).await.ok()?;
    assert_eq!(status, 201, "{answer:#}");
    Some((format!("{lies_at}/{}", text(&answer, "id")), answer))
}

async fn check_promises(host: &Host, promised: &[Promise]) {
    for (path, answer) in promised {
        assert_eq!(host.get(path).await, *answer, "{path}");
    }
}
