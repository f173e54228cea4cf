//! What enters the core and what leaves it.

use std::collections::{BTreeMap, BTreeSet};

use ballast_alerting::AlertRuleOutcome;
use ballast_types::event::{Commit, Event};
use ballast_types::execution::Outcome;
use ballast_types::incident::{Incident, Severity};
use ballast_types::plugin::InstalledPlugin;
use ballast_types::silence::Silence;
use ballast_types::{
    ExecutionId, IdempotencyKey, IncidentId, Matcher, PluginName, RuleId, ServiceName, SilenceId, Timestamp,
};

/// Everything that can happen.
#[derive(Debug)]
pub enum Input {
    /// A person, or the API on a person's behalf, wants something.
    Command(Command),
    /// A rule was evaluated.
    Rule(Box<AlertRuleOutcome>),
    /// Another set of rules is in force.
    RulesReplaced {
        /// Ids of all rules in force.
        rules: BTreeSet<RuleId>,
    },
    /// Something happened to an execution.
    Run(ExecutionId, RunEvent),
    /// Other plugins are in force.
    Plugins(BTreeMap<PluginName, InstalledPlugin>),
    /// A plugin keeps a value, or forgets it.
    PluginState {
        /// Whose.
        plugin: PluginName,
        /// Its name.
        key: String,
        /// The value.
        value: Option<Vec<u8>>,
    },
    /// Something that only needs to be told.
    Told(Event),
    /// Time has passed.
    Tick,
}

/// What can happen to an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum RunEvent {
    /// The component is about to run.
    Started {
        /// The indicator's value now.
        indicator: Option<f64>,
    },
    /// It returned.
    Returned(Outcome),
    /// It did not.
    Failed {
        /// Why.
        reason: String,
        /// Whether replay diverged.
        diverged: bool,
    },
    /// An effect went through the door.
    Effect(EffectTold),
    /// A look at the indicator.
    Indicator(Option<f64>),
    /// Its inverse was applied.
    Undone {
        /// What failed.
        failure: Option<String>,
    },
    /// A person ends it.
    Cancelled {
        /// Who.
        by: String,
    },
}

/// What the door tells of an effect. The same key is the same effect, however often it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectTold {
    /// What it is recognised by.
    pub key: IdempotencyKey,
    /// On what.
    pub service: ServiceName,
    /// What and with what result.
    pub text: String,
    /// Whether it changed, or may have changed, the world.
    pub performed: bool,
}

/// An incident that a person opens.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIncident {
    /// One line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// About what.
    pub service: Option<ServiceName>,
    /// Who opens it.
    pub by: String,
}

/// A silence that a person makes.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSilence {
    /// All must match.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open an incident.
    Open(NewIncident),
    /// Take it.
    Acknowledge {
        /// Which.
        incident: IncidentId,
        /// Who.
        by: String,
        /// The version that the person saw.
        expected_version: Option<u64>,
    },
    /// End it.
    Resolve {
        /// Which.
        incident: IncidentId,
        /// Who.
        by: String,
        /// Why.
        note: Option<String>,
        /// The version that the person saw.
        expected_version: Option<u64>,
    },
    /// Write on its timeline.
    Note {
        /// Which.
        incident: IncidentId,
        /// Who.
        by: String,
        /// What.
        text: String,
    },
    /// Mute alerts.
    Silence(NewSilence),
    /// Unmute them.
    ExpireSilence {
        /// Which silence.
        id: SilenceId,
    },
    /// End an execution.
    CancelExecution {
        /// Which.
        id: ExecutionId,
        /// Who.
        by: String,
    },
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done.
    Done,
    /// The incident as it now is.
    Incident(Box<Incident>),
    /// The silence as it now is.
    Silence(Silence),
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such thing.
    #[error("find {0}: there is none")]
    NotFound(String),
    /// It is not in the state, or not of the version, that the command supposes.
    #[error("{0}")]
    Conflict(String),
    /// The command makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The host cannot do it now.
    #[error("{0}")]
    Unavailable(String),
}

/// What the engine must do once the commits are durable.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Run, or go on running, the component.
    Run(ExecutionId),
    /// Apply the inverse of what it did.
    Undo(ExecutionId),
    /// Stop the component.
    Stop(ExecutionId),
}

/// A decision.
#[derive(Debug)]
pub struct Reaction {
    /// What must be durable before anything else happens.
    pub commits: Vec<Commit>,
    /// What happens then.
    pub actions: Vec<Action>,
    /// What the one who asked is told.
    pub reply: Result<Reply, CommandError>,
}
