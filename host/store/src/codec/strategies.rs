//! Arbitrary values of everything that the store keeps, for the round-trip tests.

use std::time::Duration;

use ballast_types::alert::{Alert, AlertKey, AlertState, AlertTransition};
use ballast_types::call::{
    Call, CallClass, CallError, CallErrorKind, Change, HttpRequest, Output, ServiceEffect, Verb,
};
use ballast_types::event::{Commit, Event, Mutation, Record, RecordKey};
use ballast_types::execution::{
    Completion, Execution, ExecutionState, Intent, JournalEntry, Outcome, OutcomeKind, RunMode, Verdict,
};
use ballast_types::incident::{
    Acknowledgement, Incident, IncidentAlert, IncidentState, Severity, TimelineEntry, TimelineKind,
};
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::silence::Silence;
use ballast_types::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

type Of<T> = BoxedStrategy<T>;

fn text() -> Of<String> {
    prop_oneof![".{0,12}", Just(String::new()), Just("\u{0}\"\\\n\u{2028}é☃𝄞".to_owned())].boxed()
}

fn at() -> Of<Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis).boxed()
}

/// Any bit pattern: infinities, denormals and every NaN among them.
fn float() -> Of<f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), Just(f64::NAN), Just(-0.0), Just(f64::INFINITY)]
        .boxed()
}

fn labels() -> Of<Labels> {
    vec((text(), text()), 0..4).prop_map(Labels::from_pairs).boxed()
}

/// A value whose floats are arbitrary, as a guest may send them.
fn json() -> Of<serde_json::Value> {
    let number = any::<f64>().prop_map(|number| serde_json::json!({ "value": number }));
    prop_oneof![
        number,
        text().prop_map(|text| serde_json::json!({ "to": text, "n": u64::MAX })),
        Just(serde_json::Value::Null)
    ]
    .boxed()
}

macro_rules! ids {
    ($($function:ident => $type:ty),*) => {$(
        fn $function() -> Of<$type> { text().prop_map(|text| <$type>::new(text)).boxed() }
    )*};
}
ids! { service => ServiceName, plugin => PluginName, digest => Digest, incident_id => IncidentId, rule => RuleId,
execution_id => ExecutionId, silence_id => SilenceId, key => IdempotencyKey }

fn alert_key() -> Of<AlertKey> {
    (rule(), any::<u64>()).prop_map(|(rule, bits)| AlertKey { rule, fingerprint: Fingerprint(bits) }).boxed()
}

fn alert_state() -> Of<AlertState> {
    prop_oneof![
        at().prop_map(|since| AlertState::Pending { since }),
        (at(), at(), option::of(at())).prop_map(|(active_at, since, cleared_at)| AlertState::Firing {
            active_at,
            since,
            cleared_at
        }),
        (at(), at()).prop_map(|(active_at, at)| AlertState::Resolved { active_at, at }),
    ]
    .boxed()
}

fn alert() -> Of<Alert> {
    (alert_key(), text(), labels(), labels(), float(), alert_state(), at())
        .prop_map(|(key, name, labels, annotations, value, state, evaluated_at)| Alert {
            key,
            name,
            labels,
            annotations,
            value,
            state,
            evaluated_at,
        })
        .boxed()
}

fn matcher() -> Of<Matcher> {
    let operator = select(vec![MatchOp::Equal, MatchOp::NotEqual]);
    let pattern = select(vec![MatchOp::Regex, MatchOp::NotRegex]);
    prop_oneof![
        (text(), operator, text()).prop_map(|(name, op, value)| Matcher::new(name, op, value).unwrap()),
        (text(), pattern, "[a-z]{1,4}(\\.\\*)?")
            .prop_map(|(name, op, value)| Matcher::new(name, op, value).unwrap()),
    ]
    .boxed()
}

fn silence() -> Of<Silence> {
    (silence_id(), vec(matcher(), 1..3), at(), at(), text(), text())
        .prop_map(|(id, matchers, starts_at, ends_at, created_by, comment)| Silence {
            id,
            matchers,
            starts_at,
            ends_at,
            created_by,
            comment,
        })
        .boxed()
}

fn timeline_kind() -> Of<TimelineKind> {
    use TimelineKind::*;
    select(vec![Opened, Alert, State, Execution, Verification, Escalation, Note]).boxed()
}

