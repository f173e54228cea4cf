//! An incident while a step works on it. The version rises once, when the step is done and anything was said.

use ballast_types::Timestamp;
use ballast_types::incident::{Acknowledgement, Incident, IncidentState, TimelineEntry, TimelineKind};

use crate::input::IncidentEffect;
use crate::timeline;

/// What a step has done so far.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) incident: Incident,
    pub(crate) effects: Vec<IncidentEffect>,
    pub(crate) now: Timestamp,
}

impl Draft {
    pub(crate) fn new(incident: Incident, now: Timestamp) -> Self {
        Draft { incident, effects: Vec::new(), now }
    }

    /// Adds a line to the timeline and tells of it.
    pub(crate) fn say(&mut self, kind: TimelineKind, actor: &str, text: impl Into<String>) {
        let (actor, text) = (actor.to_owned(), text.into());
        let entry = TimelineEntry { at: self.now, kind, actor: actor.clone(), text: text.clone() };
        timeline::push(&mut self.incident.timeline, entry);
        self.effects.push(IncidentEffect::Changed { kind, actor, text });
    }

    /// Changes the state and says so.
    pub(crate) fn enter(&mut self, state: IncidentState, actor: &str, text: impl Into<String>) {
        self.incident.state = state;
        self.say(TimelineKind::State, actor, text);
    }

    /// Opens it again, for whoever had it.
    pub(crate) fn reopen(&mut self, actor: &str) {
        match self.incident.acknowledged.clone() {
            Some(Acknowledgement { by, at }) => {
                let text = format!("reopened, {by} has it");
                self.enter(IncidentState::Acknowledged { by, at }, actor, text);
            }
            None => self.enter(IncidentState::Triggered, actor, "reopened"),
        }
    }

    /// The incident as it now is, and what came of it.
    pub(crate) fn finish(mut self) -> (Incident, Vec<IncidentEffect>) {
        if !self.effects.is_empty() {
            self.incident.version += 1;
        }
        (self.incident, self.effects)
    }
}
