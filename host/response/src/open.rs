//! How an incident begins.

use ballast_types::alert::Alert;
use ballast_types::incident::{Incident, IncidentState, Severity, TimelineKind};
use ballast_types::service::Criticality;
use ballast_types::{IncidentId, ServiceName, Timestamp};

use crate::alerts::{join, service_of};
use crate::draft::Draft;
use crate::error::{IncidentError, NAME_CHARS_MAX, check_text};
use crate::input::{IncidentEffect, Opening};
use crate::{BALLAST, severity_of};

/// Opens an incident, at version 1 and [`IncidentState::Triggered`].
///
/// One that a person opens is refused where its title or the person's name is blank or too long.
pub fn open(opening: Opening, now: Timestamp) -> Result<(Incident, Vec<IncidentEffect>), IncidentError> {
    match opening {
        Opening::Alert { id, alert, criticality } => Ok(by_alert(id, &alert, criticality, now)),
        Opening::Hand { id, title, severity, service, by } => {
            check_text("title", &title, NAME_CHARS_MAX)?;
            check_text("by", &by, NAME_CHARS_MAX)?;
            Ok(begin(id, title, severity, service, &by, now).finish())
        }
    }
}

fn by_alert(
    id: IncidentId,
    alert: &Alert,
    criticality: Criticality,
    now: Timestamp,
) -> (Incident, Vec<IncidentEffect>) {
    let severity = severity_of(&alert.labels, criticality);
    let mut draft = begin(id, title(alert), severity, service_of(&alert.labels), BALLAST, now);
    join(&mut draft, alert);
    draft.finish()
}

fn begin(
    id: IncidentId,
    title: String,
    severity: Severity,
    service: Option<ServiceName>,
    by: &str,
    now: Timestamp,
) -> Draft {
    let text = format!("{severity} {title}");
    let incident = Incident {
        id,
        title,
        severity,
        service,
        state: IncidentState::Triggered,
        acknowledged: None,
        opened_at: now,
        escalated: false,
        alerts: Vec::new(),
        executions: Vec::new(),
        timeline: Vec::new(),
        version: 0,
    };
    let mut draft = Draft::new(incident, now);
    draft.effects.push(IncidentEffect::Opened);
    draft.say(TimelineKind::Opened, by, text);
    draft
}

/// The annotation `summary`, else the alert's name and service.
fn title(alert: &Alert) -> String {
    let summary = alert.annotations.get("summary").map(str::trim).filter(|summary| !summary.is_empty());
    let title = match (summary, service_of(&alert.labels)) {
        (Some(summary), _) => summary.to_owned(),
        (None, Some(service)) => format!("{} on {service}", alert.name),
        (None, None) => alert.name.clone(),
    };
    title.chars().take(NAME_CHARS_MAX).collect()
}
