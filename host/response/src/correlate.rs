//! Which incident an alert belongs to.
//!
//! The first that fits, in this order: an open incident that has the alert; an open incident about the alert's service; a
//! resolved one that has the alert and ended so recently that this is the same trouble again. Correlation over
//! dependencies comes between the second and the third: it is the only one that has to know more than the incidents.

use std::time::Duration;

use ballast_types::alert::{Alert, AlertKey};
use ballast_types::incident::{Incident, IncidentState};
use ballast_types::{IncidentId, Timestamp};

use crate::alerts::service_of;

/// The incident that an alert joins, or `None` where it opens one. `reopen_window` is how long after its end an incident
/// takes its own alerts back. Of several that fit, the one that opened first is chosen, or the one that ended last.
pub fn correlate<'a>(
    incidents: impl IntoIterator<Item = &'a Incident>,
    alert: &Alert,
    reopen_window: Duration,
    now: Timestamp,
) -> Option<IncidentId> {
    let (mut own, mut of_service, mut recent) = (None, None, None);
    for incident in incidents {
        match incident.state {
            IncidentState::Resolved { at, .. }
                if has(incident, &alert.key) && now.since(at) <= reopen_window =>
            {
                keep_least(&mut recent, std::cmp::Reverse(at), incident);
            }
            IncidentState::Resolved { .. } => {}
            _ if has(incident, &alert.key) => keep_least(&mut own, incident.opened_at, incident),
            _ if about_same_service(incident, alert) => {
                keep_least(&mut of_service, incident.opened_at, incident)
            }
            _ => {}
        }
    }
    let id = |found: &Incident| found.id.clone();
    own.map(|(_, found)| id(found))
        .or_else(|| of_service.map(|(_, found)| id(found)))
        .or_else(|| recent.map(|(_, found)| id(found)))
}

fn has(incident: &Incident, key: &AlertKey) -> bool {
    incident.alerts.iter().any(|alert| alert.key == *key)
}

fn about_same_service(incident: &Incident, alert: &Alert) -> bool {
    incident.service.is_some() && incident.service == service_of(&alert.labels)
}

/// Keeps the candidate with the least rank; ids break ties, so that the order of the incidents does not matter.
fn keep_least<'a, R: Ord>(kept: &mut Option<(R, &'a Incident)>, rank: R, incident: &'a Incident) {
    let less = kept.as_ref().is_none_or(|(least, held)| (&rank, &incident.id) < (least, &held.id));
    if less {
        *kept = Some((rank, incident));
    }
}
