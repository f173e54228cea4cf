//! Incidents drawn as text, one column a minute, and what their timelines say.

use std::time::Duration;

use ballast_types::alert::{Alert, AlertKey, AlertState};
use ballast_types::execution::Verdict;
use ballast_types::incident::{Incident, IncidentState, Severity, TimelineKind};
use ballast_types::service::Criticality;
use ballast_types::{
    ExecutionId, Fingerprint, IncidentId, Labels, PluginName, RuleId, ServiceName, Timestamp,
};
use insta::assert_snapshot;

use crate::*;

const MINUTE: i64 = 60;
const HOLD: Duration = Duration::from_secs(3 * 60);

pub(crate) fn minute(n: i64) -> Timestamp {
    Timestamp::from_secs(n * MINUTE)
}

/// An alert of a service, told apart by its letter.
pub(crate) fn alert(letter: char, service: &str, severity: &str) -> Alert {
    let labels = Labels::from_pairs([("service", service), ("severity", severity)]);
    Alert {
        key: AlertKey { rule: RuleId::new(letter.to_string()), fingerprint: Fingerprint(1) },
        name: format!("Alert{letter}"),
        labels,
        annotations: Labels::empty(),
        value: 1.0,
        state: AlertState::Firing { active_at: minute(0), since: minute(0), cleared_at: None },
        evaluated_at: minute(0),
    }
}

pub(crate) fn opened(service: &str) -> Incident {
    let alert = Box::new(alert('a', service, "warning"));
    let opening = Opening::Alert { id: IncidentId::new("INC-1"), alert, criticality: Criticality::High };
    open(opening, minute(0)).unwrap().0
}

fn command(command: IncidentCommand) -> IncidentInput {
    IncidentInput::Command { expected_version: None, command }
}

fn fired(alert: Alert) -> IncidentInput {
    IncidentInput::Event(IncidentEvent::AlertFired { alert: Box::new(alert), criticality: Criticality::High })
}

/// `a` and `b` fire, `-` and `=` end them, `A` and `B` are Alice and Bob taking it, `X` is Bob resolving it.
pub(crate) fn input(letter: char) -> IncidentInput {
    let over = |letter| IncidentEvent::AlertResolved { key: alert(letter, "api", "").key };
    match letter {
        'a' => fired(alert('a', "api", "warning")),
        'b' => fired(alert('b', "api", "critical")),
        '-' => IncidentInput::Event(over('a')),
        '=' => IncidentInput::Event(over('b')),
        'A' => command(IncidentCommand::Acknowledge { by: "alice".to_owned() }),
        'B' => command(IncidentCommand::Acknowledge { by: "bob".to_owned() }),
        'X' => command(IncidentCommand::Resolve { by: "bob".to_owned(), note: None }),
        'N' => command(IncidentCommand::Note { by: "bob".to_owned(), text: "look here".to_owned() }),
        _ => IncidentInput::Event(IncidentEvent::Tick { resolve_hold: HOLD }),
    }
}

/// The state after each minute of a script that begins with the alert `a` firing; `!` is a refusal.
fn states(script: &str) -> String {
    let mut incident = opened("api");
    let step_and_draw = |(at, letter)| match step(&incident, input(letter), minute(at)) {
        Err(_) => '!',
        Ok((next, _)) => {
            incident = next;
            match incident.state {
                IncidentState::Triggered => 'T',
                IncidentState::Acknowledged { .. } => 'A',
                IncidentState::Mitigated { .. } => 'M',
                IncidentState::Resolved { .. } => 'R',
            }
        }
    };
    (1..).zip(script.chars()).map(step_and_draw).collect()
}

#[rstest::rstest]
#[case::it_resolves_after_the_hold_time("..-...", "TTMMMR")]
#[case::a_relapse_within_the_hold_time_reopens_it("-..a.-...", "MMMTTMMMR")]
#[case::it_reopens_for_whoever_had_it("A-.a.", "AMMAA")]
#[case::it_waits_for_all_its_alerts("b-..=...", "TTTTMMMR")]
#[case::only_one_person_can_take_it("AB.A", "A!AA")]
#[case::taking_a_mitigated_one_leaves_it_mitigated("-A.a.", "MMMAA")]
#[case::a_person_ends_it_whatever_fires("bX..", "TRRR")]
#[case::what_is_over_cannot_be_taken_or_ended_but_noted("XAXN", "R!!R")]
#[case::an_alert_that_ends_later_leaves_it_resolved("X-...", "RRRRR")]
#[case::its_alert_coming_back_reopens_it("-...a", "MMMRT")]
#[case::an_alert_of_another_incident_changes_nothing("=...", "TTTT")]
fn state_by_minute(#[case] script: &str, #[case] expected: &str) {
    assert_eq!(states(script), expected, "script {script}");
}

