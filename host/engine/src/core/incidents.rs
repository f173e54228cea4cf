//! Incidents in the core: `ballast_response` takes each step, the core hands it what happened and passes on what comes of it.

use ballast_response::{
    IncidentCommand, IncidentEffect, IncidentError, IncidentEvent, IncidentInput, Opening, correlate, due,
    open, step,
};
use ballast_types::alert::Alert;
use ballast_types::event::{Event, Record};
use ballast_types::execution::Verdict;
use ballast_types::incident::{Incident, TimelineKind};
use ballast_types::limits::TIMELINE_LINE_CHARS_MAX;
use ballast_types::service::Criticality;
use ballast_types::{ExecutionId, IncidentId, PluginName, ServiceName};

use super::{Command, CommandError, Core, Draft, NewIncident, Reply, next, put};

/// What the automation tells an incident.
pub(super) enum IncidentNews {
    /// A runbook was decided on.
    ExecutionStarted(ExecutionId, PluginName),
    /// A line about a run.
    ExecutionSays(PluginName, String),
    /// What verification found.
    Verification(String),
    /// A run is over.
    ExecutionEnded(ExecutionId, PluginName, Verdict),
    /// Nothing can be done without a person.
    Escalated(String),
    /// Something worth knowing.
    Noted(String),
}

impl Core {
    /// An unmuted alert began to fire: it joins an incident or opens one, and may start a runbook.
    pub(super) fn alert_fires(&mut self, alert: &Alert, draft: &mut Draft) {
        let service = alert.labels.get("service").map(ServiceName::new);
        let criticality = self.criticality(service.as_ref());
        let found = correlate(self.incidents.values(), alert, self.settings.deduplication_window, draft.now);
        let (id, effects) = match found.and_then(|id| self.incidents.get(&id).cloned()) {
            Some(incident) => {
                let event = IncidentEvent::AlertFired { alert: Box::new(alert.clone()), criticality };
                (incident.id.clone(), self.happened(&incident, event, draft))
            }
            None => {
                let id = IncidentId::new(format!("INC-{}", next(&mut self.last.incident)));
                let opening = Opening::Alert { id: id.clone(), alert: Box::new(alert.clone()), criticality };
                // An opening by an alert is never refused; were it to be, there is nothing to act on.
                let Ok((incident, effects)) = open(opening, draft.now) else { return };
                self.keep_incident(incident, &effects, draft);
                (id, effects)
            }
        };
        if effects.iter().any(|effect| matches!(effect, IncidentEffect::AlertJoined { .. })) {
            self.remediate(alert, &id, service.as_ref(), draft);
        }
    }

    /// An alert is over: every incident that has it learns of it.
    pub(super) fn alert_is_over(&mut self, alert: &Alert, draft: &mut Draft) {
        let has = |incident: &&Incident| incident.alerts.iter().any(|own| own.key == alert.key && own.firing);
        let concerned: Vec<_> = self.incidents.values().filter(has).cloned().collect();
        for incident in concerned {
            self.happened(&incident, IncidentEvent::AlertResolved { key: alert.key.clone() }, draft);
        }
    }

    /// Ends incidents that have been mitigated for long enough and whose runs are over.
    pub(super) fn tick_incidents(&mut self, draft: &mut Draft) {
        let resolve_hold = self.settings.resolve_hold;
        let is_due = |incident: &&Incident| {
            due(incident, resolve_hold).is_some_and(|due| due <= draft.now) && self.at_rest(incident)
        };
        let concerned: Vec<_> = self.incidents.values().filter(is_due).cloned().collect();
        for incident in concerned {
            self.happened(&incident, IncidentEvent::Tick { resolve_hold }, draft);
        }
    }

    /// Tells an incident what the automation did.
    pub(super) fn incident_news(&mut self, id: &IncidentId, news: IncidentNews, draft: &mut Draft) {
        let Some(incident) = self.incidents.get(id).cloned() else { return };
        // A line is for people to read; the whole is in the journal.
        let record = |kind, actor: String, text: String| {
            let text = text.chars().take(TIMELINE_LINE_CHARS_MAX).collect();
            IncidentEvent::Recorded { kind, actor, text }
        };
        let event = match news {
            IncidentNews::ExecutionStarted(id, runbook) => IncidentEvent::ExecutionStarted { id, runbook },
            IncidentNews::ExecutionSays(runbook, text) => {
                record(TimelineKind::Execution, runbook.to_string(), text)
            }
            IncidentNews::Verification(text) => {
                record(TimelineKind::Verification, ballast_response::BALLAST.to_owned(), text)
            }
            IncidentNews::ExecutionEnded(id, runbook, verdict) => {
                IncidentEvent::ExecutionEnded { id, runbook, verdict, summary: String::new() }
            }
            IncidentNews::Escalated(reason) => IncidentEvent::Escalated { reason },
            IncidentNews::Noted(text) => {
                record(TimelineKind::Note, ballast_response::BALLAST.to_owned(), text)
            }
        };
        self.happened(&incident, event, draft);
    }