fn incident() -> Of<Incident> {
    let state = (0..4, text(), at()).prop_map(|(kind, by, at)| match kind {
        0 => IncidentState::Triggered,
        1 => IncidentState::Acknowledged { by, at },
        2 => IncidentState::Mitigated { by, at },
        _ => IncidentState::Resolved { by, at },
    });
    let alert = (alert_key(), text(), labels(), any::<bool>())
        .prop_map(|(key, name, labels, firing)| IncidentAlert { key, name, labels, firing });
    let line = (at(), timeline_kind(), text(), text()).prop_map(|(at, kind, actor, text)| TimelineEntry {
        at,
        kind,
        actor,
        text,
    });
    let acknowledged = option::of((text(), at()).prop_map(|(by, at)| Acknowledgement { by, at }));
    let head = (
        incident_id(),
        text(),
        select(Severity::ALL.to_vec()),
        option::of(service()),
        state,
        acknowledged,
        at(),
    );
    (head, any::<bool>(), vec(alert, 0..3), vec(execution_id(), 0..3), vec(line, 0..4), any::<u64>())
        .prop_map(|(head, escalated, alerts, executions, timeline, version)| {
            let (id, title, severity, service, state, acknowledged, opened_at) = head;
            Incident {
                id,
                title,
                severity,
                service,
                state,
                acknowledged,
                opened_at,
                escalated,
                alerts,
                executions,
                timeline,
                version,
            }
        })
        .boxed()
}

fn effect() -> Of<ServiceEffect> {
    (service(), select(Verb::ALL.to_vec()), json())
        .prop_map(|(service, verb, arguments)| ServiceEffect { service, verb, arguments })
        .boxed()
}

fn execution_state() -> Of<ExecutionState> {
    let kind = select(vec![OutcomeKind::Acted, OutcomeKind::Declined, OutcomeKind::NeedsPerson]);
    let outcome = (kind, text(), vec(effect(), 0..2))
        .prop_map(|(kind, summary, inverse)| Outcome { kind, summary, inverse })
        .boxed();
    let verdict = prop_oneof![
        select(vec![Verdict::Helped, Verdict::Unverified, Verdict::Undone, Verdict::DidNotHelp]),
        select(vec![Verdict::Declined, Verdict::Cancelled]),
        text().prop_map(|reason| Verdict::Failed { reason }),
        text().prop_map(|reason| Verdict::Diverged { reason }),
    ];
    prop_oneof![
        Just(ExecutionState::Requested),
        (at(), any::<u32>()).prop_map(|(since, attempt)| ExecutionState::Running { since, attempt }),
        (outcome.clone(), at(), at(), option::of(at())).prop_map(
            |(outcome, since, deadline, healthy_since)| {
                ExecutionState::Verifying { outcome, since, deadline, healthy_since }
            }
        ),
        (outcome, at()).prop_map(|(outcome, since)| ExecutionState::Undoing { outcome, since }),
        (at(), verdict, text()).prop_map(|(at, verdict, summary)| ExecutionState::Finished {
            at,
            verdict,
            summary
        }),
    ]
    .boxed()
}

fn objective() -> Of<Objective> {
    let kind = select(vec![IndicatorKind::Availability, IndicatorKind::LatencyP95, IndicatorKind::ErrorRate]);
    (service(), kind, float(), text(), any::<Duration>())
        .prop_map(|(service, kind, target, indicator, window)| Objective {
            service,
            kind,
            target,
            indicator,
            window,
        })
        .boxed()
}

fn execution() -> Of<Execution> {
    let mode = select(vec![RunMode::Live, RunMode::DryRun]);
    let head =
        (execution_id(), incident_id(), plugin(), digest(), service(), text(), labels(), text(), mode, at());
    (
        head,
        execution_state(),
        option::of(objective()),
        float(),
        option::of(float()),
        any::<u32>(),
        vec(key(), 0..3),
    )
        .prop_map(|(head, state, objective, indicator_before, indicator_after, effects, told)| {
            let (
                id,
                incident,
                runbook,
                digest,
                service,
                alert_name,
                alert_labels,
                parameters,
                mode,
                requested_at,
            ) = head;
            Execution {
                id,
                incident,
                runbook,
                digest,
                service,
                alert_name,
                alert_labels,
                parameters,
                mode,
                requested_at,
                state,
                objective,
                indicator_before,
                indicator_after,
                effects,
                told,
            }
        })
        .boxed()
}