fn timeline(incident: &Incident) -> String {
    let line = |entry: &ballast_types::incident::TimelineEntry| {
        let minute = entry.at.as_millis() / 1000 / MINUTE;
        format!("{minute} {} {}: {}\n", entry.kind.name(), entry.actor, entry.text)
    };
    incident.timeline.iter().map(line).collect()
}

#[test]
fn a_repaired_incident_tells_its_story() {
    let runbook = PluginName::new("high-error-rate");
    let id = ExecutionId::new("EX-1");
    let events = [
        IncidentEvent::ExecutionStarted { id: id.clone(), runbook: runbook.clone() },
        IncidentEvent::Recorded {
            kind: TimelineKind::Execution,
            actor: runbook.to_string(),
            text: "rolled api back to v1".to_owned(),
        },
        IncidentEvent::AlertResolved { key: alert('a', "api", "").key },
        IncidentEvent::ExecutionEnded {
            id,
            runbook,
            verdict: Verdict::Helped,
            summary: "error rate 0.1 % for 30s".to_owned(),
        },
        IncidentEvent::Tick { resolve_hold: Duration::ZERO },
    ];
    let incident = (1..).zip(events).fold(opened("api"), |incident, (at, event)| {
        step(&incident, IncidentInput::Event(event), minute(at)).unwrap().0
    });
    assert_snapshot!(timeline(&incident), @r"
    0 opened ballast: SEV3 Alerta on api
    0 alert ballast: Alerta fires
    1 execution high-error-rate: EX-1 of high-error-rate began
    2 execution high-error-rate: rolled api back to v1
    3 alert ballast: Alerta is over
    3 state ballast: mitigated, all alerts are over
    4 execution high-error-rate: EX-1 of high-error-rate ended, helped: error rate 0.1 % for 30s
    5 state ballast: resolved, no alert came back
    ");
    assert_eq!((incident.version, incident.executions.len()), (6, 1));
}

#[test]
fn an_escalated_incident_tells_its_story() {
    let mut incident = opened("api");
    let failed = Verdict::Failed { reason: "stopped: busy".to_owned() };
    let (id, runbook) = (ExecutionId::new("EX-1"), PluginName::new("r"));
    let inputs = [
        input('b'),
        IncidentInput::Event(IncidentEvent::ExecutionEnded {
            id,
            runbook,
            verdict: failed,
            summary: String::new(),
        }),
        IncidentInput::Event(IncidentEvent::Escalated { reason: "the runbook failed".to_owned() }),
        input('A'),
        input('N'),
        command(IncidentCommand::Resolve { by: "alice".to_owned(), note: Some("cable".to_owned()) }),
    ];
    for (at, input) in (1..).zip(inputs) {
        incident = step(&incident, input, minute(at)).unwrap().0;
    }
    assert_snapshot!(timeline(&incident), @r"
    0 opened ballast: SEV3 Alerta on api
    0 alert ballast: Alerta fires
    1 alert ballast: Alertb fires
    1 state ballast: severity raised from SEV3 to SEV1
    2 execution r: EX-1 of r ended, failed: stopped: busy
    3 escalation ballast: needs a person: the runbook failed
    4 state alice: acknowledged
    5 note bob: look here
    6 state alice: resolved: cable
    ");
    assert!(incident.escalated);
}

#[test]
fn an_alert_opens_with_what_it_says_of_itself() {
    let mut spoken = alert('a', "api", "");
    spoken.annotations = Labels::from_pairs([("summary", " Too many errors on api ")]);
    let opening = |alert: &Alert| Opening::Alert {
        id: IncidentId::new("INC-1"),
        alert: Box::new(alert.clone()),
        criticality: Criticality::Critical,
    };
    let (incident, effects) = open(opening(&spoken), minute(3)).unwrap();
    assert_eq!((incident.title.as_str(), incident.severity), ("Too many errors on api", Severity::Sev2));
    assert_eq!((incident.service, incident.opened_at), (Some(ServiceName::new("api")), minute(3)));
    assert_eq!(incident.version, 1);
    assert_eq!(effects.first(), Some(&IncidentEffect::Opened));
    assert!(effects.contains(&IncidentEffect::AlertJoined { key: spoken.key.clone() }));
    spoken.annotations = Labels::from_pairs([("summary", "x".repeat(900))]);
    assert_eq!(open(opening(&spoken), minute(3)).unwrap().0.title.len(), 200);
}

#[test]
fn a_person_opens_one_that_no_tick_ends() {
    let by_hand = |title: &str, by: &str| {
        let (id, title, by) = (IncidentId::new("INC-2"), title.to_owned(), by.to_owned());
        open(Opening::Hand { id, title, severity: Severity::Sev4, service: None, by }, minute(0))
    };
    let (incident, effects) = by_hand("Strange noises", "alice").unwrap();
    let text = "SEV4 Strange noises".to_owned();
    let changed = IncidentEffect::Changed { kind: TimelineKind::Opened, actor: "alice".to_owned(), text };
    assert_eq!(effects, [IncidentEffect::Opened, changed]);
    assert_eq!(due(&incident, HOLD), None);
    assert_eq!(step(&incident, input('.'), minute(999)).unwrap(), (incident, Vec::new()));
    assert_eq!(by_hand(" ", "alice").unwrap_err(), IncidentError::Blank { field: "title" });
    assert_eq!(by_hand("x", "").unwrap_err(), IncidentError::Blank { field: "by" });
    let long = by_hand(&"x".repeat(201), "alice").unwrap_err();
    assert_eq!(long, IncidentError::TooLong { field: "title", limit: 200 });
}

#[test]
fn of_two_at_once_one_wins_and_the_other_is_told() {
    let seen = opened("api");
    let take = |incident: &Incident, by: &str| {
        let command = IncidentCommand::Acknowledge { by: by.to_owned() };
        step(incident, IncidentInput::Command { expected_version: Some(seen.version), command }, minute(1))
    };
    let (taken, _) = take(&seen, "alice").unwrap();
    let late = take(&taken, "bob").unwrap_err();
    assert_eq!(late, IncidentError::Conflict { expected: 1, current: 2 });
    assert_eq!(late.to_string(), "change the incident: it is at version 2, not 1");
    let unversioned = step(&taken, input('B'), minute(1)).unwrap_err();
    assert_eq!(unversioned.to_string(), "acknowledge the incident: alice has it");
    assert!(late.is_conflict() && unversioned.is_conflict());
    // Asked again for what is so already, nothing changes, not even the version.
    assert_eq!(step(&taken, input('A'), minute(9)).unwrap(), (taken, Vec::new()));
}

#[test]
fn alerts_find_their_incident() {
    let with_id = |id: &str, service: &str| Incident { id: IncidentId::new(id), ..opened(service) };
    let find = |incidents: &[Incident], alert: &Alert, at: i64| {
        correlate(incidents, alert, HOLD, minute(at)).map(|id| id.to_string())
    };
    let api = with_id("INC-1", "api");
    let same_service = alert('z', "api", "");
    let elsewhere = alert('z', "model", "");
    assert_eq!(find(std::slice::from_ref(&api), &same_service, 1).as_deref(), Some("INC-1"));
    assert_eq!(find(std::slice::from_ref(&api), &elsewhere, 1), None);
    // The incident that has the alert goes before one about its service, the older before the younger.
    let other = Incident { alerts: Vec::new(), opened_at: minute(-9), ..with_id("INC-3", "api") };
    let both = [other, api.clone()];
    assert_eq!(find(&both, &alert('a', "api", ""), 1).as_deref(), Some("INC-1"));
    assert_eq!(find(&both, &same_service, 1).as_deref(), Some("INC-3"));
    // One that is over takes back only its own alerts, and only soon.
    let (over, _) = step(&api, input('X'), minute(5)).unwrap();
    let over = [over];
    assert_eq!(find(&over, &alert('a', "api", ""), 8).as_deref(), Some("INC-1"));
    assert_eq!(find(&over, &alert('a', "api", ""), 9), None);
    assert_eq!(find(&over, &same_service, 6), None);
    let nameless = Incident { service: None, ..with_id("INC-4", "api") };
    assert_eq!(find(&[nameless], &alert('z', "", ""), 1), None);
}
