//! Alerts that join an incident, and what their end means for it.
//!
//! Invariant: an open incident whose alerts are all over is mitigated, and one with a firing alert is not. An incident
//! that never had an alert is left to people.

use ballast_types::alert::{Alert, AlertKey};
use ballast_types::incident::{IncidentAlert, IncidentState, TimelineKind};
use ballast_types::service::Criticality;
use ballast_types::{Labels, ServiceName};

use crate::draft::Draft;
use crate::input::IncidentEffect;
use crate::{BALLAST, severity_of};

/// The label that names an alert's service.
const SERVICE: &str = "service";

/// The service that an alert is about.
pub(crate) fn service_of(labels: &Labels) -> Option<ServiceName> {
    labels.get(SERVICE).map(ServiceName::new)
}

/// An alert fires. One that fires already changes nothing.
pub(crate) fn fired(draft: &mut Draft, alert: &Alert, criticality: Criticality) {
    if !join(draft, alert) {
        return;
    }
    let severity = severity_of(&alert.labels, criticality);
    if severity < draft.incident.severity {
        let text = format!("severity raised from {} to {severity}", draft.incident.severity);
        draft.incident.severity = severity;
        draft.say(TimelineKind::State, BALLAST, text);
    }
    if matches!(draft.incident.state, IncidentState::Mitigated { .. } | IncidentState::Resolved { .. }) {
        draft.reopen(BALLAST);
    }
}

/// Takes an alert in as firing; tells whether that is news.
pub(crate) fn join(draft: &mut Draft, alert: &Alert) -> bool {
    let key = &alert.key;
    let text = match draft.incident.alerts.iter_mut().find(|known| known.key == *key) {
        Some(known) if known.firing => return false,
        Some(known) => {
            known.firing = true;
            known.labels = alert.labels.clone();
            format!("{} fires again", alert.name)
        }
        None => {
            let (name, labels) = (alert.name.clone(), alert.labels.clone());
            draft.incident.alerts.push(IncidentAlert { key: key.clone(), name, labels, firing: true });
            format!("{} fires", alert.name)
        }
    };
    draft.effects.push(IncidentEffect::AlertJoined { key: key.clone() });
    draft.say(TimelineKind::Alert, BALLAST, text);
    true
}

/// An alert is over.
pub(crate) fn over(draft: &mut Draft, key: &AlertKey) {
    let Some(alert) = draft.incident.alerts.iter_mut().find(|alert| alert.key == *key && alert.firing) else {
        return;
    };
    alert.firing = false;
    let text = format!("{} is over", alert.name);
    draft.say(TimelineKind::Alert, BALLAST, text);
    let any_firing = draft.incident.alerts.iter().any(|alert| alert.firing);
    match draft.incident.state {
        IncidentState::Triggered | IncidentState::Acknowledged { .. } if !any_firing => {
            let state = IncidentState::Mitigated { by: BALLAST.to_owned(), at: draft.now };
            draft.enter(state, BALLAST, "mitigated, all alerts are over");
        }
        _ => {}
    }
}