fn event() -> Of<Event> {
    use AlertTransition::*;
    let transition = select(vec![Pending, Firing, Resolved, Cleared]);
    prop_oneof![
        text().prop_map(|version| Event::HostStarted { version }),
        (text(), service(), any::<bool>(), text())
            .prop_map(|(target, service, up, detail)| Event::TargetHealth { target, service, up, detail }),
        (any::<usize>(), any::<usize>()).prop_map(|(rules, files)| Event::RulesLoaded { rules, files }),
        vec(text(), 0..3).prop_map(|problems| Event::RulesRejected { problems }),
        (plugin(), text(), digest()).prop_map(|(name, version, digest)| Event::PluginLoaded {
            name,
            version,
            digest
        }),
        (text(), text()).prop_map(|(file, reason)| Event::PluginRejected { file, reason }),
        (alert_key(), text(), labels(), transition, float(), option::of(silence_id())).prop_map(
            |(key, name, labels, transition, value, silenced_by)| {
                Event::AlertChanged { key, name, labels, transition, value, silenced_by }
            }
        ),
        (rule(), text(), option::of(text())).prop_map(|(rule, name, error)| Event::RuleHealth {
            rule,
            name,
            error
        }),
        (silence_id(), any::<bool>()).prop_map(|(id, expired)| Event::SilenceChanged { id, expired }),
        incident_id().prop_map(|id| Event::IncidentOpened { id }),
        (incident_id(), timeline_kind(), text(), text())
            .prop_map(|(id, kind, actor, text)| Event::IncidentChanged { id, kind, actor, text }),
        (execution_id(), incident_id(), text(), text())
            .prop_map(|(id, incident, state, text)| Event::ExecutionChanged { id, incident, state, text }),
        (execution_id(), incident_id(), service(), text()).prop_map(
            |(execution, incident, service, text)| {
                Event::EffectPerformed { execution, incident, service, text }
            }
        ),
        Just(Event::Noted),
    ]
    .boxed()
}

pub(super) fn record() -> Of<Record> {
    prop_oneof![
        alert().prop_map(Record::Alert),
        silence().prop_map(Record::Silence),
        incident().prop_map(Record::Incident),
        execution().prop_map(Record::Execution),
        (plugin(), text(), vec(any::<u8>(), 0..9)).prop_map(|(plugin, key, value)| Record::PluginState {
            plugin,
            key,
            value
        }),
    ]
    .boxed()
}

pub(super) fn record_key() -> Of<RecordKey> {
    prop_oneof![
        alert_key().prop_map(RecordKey::Alert),
        silence_id().prop_map(RecordKey::Silence),
        incident_id().prop_map(RecordKey::Incident),
        execution_id().prop_map(RecordKey::Execution),
        (plugin(), text()).prop_map(|(plugin, key)| RecordKey::PluginState(plugin, key)),
    ]
    .boxed()
}

pub(super) fn commit() -> Of<Commit> {
    let mutation = prop_oneof![
        record().prop_map(|record| Mutation::Put(Box::new(record))),
        record_key().prop_map(Mutation::Remove),
    ];
    (at(), event(), vec(mutation, 0..3))
        .prop_map(|(at, event, mutations)| Commit { at, event, mutations })
        .boxed()
}

fn call() -> Of<Call> {
    let request =
        (text(), vec((text(), text()), 0..2), vec(any::<u8>(), 0..9)).prop_map(|(url, headers, body)| {
            Call::Http(HttpRequest { method: "POST".to_owned(), url, headers, body })
        });
    prop_oneof![
        text().prop_map(|expression| Call::MetricsQuery { expression }),
        effect().prop_map(Call::ServiceEffect),
        vec(effect(), 0..3).prop_map(Call::ServiceBatch),
        (service(), text(), json()).prop_map(|(service, action, arguments)| Call::DatabaseEffect {
            service,
            action,
            arguments
        }),
        request,
        Just(Call::TimerNow),
        (text(), option::of(vec(any::<u8>(), 0..9))).prop_map(|(key, value)| Call::StateSet { key, value }),
    ]
    .boxed()
}

fn result() -> Of<Result<Output, CallError>> {
    let error = text().prop_map(|message| CallError::new(CallErrorKind::Uncertain, message)).boxed();
    let change = (text(), any::<bool>()).prop_map(|(detail, preview)| Change { detail, preview }).boxed();
    let each = prop_oneof![change.clone().prop_map(Ok), error.clone().prop_map(Err)];
    prop_oneof![
        error.prop_map(Err),
        Just(Ok(Output::Done)),
        change.prop_map(|change| Ok(Output::Change(change))),
        vec(each, 0..3).prop_map(|changes| Ok(Output::Changes(changes))),
        vec(json(), 0..3).prop_map(|rows| Ok(Output::Rows(rows))),
        option::of(vec(any::<u8>(), 0..9)).prop_map(|value| Ok(Output::Value(value))),
    ]
    .boxed()
}

pub(super) fn journal_entry() -> Of<(ExecutionId, JournalEntry)> {
    use CallClass::*;
    let class = select(vec![Read, Internal, IdempotentEffect, OnceEffect]);
    let intent = (any::<u64>(), at(), call(), text(), class, key()).prop_map(
        |(sequence, at, call, request_hash, class, key)| {
            JournalEntry::Intent(Intent { sequence, at, call, request_hash, class, key })
        },
    );
    let completion = (any::<u64>(), at(), result())
        .prop_map(|(sequence, at, result)| JournalEntry::Completion(Completion { sequence, at, result }));
    (execution_id(), prop_oneof![intent, completion]).boxed()
}
