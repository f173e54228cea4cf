//! Events on disk, and the commit that carries one with the changes it made.

use ballast_types::alert::{AlertKey, AlertTransition};
use ballast_types::event::{Commit, Event, Mutation};
use ballast_types::incident::TimelineKind;
use ballast_types::{
    Digest, ExecutionId, IncidentId, Labels, PluginName, RuleId, ServiceName, SilenceId, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{coded, list, one};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Event", rename_all = "kebab-case")]
enum EventMirror {
    HostStarted {
        version: String,
    },
    TargetHealth {
        target: String,
        service: ServiceName,
        up: bool,
        detail: String,
    },
    RulesLoaded {
        rules: usize,
        files: usize,
    },
    RulesRejected {
        problems: Vec<String>,
    },
    PluginLoaded {
        name: PluginName,
        version: String,
        digest: Digest,
    },
    PluginRejected {
        file: String,
        reason: String,
    },
    AlertChanged {
        #[serde(with = "one")]
        key: AlertKey,
        name: String,
        #[serde(with = "one")]
        labels: Labels,
        #[serde(with = "one")]
        transition: AlertTransition,
        #[serde(with = "one")]
        value: f64,
        silenced_by: Option<SilenceId>,
    },
    RuleHealth {
        rule: RuleId,
        name: String,
        error: Option<String>,
    },
    SilenceChanged {
        id: SilenceId,
        expired: bool,
    },
    IncidentOpened {
        id: IncidentId,
    },
    IncidentChanged {
        id: IncidentId,
        #[serde(with = "one")]
        kind: TimelineKind,
        actor: String,
        text: String,
    },
    ExecutionChanged {
        id: ExecutionId,
        incident: IncidentId,
        state: String,
        text: String,
    },
    EffectPerformed {
        execution: ExecutionId,
        incident: IncidentId,
        service: ServiceName,
        text: String,
    },
    Noted,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Commit")]
struct CommitMirror {
    #[serde(with = "one")]
    at: Timestamp,
    #[serde(with = "one")]
    event: Event,
    #[serde(with = "list")]
    mutations: Vec<Mutation>,
}

coded! {
    Event => EventMirror,
    Commit => CommitMirror,
}
