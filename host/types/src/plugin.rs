//! A plugin: its kind, what it says of itself, and what an operator lets it do.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::call::Verb;
use crate::{Digest, PluginName, ServiceName};

/// The kinds of plugin; each is a world of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginKind {
    /// Yields findings on a tick.
    Rule,
    /// Remediates.
    Runbook,
    /// Plans faults.
    Experiment,
    /// Forecasts.
    CapacityModel,
    /// Delivers notifications.
    Notifier,
    /// Checks a target.
    Probe,
}

impl PluginKind {
    /// All kinds.
    pub const ALL: [PluginKind; 6] = [
        PluginKind::Rule,
        PluginKind::Runbook,
        PluginKind::Experiment,
        PluginKind::CapacityModel,
        PluginKind::Notifier,
        PluginKind::Probe,
    ];

    /// The world's name.
    pub fn name(self) -> &'static str {
        match self {
            PluginKind::Rule => "rule",
            PluginKind::Runbook => "runbook",
            PluginKind::Experiment => "experiment",
            PluginKind::CapacityModel => "capacity-model",
            PluginKind::Notifier => "notifier",
            PluginKind::Probe => "probe",
        }
    }
}

/// A host interface that a plugin may import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Write to the plugin's log.
    Log,
    /// Query series.
    Metrics,
    /// Search log lines.
    Logs,
    /// Search traces.
    Traces,
    /// Look at and act on services.
    Services,
    /// Look at and act on databases.
    Database,
    /// Send HTTP requests.
    Http,
    /// Ask the time, sleep.
    Timer,
    /// Ask a person.
    Approval,
    /// Read and annotate the incident.
    Incident,
    /// Keep values between runs.
    State,
    /// Plan faults.
    Faults,
}

impl Capability {
    /// All capabilities, in the order of the contract.
    pub const ALL: [Capability; 12] = [
        Capability::Log,
        Capability::Metrics,
        Capability::Logs,
        Capability::Traces,
        Capability::Services,
        Capability::Database,
        Capability::Http,
        Capability::Timer,
        Capability::Approval,
        Capability::Incident,
        Capability::State,
        Capability::Faults,
    ];

    /// The interface's name.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Log => "log",
            Capability::Metrics => "metrics",
            Capability::Logs => "logs",
            Capability::Traces => "traces",
            Capability::Services => "services",
            Capability::Database => "database",
            Capability::Http => "http",
            Capability::Timer => "timer",
            Capability::Approval => "approval",
            Capability::Incident => "incident",
            Capability::State => "state",
            Capability::Faults => "faults",
        }
    }

    /// The capability of that name.
    pub fn parse(name: &str) -> Option<Capability> {
        Capability::ALL.into_iter().find(|capability| capability.name() == name)
    }

    /// Whether every plugin has it: it reveals nothing and changes nothing.
    pub fn is_free(self) -> bool {
        matches!(self, Capability::Log | Capability::Timer)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its name.
    pub name: PluginName,
    /// Its own version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of its parameters; empty where it has none.
    pub parameters_schema: String,
    /// What it asks for, each with the reason.
    pub needs: Vec<(Capability, String)>,
}

/// A component that was compiled, checked and described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledPlugin {
    /// Identity of its bytes.
    pub digest: Digest,
    /// Its world.
    pub kind: PluginKind,
    /// The contract's version that it was built against: `0.1.0`.
    pub contract: String,
    /// The interfaces that it really imports.
    pub imports: BTreeSet<Capability>,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// Services that a grant covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ServiceScope {
    /// None.
    #[default]
    None,
    /// The service that the incident is about.
    Subject,
    /// Those named.
    Named(BTreeSet<ServiceName>),
    /// All.
    All,
}

impl ServiceScope {
    /// Whether it covers a service, given the one that the incident is about.
    pub fn covers(&self, service: &ServiceName, subject: Option<&ServiceName>) -> bool {
        match self {
            ServiceScope::None => false,
            ServiceScope::Subject => subject == Some(service),
            ServiceScope::Named(names) => names.contains(service),
            ServiceScope::All => true,
        }
    }
}

/// What an operator lets one plugin do. The default grants only what is free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Interfaces that it may import.
    pub capabilities: BTreeSet<Capability>,
    /// Services that it may look at (also their logs and traces).
    pub read: ServiceScope,
    /// Services that it may act on.
    pub act: ServiceScope,
    /// What it may do to them.
    pub verbs: BTreeSet<Verb>,
    /// Hosts (`name` or `name:port`) that it may send HTTP requests to.
    pub hosts: BTreeSet<String>,
}

impl Grant {
    /// Whether it covers a capability.
    pub fn allows(&self, capability: Capability) -> bool {
        capability.is_free() || self.capabilities.contains(&capability)
    }
}

/// Limits on one run of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// Most bytes of linear memory.
    pub memory_bytes_max: usize,
    /// Longest time on the processor without a host call, as far as the deadline's tick can tell.
    pub busy_max: Duration,
    /// Longest time of one host call.
    pub call_max: Duration,
    /// Most bytes that the outcome may have.
    pub output_bytes_max: usize,
    /// Longest time from the decision to run to the last call, sleeps included.
    pub total_max: Duration,
}

impl Default for RunLimits {
    fn default() -> Self {
        RunLimits {
            memory_bytes_max: 64 << 20,
            busy_max: Duration::from_secs(1),
            call_max: Duration::from_secs(30),
            output_bytes_max: 1 << 20,
            total_max: Duration::from_secs(30 * 60),
        }
    }
}
