//! Incidents.

use ballast_engine::Command;
use ballast_engine::core::NewIncident as NewIncidentCommand;
use ballast_types::incident::{
    Incident as DomainIncident, IncidentAlert, IncidentState, Severity, TimelineEntry,
};
use ballast_types::{IncidentId, ServiceName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{Place, Window};
use super::parse::{self, Fields, Invalid, NOTE_CHARS_MAX};
use super::problem::ProblemError;
use super::scalar::{Instant, LabelMap, labels};

/// An incident without its timeline.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IncidentSummary {
    /// `INC-42`.
    pub(crate) id: String,
    title: String,
    /// `SEV1` (the worst) to `SEV5`.
    severity: &'static str,
    service: Option<String>,
    /// `triggered`, `acknowledged`, `mitigated` or `resolved`.
    state: &'static str,
    /// Who or what brought it into this state.
    state_by: Option<String>,
    /// Since when it is in this state.
    state_since: Instant,
    opened_at: Instant,
    /// Whether a person must act.
    escalated: bool,
    /// How many of its alerts fire.
    alerts_firing: usize,
    /// Executions that ran for it, oldest first.
    executions: Vec<String>,
    /// Rises by one with every change; `expectedVersion` is compared with it.
    version: u64,
}

impl IncidentSummary {
    /// Where it stands in a list.
    pub(crate) fn place(&self) -> Place {
        Place::of(self.opened_at.0, &self.id)
    }
}

impl From<&DomainIncident> for IncidentSummary {
    fn from(incident: &DomainIncident) -> Self {
        let (state_by, since) = match &incident.state {
            IncidentState::Triggered => (None, incident.opened_at),
            IncidentState::Acknowledged { by, at }
            | IncidentState::Mitigated { by, at }
            | IncidentState::Resolved { by, at } => (Some(by.clone()), *at),
        };
        IncidentSummary {
            id: incident.id.to_string(),
            title: incident.title.clone(),
            severity: incident.severity.as_str(),
            service: incident.service.as_ref().map(ToString::to_string),
            state: incident.state.name(),
            state_by,
            state_since: Instant(since),
            opened_at: Instant(incident.opened_at),
            escalated: incident.escalated,
            alerts_firing: incident.alerts.iter().filter(|alert| alert.firing).count(),
            executions: incident.executions.iter().map(ToString::to_string).collect(),
            version: incident.version,
        }
    }
}

/// An incident with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Incident {
    #[serde(flatten)]
    pub(crate) summary: IncidentSummary,
    /// Its alerts, in the order in which they joined.
    alerts: Vec<AlertOfIncident>,
    /// What happened, oldest first.
    timeline: Vec<Line>,
}

impl From<&DomainIncident> for Incident {
    fn from(incident: &DomainIncident) -> Self {
        Incident {
            summary: incident.into(),
            alerts: incident.alerts.iter().map(AlertOfIncident::from).collect(),
            timeline: incident.timeline.iter().map(Line::from).collect(),
        }
    }
}

/// An alert as it was when it joined the incident.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertOfIncident {
    rule_id: String,
    fingerprint: String,
    name: String,
    labels: LabelMap,
    firing: bool,
}

impl From<&IncidentAlert> for AlertOfIncident {
    fn from(alert: &IncidentAlert) -> Self {
        AlertOfIncident {
            rule_id: alert.key.rule.to_string(),
            fingerprint: alert.key.fingerprint.to_string(),
            name: alert.name.clone(),
            labels: labels(&alert.labels),
            firing: alert.firing,
        }
    }
}

/// One line of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Line {
    at: Instant,
    /// `opened`, `alert`, `state`, `execution`, `verification`, `escalation` or `note`.
    kind: &'static str,
    /// A person, `ballast`, or a plugin's name.
    actor: String,
    text: String,
}

impl From<&TimelineEntry> for Line {
    fn from(entry: &TimelineEntry) -> Self {
        Line {
            at: Instant(entry.at),
            kind: entry.kind.name(),
            actor: entry.actor.clone(),
            text: entry.text.clone(),
        }
    }
}

/// A page of incidents, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentList {
    pub(crate) incidents: Vec<IncidentSummary>,
    /// The `cursor` of the next page; null on the last.
    pub(crate) next: Option<String>,
}

/// Which incidents are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentParameters {
    /// `triggered`, `acknowledged`, `mitigated`, `resolved`, or `open` for all but the last.
    state: Option<String>,
    /// `SEV1` to `SEV5`.
    severity: Option<String>,
    /// A service's name.
    service: Option<String>,
    /// How many, 1 to 500; 50 where nothing is said.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The same, understood.
