//! The door: a call that is allowed, one that was not granted, one that a guard refuses; and a run that is cut off at every
//! write and goes on, with every effect done once.

use ballast_ports::Halt;
use ballast_types::call::{CallErrorKind, Verb};
use ballast_types::incident::Severity;
use ballast_types::plugin::{Capability, ServiceScope};
use serde_json::json;

use super::*;
use crate::core::{Command, NewIncident};
use crate::testing::{Host, execution};

fn rollback(to: &str) -> Call {
    Call::ServiceEffect(ServiceEffect {
        service: ServiceName::new("api"),
        verb: Verb::Rollback,
        arguments: json!({ "to": to }),
    })
}

/// What nobody granted.
fn scale() -> Call {
    let arguments = json!({ "replicas": 9 });
    Call::ServiceEffect(ServiceEffect { service: ServiceName::new("api"), verb: Verb::Scale, arguments })
}

fn grant() -> Grant {
    Grant {
        capabilities: [Capability::Services, Capability::Metrics, Capability::State].into(),
        read: ServiceScope::All,
        act: ServiceScope::Subject,
        verbs: [Verb::Rollback].into(),
        ..Grant::default()
    }
}

async fn door(host: &Host, mode: RunMode, grant: Grant, guards: Guards) -> RunDoor {
    let execution = Execution { mode, ..execution() };
    let journal = execution.id.clone();
    let (call_time_max, ends_at) = (Duration::from_secs(5), Timestamp::from_secs(60));
    let bounds = Bounds { grant, guards, call_time_max, ends_at };
    RunDoor::open(host.shared.clone(), execution, journal, bounds, tokio::sync::watch::channel(false).1)
        .await
        .unwrap()
}

async fn refusal(grant: Grant, guards: Guards, call: Call) -> (CallError, usize) {
    let host = Host::new(CallClass::IdempotentEffect).await;
    let door = door(&host, RunMode::Live, grant, guards).await;
    let error = door.call(call).await.unwrap().unwrap_err();
    (error, host.platform.performed().len())
}

