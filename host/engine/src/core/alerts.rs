//! Alerts in the core: what a rule's evaluation changed is kept, told, and handed to incidents.
//!
//! The alert's own step is `ballast_alerting`'s and has been taken by the evaluator. A silence never changes an alert:
//! it keeps it from opening an incident and from starting anything.

use std::collections::BTreeMap;

use ballast_alerting::{AlertRuleOutcome, retire_alerts};
use ballast_types::alert::{Alert, AlertKey, AlertState, AlertTransition};
use ballast_types::event::{Event, Mutation, Record, RecordKey};
use ballast_types::incident::{Incident, IncidentState};
use ballast_types::{Fingerprint, RuleId, Timestamp};

use super::{Core, Draft, put};

impl Core {
    /// Takes over what an evaluation yields. A new value alone is not worth a write: the next evaluation brings it again.
    pub(super) fn rule_evaluated(&mut self, outcome: AlertRuleOutcome, draft: &mut Draft) {
        for alert in outcome.alerts {
            let announced = outcome.transitions.iter().any(|(key, _)| *key == alert.key);
            let worth_a_write = !announced && outcome.changed.contains(&alert.key);
            let mutation = put(Record::Alert(alert));
            self.apply(&mutation);
            if worth_a_write {
                draft.commit(Event::Noted, [mutation]);
            }
        }
        for (key, transition) in &outcome.transitions {
            self.announce(key, *transition, draft);
        }
        for key in outcome.removed {
            let mutation = Mutation::Remove(RecordKey::Alert(key));
            self.apply(&mutation);
            draft.commit(Event::Noted, [mutation]);
        }
    }

    /// Ends the alerts of rules that are not in force any more, and forgets them when their time has come.
    pub(super) fn retire_alerts(&mut self, draft: &mut Draft) {
        let Some(rules) = &self.rules else { return };
        let gone = self.alerts.iter().filter(|(key, _)| !rules.contains(&key.rule));
        let gone: BTreeMap<_, _> = gone.map(|(key, alert)| (key.clone(), alert.clone())).collect();
        if !gone.is_empty() {
            self.rule_evaluated(retire_alerts(&gone, draft.now), draft);
        }
    }

    /// Present alerts of one rule, as its next evaluation needs them.
    pub fn alerts_of(&self, rule: &RuleId) -> BTreeMap<AlertKey, Alert> {
        let first = AlertKey { rule: rule.clone(), fingerprint: Fingerprint(0) };
        let own = self.alerts.range(first..).take_while(|(key, _)| key.rule == *rule);
        own.map(|(key, alert)| (key.clone(), alert.clone())).collect()
    }

    fn announce(&mut self, key: &AlertKey, transition: AlertTransition, draft: &mut Draft) {
        let Some(alert) = self.alerts.get(key).cloned() else { return };
        let silenced_by = self.muted(&alert.labels, draft.now);
        let event = Event::AlertChanged {
            key: key.clone(),
            name: alert.name.clone(),
            labels: alert.labels.clone(),
            transition,
            value: alert.value,
            silenced_by: silenced_by.clone(),
        };
        draft.commit(event, [put(Record::Alert(alert.clone()))]);
        match transition {
            AlertTransition::Firing if silenced_by.is_none() => self.alert_fires(&alert, draft),
            AlertTransition::Resolved => self.alert_is_over(&alert, draft),
            _ => {}
        }
    }

    /// Firing alerts that no incident knows, because a silence had muted them that is over now. One whose incident a
    /// person resolved while it fired is known, and stays closed.
    pub(super) fn fire_unmuted(&mut self, draft: &mut Draft) {
        let now = draft.now;
        let waiting = |alert: &&Alert| {
            let AlertState::Firing { since, .. } = alert.state else { return false };
            let known = self.incidents.values().any(|incident| knows(incident, &alert.key, since));
            !known && self.muted(&alert.labels, now).is_none()
        };
        let waiting: Vec<_> = self.alerts.values().filter(waiting).cloned().collect();
        for alert in waiting {
            self.alert_fires(&alert, draft);
        }
    }
}

/// Whether an incident has taken up an alert that fires since `since`.
fn knows(incident: &Incident, key: &AlertKey, since: Timestamp) -> bool {
    let taken_up = incident
        .alerts
        .iter()
        .any(|alert| alert.key == *key && (alert.firing || incident.opened_at >= since));
    let ended_after = matches!(incident.state, IncidentState::Resolved { at, .. } if at >= since);
    taken_up && (incident.state.is_open() || ended_after)
}