    pub(super) fn incident_command(
        &mut self,
        command: Command,
        draft: &mut Draft,
    ) -> Result<Reply, CommandError> {
        let (id, expected_version, command) = match command {
            Command::Open(new) => return self.open_by_hand(new, draft),
            Command::Acknowledge { incident, by, expected_version } => {
                (incident, expected_version, IncidentCommand::Acknowledge { by })
            }
            Command::Resolve { incident, by, note, expected_version } => {
                (incident, expected_version, IncidentCommand::Resolve { by, note })
            }
            Command::Note { incident, by, text } => (incident, None, IncidentCommand::Note { by, text }),
            Command::Silence(_) | Command::ExpireSilence { .. } | Command::CancelExecution { .. } => {
                return Err(CommandError::Invalid("this is no command on an incident".into()));
            }
        };
        let incident = self
            .incidents
            .get(&id)
            .cloned()
            .ok_or_else(|| CommandError::NotFound(format!("incident {id}")))?;
        let input = IncidentInput::Command { expected_version, command };
        let (next, effects) = step(&incident, input, draft.now).map_err(refused)?;
        self.keep_incident(next.clone(), &effects, draft);
        Ok(Reply::Incident(Box::new(next)))
    }

    fn open_by_hand(&mut self, new: NewIncident, draft: &mut Draft) -> Result<Reply, CommandError> {
        if let Some(service) = &new.service
            && self.settings.service(service).is_none()
        {
            return Err(CommandError::Invalid(format!(
                "open the incident: no service is called `{service}`"
            )));
        }
        let id = IncidentId::new(format!("INC-{}", next(&mut self.last.incident)));
        let NewIncident { title, severity, service, by } = new;
        let opening = Opening::Hand { id, title, severity, service, by };
        let (incident, effects) = open(opening, draft.now).map_err(refused)?;
        self.keep_incident(incident.clone(), &effects, draft);
        Ok(Reply::Incident(Box::new(incident)))
    }

    fn happened(
        &mut self,
        incident: &Incident,
        event: IncidentEvent,
        draft: &mut Draft,
    ) -> Vec<IncidentEffect> {
        // An event is never refused; were it to be, the incident stays as it was.
        let Ok((next, effects)) = step(incident, IncidentInput::Event(event), draft.now) else {
            return Vec::new();
        };
        if next.version != incident.version {
            self.keep_incident(next, &effects, draft);
        }
        effects
    }

    /// One commit for each line of the timeline; the last of them carries the record.
    fn keep_incident(&mut self, incident: Incident, effects: &[IncidentEffect], draft: &mut Draft) {
        let id = incident.id.clone();
        let mutation = put(Record::Incident(incident));
        self.apply(&mutation);
        let mut events: Vec<_> = effects.iter().filter_map(|effect| event_of(&id, effect)).collect();
        let last = events.pop().unwrap_or(Event::Noted);
        for event in events {
            draft.commit(event, []);
        }
        draft.commit(last, [mutation]);
    }

    fn criticality(&self, service: Option<&ServiceName>) -> Criticality {
        service
            .and_then(|name| self.settings.service(name))
            .map(|service| service.criticality)
            .unwrap_or_default()
    }
}

fn event_of(id: &IncidentId, effect: &IncidentEffect) -> Option<Event> {
    match effect {
        IncidentEffect::Opened => Some(Event::IncidentOpened { id: id.clone() }),
        IncidentEffect::AlertJoined { .. } => None,
        IncidentEffect::Changed { kind, actor, text } => Some(Event::IncidentChanged {
            id: id.clone(),
            kind: *kind,
            actor: actor.clone(),
            text: text.clone(),
        }),
    }
}

fn refused(error: IncidentError) -> CommandError {
    match error.is_conflict() {
        true => CommandError::Conflict(error.to_string()),
        false => CommandError::Invalid(error.to_string()),
    }
}
