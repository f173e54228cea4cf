//! Events: what one stage tells the next. Each is appended to the log, pushed to who listens, and is all that the
//! next stage sees. With an event travel the records that it changed, so that the state can be folded from the log
//! by a store that decides nothing.

use crate::alert::{Alert, AlertKey, AlertTransition};
use crate::execution::Execution;
use crate::incident::{Incident, TimelineKind};
use crate::silence::Silence;
use crate::{
    Digest, ExecutionId, IncidentId, Labels, PluginName, RuleId, Sequence, ServiceName, SilenceId, Timestamp,
};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The host began to run.
    HostStarted {
        /// Its version.
        version: String,
    },
    /// A scrape target began to answer or ceased to.
    TargetHealth {
        /// The target's address.
        target: String,
        /// Whose it is.
        service: ServiceName,
        /// Whether it answers.
        up: bool,
        /// What was wrong.
        detail: String,
    },
    /// A set of rules took effect.
    RulesLoaded {
        /// How many rules run.
        rules: usize,
        /// How many files they come from.
        files: usize,
    },
    /// A rule file or configuration was refused; the last good one goes on.
    RulesRejected {
        /// File, line, column and reason of each problem.
        problems: Vec<String>,
    },
    /// A plugin took effect.
    PluginLoaded {
        /// Its name.
        name: PluginName,
        /// Its version.
        version: String,
        /// Its bytes.
        digest: Digest,
    },
    /// A plugin was refused; the last good one goes on.
    PluginRejected {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// An alert changed.
    AlertChanged {
        /// Which.
        key: AlertKey,
        /// Its name.
        name: String,
        /// Its labels.
        labels: Labels,
        /// What it became.
        transition: AlertTransition,
        /// The expression's value.
        value: f64,
        /// The silence that mutes it, where one does.
        silenced_by: Option<SilenceId>,
    },
    /// A rule could not be evaluated, or can be again.
    RuleHealth {
        /// Which rule.
        rule: RuleId,
        /// Its name.
        name: String,
        /// What was wrong; `None` where all is well again.
        error: Option<String>,
    },
    /// A silence was made, or ended early.
    SilenceChanged {
        /// Which.
        id: SilenceId,
        /// Whether it is over.
        expired: bool,
    },
    /// An incident opened.
    IncidentOpened {
        /// Which.
        id: IncidentId,
    },
    /// An incident changed: one line of its timeline.
    IncidentChanged {
        /// Which.
        id: IncidentId,
        /// About what.
        kind: TimelineKind,
        /// Who.
        actor: String,
        /// The line.
        text: String,
    },
    /// An execution was decided on, began, acted, was verified or ended.
    ExecutionChanged {
        /// Which.
        id: ExecutionId,
        /// For which incident.
        incident: IncidentId,
        /// The state's name.
        state: String,
        /// One sentence.
        text: String,
    },
    /// An execution called something that changes the world, or would have.
    EffectPerformed {
        /// Which execution.
        execution: ExecutionId,
        /// For which incident.
        incident: IncidentId,
        /// On what.
        service: ServiceName,
        /// What and with what result.
        text: String,
    },
    /// Part of a batch that changes records without anything to tell.
    Noted,
}

impl Event {
    /// The event's type as the stream names it.
    pub fn name(&self) -> &'static str {
        match self {
            Event::HostStarted { .. } => "host.started",
            Event::TargetHealth { .. } => "target.health",
            Event::RulesLoaded { .. } => "rules.loaded",
            Event::RulesRejected { .. } => "rules.rejected",
            Event::PluginLoaded { .. } => "plugin.loaded",
            Event::PluginRejected { .. } => "plugin.rejected",
            Event::AlertChanged { .. } => "alert.changed",
            Event::RuleHealth { .. } => "rule.health",
            Event::SilenceChanged { .. } => "silence.changed",
            Event::IncidentOpened { .. } => "incident.opened",
            Event::IncidentChanged { .. } => "incident.changed",
            Event::ExecutionChanged { .. } => "execution.changed",
            Event::EffectPerformed { .. } => "execution.effect",
            Event::Noted => "noted",
        }
    }
}

/// A record that the store keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An alert.
    Alert(Alert),
    /// A silence.
    Silence(Silence),
    /// An incident.
    Incident(Incident),
    /// An execution.
    Execution(Execution),
    /// A value that a plugin keeps.
    PluginState {
        /// Whose.
        plugin: PluginName,
        /// Its name.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
}

/// What a record is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// An alert.
    Alert(AlertKey),
    /// A silence.
    Silence(SilenceId),
    /// An incident.
    Incident(IncidentId),
    /// An execution.
    Execution(ExecutionId),
    /// A value that a plugin keeps.
    PluginState(PluginName, String),
}

impl Record {
    /// What it is found by.
    pub fn key(&self) -> RecordKey {
        match self {
            Record::Alert(alert) => RecordKey::Alert(alert.key.clone()),
            Record::Silence(silence) => RecordKey::Silence(silence.id.clone()),
            Record::Incident(incident) => RecordKey::Incident(incident.id.clone()),
            Record::Execution(execution) => RecordKey::Execution(execution.id.clone()),
            Record::PluginState { plugin, key, .. } => RecordKey::PluginState(plugin.clone(), key.clone()),
        }
    }
}

/// A change of the store's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Mutation {
    /// Keep this record in place of any with the same key.
    Put(Box<Record>),
    /// Forget it.
    Remove(RecordKey),
}

/// An event and what it changed: the unit in which the log is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// What changed.
    pub mutations: Vec<Mutation>,
}

/// An event in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// Its position.
    pub sequence: Sequence,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}
