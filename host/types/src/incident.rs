//! An incident: what people work on. Its step is `ballast_response`'s.

use std::fmt;

use crate::alert::AlertKey;
use crate::{ExecutionId, IncidentId, Labels, ServiceName, Timestamp};

/// How bad it is; SEV1 is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The platform is down or losing data.
    Sev1,
    /// A critical service is badly impaired.
    Sev2,
    /// A service is impaired.
    Sev3,
    /// A minor impairment.
    Sev4,
    /// A matter for working hours.
    Sev5,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Severity; 5] =
        [Severity::Sev1, Severity::Sev2, Severity::Sev3, Severity::Sev4, Severity::Sev5];

    /// As people write it: `SEV1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Sev1 => "SEV1",
            Severity::Sev2 => "SEV2",
            Severity::Sev3 => "SEV3",
            Severity::Sev4 => "SEV4",
            Severity::Sev5 => "SEV5",
        }
    }

    /// Reads `SEV1`, `sev1` or `1`.
    pub fn parse(text: &str) -> Option<Severity> {
        let digit = text.trim_start_matches(['s', 'S', 'e', 'E', 'v', 'V', '-']);
        Severity::ALL.into_iter().find(|severity| severity.as_str().ends_with(digit) && digit.len() == 1)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an incident stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentState {
    /// Open, and nobody has taken it.
    Triggered,
    /// Somebody works on it.
    Acknowledged {
        /// Who.
        by: String,
        /// Since when.
        at: Timestamp,
    },
    /// The effect on users is over, the cause not yet confirmed as gone.
    Mitigated {
        /// Who or what did it.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Over.
    Resolved {
        /// Who or what ended it.
        by: String,
        /// When.
        at: Timestamp,
    },
}

impl IncidentState {
    /// The state's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            IncidentState::Triggered => "triggered",
            IncidentState::Acknowledged { .. } => "acknowledged",
            IncidentState::Mitigated { .. } => "mitigated",
            IncidentState::Resolved { .. } => "resolved",
        }
    }

    /// Whether somebody still has to do something.
    pub fn is_open(&self) -> bool {
        !matches!(self, IncidentState::Resolved { .. })
    }
}

/// Who took an incident. Outlives the state, so that one that reopens goes back to whom it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One alert that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentAlert {
    /// Which alert.
    pub key: AlertKey,
    /// Its name.
    pub name: String,
    /// Its labels when it joined.
    pub labels: Labels,
    /// Whether it still fires.
    pub firing: bool,
}

/// What a line of the timeline is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimelineKind {
    /// The incident opened.
    Opened,
    /// An alert joined, or was over.
    Alert,
    /// Somebody acknowledged, mitigated, resolved or reopened it.
    State,
    /// An execution began, called something, or ended.
    Execution,
    /// What verification found.
    Verification,
    /// It needs a person, and why.
    Escalation,
    /// A note by a person or a plugin.
    Note,
}

impl TimelineKind {
    /// The kind's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            TimelineKind::Opened => "opened",
            TimelineKind::Alert => "alert",
            TimelineKind::State => "state",
            TimelineKind::Execution => "execution",
            TimelineKind::Verification => "verification",
            TimelineKind::Escalation => "escalation",
            TimelineKind::Note => "note",
        }
    }
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// About what.
    pub kind: TimelineKind,
    /// Who: a person, `ballast`, or a plugin's name.
    pub actor: String,
    /// One sentence.
    pub text: String,
}

/// One incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Identity.
    pub id: IncidentId,
    /// One line for people.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// The service that it is about, where one is known.
    pub service: Option<ServiceName>,
    /// Where it stands.
    pub state: IncidentState,
    /// Who has taken it, also while it is mitigated or resolved.
    pub acknowledged: Option<Acknowledgement>,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Whether the automation has given up and a person must act.
    pub escalated: bool,
    /// Alerts that belong to it.
    pub alerts: Vec<IncidentAlert>,
    /// Executions that ran for it.
    pub executions: Vec<ExecutionId>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Rises by one with every change; a change made on an older version is refused.
    pub version: u64,
}