#[derive(Debug)]
pub(crate) struct IncidentFilter {
    state: Option<&'static str>,
    severity: Option<Severity>,
    service: Option<String>,
    /// Which page.
    pub(crate) window: Window,
}

impl IncidentFilter {
    /// Whether an incident is wanted.
    pub(crate) fn wants(&self, incident: &DomainIncident) -> bool {
        let state =
            |name| if name == "open" { incident.state.is_open() } else { incident.state.name() == name };
        let service =
            |name: &String| incident.service.as_ref().is_some_and(|service| service.as_str() == name);
        self.state.is_none_or(state)
            && self.severity.is_none_or(|severity| incident.severity == severity)
            && self.service.as_ref().is_none_or(service)
    }
}

impl TryFrom<IncidentParameters> for IncidentFilter {
    type Error = Invalid;

    fn try_from(wire: IncidentParameters) -> Result<Self, Invalid> {
        const STATES: [&str; 5] = ["triggered", "acknowledged", "mitigated", "resolved", "open"];
        let mut fields = Fields::default();
        let window = fields.take(Window::parse(wire.limit, wire.cursor.as_deref()));
        let state = wire.state.map(|text| parse::one_of("state", &text, STATES.map(|name| (name, name))));
        let severity = wire.severity.map(|text| severity(&text));
        let (state, severity) = (fields.take(state.transpose()), fields.take(severity.transpose()));
        let filter = window.zip(state).zip(severity).map(|((window, state), severity)| IncidentFilter {
            state,
            severity,
            service: wire.service,
            window,
        });
        fields.finish(filter)
    }
}

fn severity(text: &str) -> Result<Severity, ProblemError> {
    parse::one_of("severity", text, Severity::ALL.map(|severity| (severity.as_str(), severity)))
}

/// An incident that a person opens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIncident {
    /// One line.
    title: String,
    /// `SEV1` to `SEV5`.
    severity: String,
    /// What it is about.
    service: Option<String>,
    /// Who opens it.
    by: String,
}

impl TryFrom<NewIncident> for NewIncidentCommand {
    type Error = Invalid;

    fn try_from(wire: NewIncident) -> Result<Self, Invalid> {
        let mut fields = Fields::default();
        let title = fields.take(parse::text("title", wire.title));
        let severity = fields.take(severity(&wire.severity));
        let by = fields.take(parse::text("by", wire.by));
        let service = wire.service.map(ServiceName::new);
        let parts = title.zip(severity).zip(by);
        fields.finish(parts.map(|((title, severity), by)| NewIncidentCommand {
            title,
            severity,
            service,
            by,
        }))
    }
}

/// Who takes an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Acknowledgement {
    /// Who.
    by: String,
    /// The version that the person saw; refused where it is another by now.
    expected_version: Option<u64>,
}

impl Acknowledgement {
    /// The command on an incident.
    pub(crate) fn command(self, incident: IncidentId) -> Result<Command, Invalid> {
        let by = parse::text("by", self.by).map_err(|error| vec![error])?;
        Ok(Command::Acknowledge { incident, by, expected_version: self.expected_version })
    }
}

/// Who ends an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resolution {
    /// Who.
    by: String,
    /// Why; at most 4,000 characters.
    note: Option<String>,
    /// The version that the person saw; refused where it is another by now.
    expected_version: Option<u64>,
}

impl Resolution {
    /// The command on an incident.
    pub(crate) fn command(self, incident: IncidentId) -> Result<Command, Invalid> {
        let mut fields = Fields::default();
        let by = fields.take(parse::text("by", self.by));
        let note = self.note.map(|text| parse::bounded("note", text, NOTE_CHARS_MAX));
        let note = fields.take(note.transpose());
        let expected_version = self.expected_version;
        fields.finish(by.zip(note).map(|(by, note)| Command::Resolve {
            incident,
            by,
            note,
            expected_version,
        }))
    }
}

/// A line that a person writes on the timeline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    /// Who.
    by: String,
    /// What; at most 4,000 characters.
    text: String,
}

impl Note {
    /// The command on an incident.
    pub(crate) fn command(self, incident: IncidentId) -> Result<Command, Invalid> {
        let mut fields = Fields::default();
        let by = fields.take(parse::text("by", self.by));
        let text = fields.take(parse::bounded("text", self.text, NOTE_CHARS_MAX));
        fields.finish(by.zip(text).map(|(by, text)| Command::Note { incident, by, text }))
    }
}
