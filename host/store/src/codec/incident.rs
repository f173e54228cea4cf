//! Incidents on disk.

use ballast_types::alert::AlertKey;
use ballast_types::incident::{
    Acknowledgement, Incident, IncidentAlert, IncidentState, Severity, TimelineEntry, TimelineKind,
};
use ballast_types::{ExecutionId, IncidentId, Labels, ServiceName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{coded, list, one, option};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Severity", rename_all = "UPPERCASE")]
enum SeverityMirror {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
    Sev5,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "IncidentState", rename_all = "kebab-case")]
enum IncidentStateMirror {
    Triggered,
    Acknowledged {
        by: String,
        #[serde(with = "one")]
        at: Timestamp,
    },
    Mitigated {
        by: String,
        #[serde(with = "one")]
        at: Timestamp,
    },
    Resolved {
        by: String,
        #[serde(with = "one")]
        at: Timestamp,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Acknowledgement")]
struct AcknowledgementMirror {
    by: String,
    #[serde(with = "one")]
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "IncidentAlert")]
struct IncidentAlertMirror {
    #[serde(with = "one")]
    key: AlertKey,
    name: String,
    #[serde(with = "one")]
    labels: Labels,
    firing: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TimelineKind", rename_all = "kebab-case")]
enum TimelineKindMirror {
    Opened,
    Alert,
    State,
    Execution,
    Verification,
    Escalation,
    Note,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TimelineEntry")]
struct TimelineEntryMirror {
    #[serde(with = "one")]
    at: Timestamp,
    #[serde(with = "one")]
    kind: TimelineKind,
    actor: String,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Incident")]
struct IncidentMirror {
    id: IncidentId,
    title: String,
    #[serde(with = "one")]
    severity: Severity,
    service: Option<ServiceName>,
    #[serde(with = "one")]
    state: IncidentState,
    #[serde(with = "option", default)]
    acknowledged: Option<Acknowledgement>,
    #[serde(with = "one")]
    opened_at: Timestamp,
    escalated: bool,
    #[serde(with = "list")]
    alerts: Vec<IncidentAlert>,
    executions: Vec<ExecutionId>,
    #[serde(with = "list")]
    timeline: Vec<TimelineEntry>,
    version: u64,
}

coded! {
    Severity => SeverityMirror,
    IncidentState => IncidentStateMirror,
    Acknowledgement => AcknowledgementMirror,
    IncidentAlert => IncidentAlertMirror,
    TimelineKind => TimelineKindMirror,
    TimelineEntry => TimelineEntryMirror,
    Incident => IncidentMirror,
}
