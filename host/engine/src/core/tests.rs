//! The core on its own: many alerts at once, and a runbook that had to wait.

use std::time::Duration;

use ballast_alerting::AlertRuleOutcome;
use ballast_automation::{Guards, RunbookPolicy, VerificationPolicy};
use ballast_types::alert::{AlertState, AlertTransition};
use ballast_types::execution::{Outcome, OutcomeKind};
use ballast_types::limits::TIMELINE_LINE_CHARS_MAX;
use ballast_types::objective::IndicatorKind;
use ballast_types::plugin::{Grant, Manifest, PluginKind, RunLimits};
use ballast_types::{Digest, Labels, Matcher};

use super::*;
use crate::testing::settings;

const COOL_DOWN: Duration = Duration::from_secs(300);

fn core() -> Core {
    let policy = RunbookPolicy {
        runbook: PluginName::new("fix"),
        matchers: vec![Matcher::equal("alertname", "Errors")],
        parameters: "{}".into(),
        grant: Grant::default(),
        limits: RunLimits::default(),
        guards: Guards { cool_down: COOL_DOWN, ..Guards::default() },
        verification: VerificationPolicy::default(),
        objective: IndicatorKind::ErrorRate,
    };
    let mut core = Core::new(Arc::new(Settings { policies: vec![policy], ..settings() }), Vec::new());
    let manifest = Manifest {
        name: PluginName::new("fix"),
        version: "1".into(),
        summary: String::new(),
        parameters_schema: String::new(),
        needs: Vec::new(),
    };
    let plugin = InstalledPlugin {
        digest: Digest::new("0"),
        kind: PluginKind::Runbook,
        contract: "0.1.0".into(),
        imports: BTreeSet::new(),
        manifest,
    };
    core.handle(Input::Plugins([(PluginName::new("fix"), plugin)].into()), Timestamp::default());
    core
}

fn alert(service: &str, number: usize, at: Timestamp, fires: bool) -> (Alert, AlertTransition) {
    let number = number.to_string();
    let labels = Labels::from_pairs([("alertname", "Errors"), ("service", service), ("number", &number)]);
    let (state, transition) = match fires {
        true => (AlertState::Firing { active_at: at, since: at, cleared_at: None }, AlertTransition::Firing),
        false => (AlertState::Resolved { active_at: at, at }, AlertTransition::Resolved),
    };
    let key = AlertKey { rule: RuleId::new("r"), fingerprint: labels.fingerprint() };
    let name = "Errors".to_owned();
    (
        Alert { key, name, labels, annotations: Labels::empty(), value: 1.0, state, evaluated_at: at },
        transition,
    )
}

fn outcome(alerts: Vec<(Alert, AlertTransition)>) -> Input {
    let transitions = alerts.iter().map(|(alert, transition)| (alert.key.clone(), *transition)).collect();
    let changed = alerts.iter().map(|(alert, _)| alert.key.clone()).collect();
    let alerts = alerts.into_iter().map(|(alert, _)| alert).collect();
    Input::Rule(Box::new(AlertRuleOutcome {
        alerts,
        changed,
        removed: vec![],
        transitions,
        warnings: vec![],
    }))
}

#[test]
fn a_thousand_alerts_of_one_service_are_one_incident_that_is_written_once() {
    let (mut core, now) = (core(), Timestamp::from_secs(1));
    let reaction = core.handle(outcome((0..1000).map(|n| alert("api", n, now, true)).collect()), now);
    let written: Vec<_> = reaction.commits.iter().flat_map(|commit| &commit.mutations).map(key_of).collect();
    let distinct: BTreeSet<_> = written.iter().cloned().collect();
    assert_eq!(written.len(), distinct.len(), "a record is written more than once");
    assert_eq!(core.incidents().count(), 1);
    assert_eq!(core.incidents().next().unwrap().alerts.len(), 1000);
    assert_eq!(reaction.actions.len(), 1, "one runbook, not a thousand");
}

#[test]
fn an_incident_in_the_cool_down_gets_its_runbook_afterwards() {
    let (mut core, start) = (core(), Timestamp::from_secs(1000));
    let actions = core.handle(outcome(vec![alert("api", 1, start, true)]), start).actions;
    let [Action::Run(first)] = actions.as_slice() else { panic!("{actions:?}") };
    core.handle(Input::Run(first.clone(), RunEvent::Started { indicator: None }), start).reply.unwrap();
    let declined = Outcome { kind: OutcomeKind::Declined, summary: "no".into(), inverse: vec![] };
    core.handle(Input::Run(first.clone(), RunEvent::Returned(declined)), start).reply.unwrap();
    core.handle(outcome(vec![alert("api", 1, start, false)]), start);
    let later = start + Duration::from_secs(61);
    core.handle(Input::Tick, later);
    assert!(core.incidents().all(|incident| !incident.state.is_open()));

    let again = later + Duration::from_secs(1);
    let actions = core.handle(outcome(vec![alert("api", 2, again, true)]), again).actions;
    assert_eq!(actions, [], "the cool-down lasts");
    assert_eq!(core.handle(Input::Tick, again).actions, []);
    let actions = core.handle(Input::Tick, start + COOL_DOWN).actions;
    assert!(matches!(actions.as_slice(), [Action::Run(_)]), "{actions:?}");
    assert_eq!(core.handle(Input::Tick, start + COOL_DOWN).actions, [], "once");
}

#[test]
fn a_long_line_of_the_automation_is_cut_on_the_timeline() {
    let (mut core, now) = (core(), Timestamp::from_secs(1));
    let actions = core.handle(outcome(vec![alert("api", 1, now, true)]), now).actions;
    let [Action::Run(id)] = actions.as_slice() else { panic!("{actions:?}") };
    core.handle(Input::Run(id.clone(), RunEvent::Started { indicator: None }), now).reply.unwrap();
    let summary = "x".repeat(TIMELINE_LINE_CHARS_MAX + 1);
    let long = Outcome { kind: OutcomeKind::Declined, summary, inverse: vec![] };
    core.handle(Input::Run(id.clone(), RunEvent::Returned(long)), now).reply.unwrap();
    let lines = core.incidents().flat_map(|incident| &incident.timeline);
    assert_eq!(lines.map(|line| line.text.chars().count()).max(), Some(TIMELINE_LINE_CHARS_MAX));
}