#[tokio::test]
async fn an_allowed_effect_happens_and_is_in_the_journal() {
    let host = Host::new(CallClass::IdempotentEffect).await;
    let door = door(&host, RunMode::Live, grant(), Guards::default()).await;
    assert!(
        matches!(door.call(rollback("1")).await.unwrap().unwrap(), Output::Change(change) if !change.preview)
    );
    assert_eq!(host.platform.performed(), ["EX-1-1 rollback {\"to\":\"1\"}"]);
    assert_eq!(host.store.journal(&ExecutionId::new("EX-1")).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_not_granted_is_denied_and_noted() {
    let none = Grant { verbs: [].into(), ..grant() };
    let (error, performed) = refusal(none, Guards::default(), rollback("1")).await;
    assert_eq!((error.kind, performed), (CallErrorKind::Denied, 0));
}

#[tokio::test]
async fn a_guard_refuses_beyond_its_limit() {
    let guards = Guards { effects_per_hour_max: 0, ..Guards::default() };
    let (error, performed) = refusal(grant(), guards, rollback("1")).await;
    assert_eq!((error.kind, performed), (CallErrorKind::Refused, 0));
}

#[tokio::test]
async fn the_hourly_limit_counts_effects_that_happened() {
    let host = Host::new(CallClass::IdempotentEffect).await;
    let guards = Guards { effects_per_hour_max: 1, ..Guards::default() };
    let door = door(&host, RunMode::Live, grant(), guards).await;
    assert!(door.call(rollback("1")).await.unwrap().is_ok());
    assert_eq!(door.call(rollback("2")).await.unwrap().unwrap_err().kind, CallErrorKind::Refused);
    assert_eq!(host.platform.performed().len(), 1);
}

#[tokio::test]
async fn a_dry_run_reads_for_real_and_changes_nothing() {
    let host = Host::new(CallClass::IdempotentEffect).await;
    let door = door(&host, RunMode::DryRun, grant(), Guards::default()).await;
    let service = ServiceName::new("api");
    assert!(matches!(
        door.call(Call::ServiceDescribe { service }).await.unwrap().unwrap(),
        Output::Service(_)
    ));
    let Output::Change(change) = door.call(rollback("1")).await.unwrap().unwrap() else {
        panic!("no change")
    };
    assert!(change.preview && change.detail.starts_with("would rollback"));
    assert!(host.platform.performed().is_empty());
}

#[tokio::test]
async fn a_batch_is_performed_in_order_and_each_effect_is_a_call() {
    let host = Host::new(CallClass::OnceEffect).await;
    let door = door(&host, RunMode::Live, grant(), Guards::default()).await;
    let effects = ["1", "2"].map(|to| match rollback(to) {
        Call::ServiceEffect(effect) => effect,
        _ => unreachable!("a rollback is an effect"),
    });
    let Output::Changes(changes) = door.call(Call::ServiceBatch(effects.to_vec())).await.unwrap().unwrap()
    else {
        panic!("no changes")
    };
    assert!(changes.iter().all(Result::is_ok));
    assert_eq!(
        host.platform.performed(),
        ["EX-1-1 rollback {\"to\":\"1\"}", "EX-1-2 rollback {\"to\":\"2\"}"]
    );
}

#[tokio::test]
async fn a_batch_beyond_its_limit_performs_nothing() {
    let host = Host::new(CallClass::OnceEffect).await;
    let door = door(&host, RunMode::Live, grant(), Guards::default()).await;
    let Call::ServiceEffect(effect) = rollback("1") else { panic!("a rollback is an effect") };
    let error =
        door.call(Call::ServiceBatch(vec![effect; BATCH_EFFECTS_MAX + 1])).await.unwrap().unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Invalid);
    assert!(host.platform.performed().is_empty());
}

#[tokio::test]
async fn a_guest_that_asks_otherwise_on_replay_diverges() {
    let host = Host::new(CallClass::OnceEffect).await;
    door(&host, RunMode::Live, grant(), Guards::default()).await.call(rollback("1")).await.unwrap().unwrap();
    let again = door(&host, RunMode::Live, grant(), Guards::default()).await;
    assert!(matches!(again.call(rollback("2")).await, Err(Halt::Diverged { sequence: 1, .. })));
    assert_eq!(host.platform.performed().len(), 1);
}

#[tokio::test]
async fn an_effect_whose_fate_nobody_knows_is_uncertain_and_not_repeated() {
    let host = Host::new(CallClass::OnceEffect).await;
    host.store.fail_after(Some(1));
    let first = door(&host, RunMode::Live, grant(), Guards::default()).await;
    assert!(matches!(first.call(rollback("1")).await, Err(Halt::Journal(_))));
    host.store.fail_after(None);
    host.platform.forget();
    let again = door(&host, RunMode::Live, grant(), Guards::default()).await;
    assert_eq!(again.call(rollback("1")).await.unwrap().unwrap_err().kind, CallErrorKind::Uncertain);
}

/// The host stops after the note is on the timeline and before its result is in the journal.
#[tokio::test]
async fn a_note_whose_result_was_lost_is_not_written_again() {
    let host = Host::new(CallClass::OnceEffect).await;
    let new =
        NewIncident { title: "errors".into(), severity: Severity::Sev2, service: None, by: "alice".into() };
    host.shared.dispatcher.submit(Input::Command(Command::Open(new))).await.unwrap();
    let grant = Grant { capabilities: [Capability::Incident].into(), ..grant() };
    let note = |text: &str| Call::IncidentNote { text: text.into() };
    host.store.fail_after(Some(1));
    let first = door(&host, RunMode::Live, grant.clone(), Guards::default()).await;
    assert!(matches!(first.call(note("seen")).await, Err(Halt::Journal(_))));
    host.store.fail_after(None);
    let again = door(&host, RunMode::Live, grant, Guards::default()).await;
    for text in ["seen", "repaired"] {
        assert_eq!(again.call(note(text)).await.unwrap().unwrap(), Output::Done);
    }
    let core = host.shared.dispatcher.core();
    let lines = core.incidents().flat_map(|incident| &incident.timeline);
    let notes: Vec<_> = lines.filter(|line| line.actor == "fix").map(|line| line.text.as_str()).collect();
    assert_eq!(notes, ["seen", "repaired"]);
}

#[tokio::test]
async fn what_is_too_much_to_keep_is_invalid() {
    let host = Host::new(CallClass::OnceEffect).await;
    let door = door(&host, RunMode::Live, grant(), Guards::default()).await;
    let set = |key: &str| Call::StateSet { key: key.into(), value: Some(vec![1]) };
    assert_eq!(door.call(set("k")).await.unwrap().unwrap(), Output::Done);
    let error = door.call(set(&"k".repeat(257))).await.unwrap().unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Invalid);
    assert!(error.message.contains("at most 256"), "{}", error.message);
    let get = door.call(Call::StateGet { key: "k".into() }).await.unwrap().unwrap();
    assert_eq!(get, Output::Value(Some(vec![1])));
}

