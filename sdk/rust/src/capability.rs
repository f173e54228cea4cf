//! The host's interfaces by name.

/// An interface of the host that a plugin may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Write to the plugin's log. Every plugin has it.
    Log,
    /// Query series.
    Metrics,
    /// Search log lines.
    Logs,
    /// Search traces.
    Traces,
    /// Look at services and act on them.
    Services,
    /// Look at databases and act on them.
    Database,
    /// Send HTTP requests.
    Http,
    /// Ask the time, sleep. Every plugin of a kind that may sleep has it.
    Timer,
    /// Ask a person.
    Approval,
    /// Read and annotate the incident.
    Incident,
    /// Keep values between runs.
    State,
}

impl Capability {
    /// The interface's name in the contract.
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
        }
    }
}
