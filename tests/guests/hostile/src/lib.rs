//! A runbook that misbehaves as its parameters tell it: `{"do":"loop"}`. `good` behaves.

wit_bindgen::generate!({ path: "../../../wit", world: "ballast:plugin/runbook" });

use std::hint::black_box;

use ballast::plugin::log::{Level, write};
use ballast::plugin::shapes::OutcomeKind;
use ballast::plugin::types::{Effect, Label, Need};
use ballast::plugin::{approval, database, http, incident, logs, metrics, services, state, timer, traces};

struct Hostile;

impl Guest for Hostile {
    fn describe() -> Manifest {
        let need = |capability: &str| Need { capability: capability.into(), reason: "to misuse it".into() };
        let needs =
            ["metrics", "logs", "traces", "services", "database", "http", "approval", "incident", "state"];
        Manifest {
            name: "hostile".into(),
            version: "6.6.6".into(),
            summary: "Misbehaves as it is told.".into(),
            parameters_schema: r#"{"type":"object","properties":{"do":{"type":"string"}}}"#.into(),
            needs: needs.map(need).into(),
        }
    }

    fn run(context: Context) -> Result<Outcome, Error> {
        let deed = context.parameters_json.split('"').nth(3).unwrap_or_default().to_owned();
        match deed.as_str() {
            "loop" => forever(),
            "memory" => hoard(),
            "stack" => drop(dig(black_box(1))),
            "flood-lines" => flood("again"),
            "flood-bytes" => flood(&"long ".repeat(4_000)),
            "output" => return Ok(outcome("x".repeat(100 << 20), Vec::new())),
            "panic" => panic!("on purpose"),
            "last-words" => last_words(),
            "calls" => endless_calls(),
            "argument" => return metrics::query(&"1+".repeat(1 << 20)).map(|_| declined()),
            "huge-argument" => return metrics::query(&"1+".repeat(10 << 20)).map(|_| declined()),
            "restart" => return services::restart(&context.service, None).map(acted),
            "query" => {
                return metrics::query("up")
                    .map(|points| outcome(format!("{} points", points.len()), vec![]));
            }
            "sleep" => return timer::sleep(3_600_000).map(|()| declined()),
            "ask" => {
                return approval::request("may I?", 3_600_000).map(|decision| outcome(decision.by, vec![]));
            }
            "fail" => return Err(Error::Conflict("it is already as it should be".into())),
            "bad-inverse" => return Ok(outcome("odd".into(), vec![effect("explode", "{}")])),
            "bad-arguments" => return database::act("db", "cancel-query", "{").map(acted),
            "big-batch" => drop(services::batch(&vec![effect("restart", "{}"); 101])),
            "big-value" => return state::set("k", Some(&vec![0; 65_537])).map(|()| declined()),
            "tour" => return tour(&context),
            _ => return good(&context),
        }
        Ok(declined())
    }
}

fn forever() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn hoard() {
    loop {
        std::mem::forget(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Not a tail call, and few locals: the machine's stack ends before the one in linear memory does.
#[inline(never)]
#[allow(unconditional_recursion, reason = "that is the point")]
fn dig(depth: u64) -> u64 {
    black_box(dig(black_box(depth + 1))) ^ depth
}

/// As the SDK's panic hook does it.
fn last_words() {
    write(Level::Error, "no deployment has version 7");
    panic!("on purpose");
}

fn flood(line: &str) {
    loop {
        write(Level::Info, line);
    }
}

fn endless_calls() {
    loop {
        black_box(timer::now_ms());
    }
}

fn effect(verb: &str, arguments: &str) -> Effect {
    Effect { service: "api".into(), verb: verb.into(), arguments_json: arguments.into() }
}

fn outcome(summary: String, inverse: Vec<Effect>) -> Outcome {
    Outcome { kind: OutcomeKind::Acted, summary, inverse }
}

fn declined() -> Outcome {
    Outcome { kind: OutcomeKind::Declined, summary: "survived".into(), inverse: Vec::new() }
}

fn acted(change: services::Change) -> Outcome {
    outcome(format!("{} (preview: {})", change.detail, change.preview), Vec::new())
}

fn good(context: &Context) -> Result<Outcome, Error> {
    write(Level::Warn, &format!("{} on {}", context.alert, context.service));
    let points = metrics::query("up")?;
    let change = services::rollback(&context.service, None)?;
    let summary = format!("{} points, {}", points.len(), change.detail);
    Ok(outcome(summary, vec![effect("rollback", r#"{"to":"v2"}"#)]))
}

/// Every function of the contract once; the outcome tells what came back.
fn tour(context: &Context) -> Result<Outcome, Error> {
    let service = context.service.as_str();
    let mut seen = vec![format!("now {}", timer::now_ms())];
    timer::sleep(5)?;
    seen.push(format!("{:?}", metrics::query("up")?));
    seen.push(format!("{:?}", metrics::query_range("up", 60_000, 1_000)?));
    seen.push(format!("{:?}", logs::search(service, "timeout", 1, 5)?));
    seen.push(format!("{:?}", traces::search(service, 100, 5)?));
    seen.push(format!("{:?}", services::describe(service)?));
    seen.push(format!("{:?}", services::instances(service)?));
    seen.push(format!("{:?}", services::deployments(service)?));
    seen.push(format!("{:?}", services::dependencies(service)?));
    seen.push(format!("{:?}", services::restart(service, Some("i-1"))?));
    seen.push(format!("{:?}", services::rollback(service, Some("v1"))?));
    seen.push(format!("{:?}", services::scale(service, 3)?));
    seen.push(format!("{:?}", services::set_parameter(service, "pool", "20")?));
    seen.push(format!("{:?}", services::switch_over(service, "standby")?));
    seen.push(format!(
        "{:?}",
        services::batch(&[effect("restart", "{}"), effect("scale", r#"{"replicas":2}"#)])
    ));
    seen.push(format!("{:?}", database::read("db", "activity")?));
    seen.push(format!("{:?}", database::act("db", "cancel-query", r#"{"pid":7}"#)?));
    seen.push(format!("{:?}", http::send(&request())?));
    seen.push(format!("{:?}", approval::request("restart it?", 60_000)?));
    seen.push(format!("{:?}", incident::read()?));
    incident::note("looked at everything")?;
    seen.push(format!("{:?}", state::get("k")?));
    state::set("k", Some(b"v"))?;
    state::set("k", None)?;
    Ok(outcome(seen.join("\n"), Vec::new()))
}

fn request() -> http::Request {
    let headers = vec![Label { name: "accept".into(), value: "text/plain".into() }];
    http::Request {
        method: "POST".into(),
        url: "http://localhost/x".into(),
        headers,
        body: b"hello".to_vec(),
    }
}

export!(Hostile);