/// The script of a guest: reads, effects, state. Returns whether it got to its end.
async fn script(door: &RunDoor) -> Result<(), Halt> {
    for n in 0..6 {
        let service = ServiceName::new("api");
        door.call(Call::ServiceDescribe { service }).await?.unwrap();
        door.call(rollback(&n.to_string())).await?.unwrap();
        door.call(Call::TimerNow).await?.unwrap();
        let refused = door.call(scale()).await?.unwrap_err();
        assert_eq!(refused.kind, CallErrorKind::Denied);
    }
    Ok(())
}

/// Cuts the run off at its `n`-th write, for every `n`, and lets it go on; the world must have seen each effect once.
async fn cut_off_everywhere(class: CallClass) {
    for cut in 0.. {
        let host = Host::new(class).await;
        host.store.fail_after(Some(cut));
        let cut_off = script(&door(&host, RunMode::Live, grant(), Guards::default()).await).await.is_err();
        host.store.fail_after(None);
        script(&door(&host, RunMode::Live, grant(), Guards::default()).await).await.unwrap();
        let expected: Vec<_> =
            (0..6).map(|n| format!("EX-1-{} rollback {{\"to\":\"{n}\"}}", n * 4 + 2)).collect();
        assert_eq!(host.platform.performed(), expected, "cut at write {cut}");
        if !cut_off {
            assert!(cut >= 48, "a run of 24 calls writes 48 times, {cut} were enough");
            return;
        }
    }
}

#[tokio::test]
async fn idempotent_effects_survive_a_cut_at_every_write() {
    cut_off_everywhere(CallClass::IdempotentEffect).await;
}

#[tokio::test]
async fn effects_that_must_happen_once_survive_a_cut_at_every_write() {
    cut_off_everywhere(CallClass::OnceEffect).await;
}

#[tokio::test]
async fn a_run_that_would_sleep_past_its_time_ends_before_it_does() {
    let host = Host::new(CallClass::OnceEffect).await;
    let door = door(&host, RunMode::Live, grant(), Guards::default()).await;
    assert!(matches!(door.call(Call::TimerSleep { duration_ms: 60_001 }).await, Err(Halt::Limit(_))));
}

#[tokio::test]
async fn a_service_without_a_connector_is_not_found() {
    let host = Host::new(CallClass::OnceEffect).await;
    let door = door(&host, RunMode::Live, grant(), Guards::default()).await;
    let error =
        door.call(Call::ServiceDescribe { service: ServiceName::new("gone") }).await.unwrap().unwrap_err();
    assert_eq!(error.kind, CallErrorKind::NotFound);
}
