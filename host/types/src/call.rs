//! The capability call: the one message through which anything in Ballast reads the world or changes it.
//!
//! Every plugin call, and every act of the host's own automation, is a [`Call`] answered by an [`Output`] or a
//! [`CallError`]. The journal keeps both, so these types, and only these in this crate, have a wire format: it is frozen
//! with the contract, grows by new variants, and never changes an old one.

use serde::{Deserialize, Serialize};

use crate::ServiceName;
use crate::hash::sha256_hex;
use crate::plugin::Capability;

/// What can be done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Restart all instances or one.
    Restart,
    /// Go back to an earlier deployment, or forward again.
    Rollback,
    /// Change the number of replicas.
    Scale,
    /// Change a parameter.
    SetParameter,
    /// Send the traffic to a standby.
    SwitchOver,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Verb; 5] =
        [Verb::Restart, Verb::Rollback, Verb::Scale, Verb::SetParameter, Verb::SwitchOver];

    /// The verb's name in contract, configuration and API.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Restart => "restart",
            Verb::Rollback => "rollback",
            Verb::Scale => "scale",
            Verb::SetParameter => "set-parameter",
            Verb::SwitchOver => "switch-over",
        }
    }

    /// The verb of that name.
    pub fn parse(name: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// One act on one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceEffect {
    /// On what.
    pub service: ServiceName,
    /// What.
    pub verb: Verb,
    /// With what: an object whose fields the verb defines (`instance`; `to`; `replicas`; `name` and `value`; `to`).
    pub arguments: serde_json::Value,
}

/// A search in a service's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogQuery {
    /// Whose log.
    pub service: ServiceName,
    /// Only lines with this text; empty for all.
    pub contains: String,
    /// Only lines at or after this instant, milliseconds since the epoch.
    pub since_ms: i64,
    /// At most so many lines, newest first.
    pub limit: u32,
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// GET, HEAD, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Absolute address.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// The answer to an HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// Body, cut at the call's limit.
    pub body: Vec<u8>,
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// For the operator.
    Info,
    /// Something odd.
    Warn,
    /// Something failed.
    Error,
}

/// A request to the door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", content = "with", rename_all = "kebab-case")]
pub enum Call {
    /// Write a line to the plugin's log.
    Log {
        /// How much it matters.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// Evaluate PromQL now.
    MetricsQuery {
        /// The expression.
        expression: String,
    },
    /// Evaluate PromQL over a span that ends now.
    MetricsQueryRange {
        /// The expression.
        expression: String,
        /// How far back.
        lookback_ms: u64,
        /// Distance of the points.
        step_ms: u64,
    },
    /// Search a service's log.
    LogsSearch(LogQuery),
    /// Search traces of a service.
    TracesSearch {
        /// Whose traces.
        service: ServiceName,
        /// Only traces at least so long.
        min_duration_ms: u64,
        /// At most so many.
        limit: u32,
    },
    /// What a service is.
    ServiceDescribe {
        /// Which.
        service: ServiceName,
    },
    /// A service's instances.
    ServiceInstances {
        /// Whose.
        service: ServiceName,
    },
    /// A service's deployments, newest first.
    ServiceDeployments {
        /// Whose.
        service: ServiceName,
    },
    /// What a service needs, and whether it is there.
    ServiceDependencies {
        /// Whose.
        service: ServiceName,
    },
    /// Act on a service.
    ServiceEffect(ServiceEffect),
    /// Act on several, in this order, going on after a failure.
    ServiceBatch(Vec<ServiceEffect>),
    /// Ask a database for one of its declared views.
    DatabaseRead {
        /// The service that is the database.
        service: ServiceName,
        /// Which view: `activity`, `pool`, `settings`.
        view: String,
    },
    /// Act on a database.
    DatabaseEffect {
        /// The service that is the database.
        service: ServiceName,
        /// What: `terminate-session`, `cancel-query`, `set-setting`.
        action: String,
        /// With what.
        arguments: serde_json::Value,
    },
    /// Send an HTTP request.
    Http(HttpRequest),
    /// The present time.
    TimerNow,
    /// Wait.
    TimerSleep {
        /// How long.
        duration_ms: u64,
    },
    /// Ask a person.
    ApprovalRequest {
        /// What for.
        reason: String,
        /// How long to wait.
        timeout_ms: u64,
    },
    /// The incident that this run is for.
    IncidentRead,
    /// Write a line on the incident's timeline.
    IncidentNote {
        /// The line.
        text: String,
    },
    /// Read a value that an earlier run kept.
    StateGet {
        /// Its name.
        key: String,
    },
    /// Keep a value for later runs; `None` forgets it.
    StateSet {
        /// Its name.
        key: String,
        /// The value.
        value: Option<Vec<u8>>,
    },
}

/// What a call may do to the world, which decides how the journal treats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallClass {
    /// Looks only; may be repeated.
    Read,
    /// Changes only what Ballast itself keeps; may be repeated.
    Internal,
    /// Changes the world, and repeating it with the same key changes nothing more.
    IdempotentEffect,
    /// Changes the world and must happen at most once.
    OnceEffect,
}

impl CallClass {
    /// Whether it changes the world.
    pub fn is_effect(self) -> bool {
        matches!(self, CallClass::IdempotentEffect | CallClass::OnceEffect)
    }
}

impl Call {
    /// The interface that it belongs to.
    pub fn capability(&self) -> Capability {
        match self {
            Call::Log { .. } => Capability::Log,
            Call::MetricsQuery { .. } | Call::MetricsQueryRange { .. } => Capability::Metrics,
            Call::LogsSearch(_) => Capability::Logs,
            Call::TracesSearch { .. } => Capability::Traces,
            Call::ServiceDescribe { .. }
            | Call::ServiceInstances { .. }
            | Call::ServiceDeployments { .. }
            | Call::ServiceDependencies { .. }
            | Call::ServiceEffect(_)
            | Call::ServiceBatch(_) => Capability::Services,
            Call::DatabaseRead { .. } | Call::DatabaseEffect { .. } => Capability::Database,
            Call::Http(_) => Capability::Http,
            Call::TimerNow | Call::TimerSleep { .. } => Capability::Timer,
            Call::ApprovalRequest { .. } => Capability::Approval,
            Call::IncidentRead | Call::IncidentNote { .. } => Capability::Incident,
            Call::StateGet { .. } | Call::StateSet { .. } => Capability::State,
        }
    }

    /// The class where no connector says otherwise: an effect must happen once.
    pub fn class(&self) -> CallClass {
        match self {
            Call::Log { .. } | Call::IncidentNote { .. } | Call::StateSet { .. } => CallClass::Internal,
            Call::ServiceEffect(_) | Call::ServiceBatch(_) | Call::DatabaseEffect { .. } => {
                CallClass::OnceEffect
            }
            Call::Http(request) if !matches!(request.method.as_str(), "GET" | "HEAD") => {
                CallClass::OnceEffect
            }
            _ => CallClass::Read,
        }
    }

    /// Content hash of the request: a replayed call must have the one that the journal has.
    pub fn request_hash(&self) -> String {
        // Every variant is plain data with string keys, so that encoding cannot fail; were it to, the empty text
        // would diverge from any journal, which is the safe side.
        sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

/// One labelled value of a query's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// The value as text, because JSON knows neither NaN nor infinity.
    pub value: String,
}

/// One log line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// Level as the source writes it.
    pub level: String,
    /// The text.
    pub message: String,
}

/// One trace, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    /// Trace id in hexadecimal.
    pub trace_id: String,
    /// Name of the root span.
    pub root: String,
    /// Length.
    pub duration_ms: u64,
    /// Whether a span failed.
    pub failed: bool,
}

/// What a service is, as its connector sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// Its name.
    pub service: ServiceName,
    /// The version that runs.
    pub version: String,
    /// How many replicas it should have.
    pub replicas: u32,
}

/// One instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id within the service.
    pub id: String,
    /// `ready`, `stalled` or `stopped`.
    pub state: String,
    /// The version that it runs.
    pub version: String,
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The version deployed.
    pub version: String,
    /// Milliseconds since the epoch.
    pub deployed_at_ms: i64,
    /// Whether it runs now.
    pub current: bool,
    /// Who deployed it.
    pub by: String,
}

/// One thing that a service needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Its name.
    pub service: ServiceName,
    /// Whether it answers.
    pub healthy: bool,
    /// What was seen.
    pub detail: String,
}

/// What an effect did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// One sentence.
    pub detail: String,
    /// Whether it was only foretold.
    pub preview: bool,
}

/// The incident as a plugin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentSummary {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `SEV1` to `SEV5`.
    pub severity: String,
    /// Milliseconds since the epoch.
    pub opened_at_ms: i64,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "is", rename_all = "kebab-case")]
pub enum Output {
    /// Done, nothing to say.
    Done,
    /// An instant vector.
    Points(Vec<MetricPoint>),
    /// Log lines.
    LogLines(Vec<LogLine>),
    /// Traces.
    Traces(Vec<TraceSummary>),
    /// A service.
    Service(ServiceInfo),
    /// Its instances.
    Instances(Vec<Instance>),
    /// Its deployments.
    Deployments(Vec<Deployment>),
    /// Its dependencies.
    Dependencies(Vec<Dependency>),
    /// What an effect did.
    Change(Change),
    /// What each effect of a batch did.
    Changes(Vec<Result<Change, CallError>>),
    /// Rows of a database view, as JSON objects.
    Rows(Vec<serde_json::Value>),
    /// An HTTP answer.
    Http(HttpResponse),
    /// An instant, milliseconds since the epoch.
    Time {
        /// The instant.
        at_ms: i64,
    },
    /// A person's decision.
    Decision {
        /// Whether it was approved.
        approved: bool,
        /// By whom.
        by: String,
    },
    /// The incident.
    Incident(IncidentSummary),
    /// A kept value.
    Value(Option<Vec<u8>>),
}

/// The kinds of failure that a plugin can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallErrorKind {
    /// It was not granted.
    Denied,
    /// There is no such thing.
    NotFound,
    /// The request makes no sense.
    Invalid,
    /// What was asked does not answer.
    Unavailable,
    /// It took too long.
    TimedOut,
    /// It is not in the state that the request supposes.
    Conflict,
    /// A guard forbids it now.
    Refused,
    /// An effect's result was lost, and nobody can tell whether it happened.
    Uncertain,
}

impl CallErrorKind {
    /// The kind's name in contract and API.
    pub fn name(self) -> &'static str {
        match self {
            CallErrorKind::Denied => "denied",
            CallErrorKind::NotFound => "not-found",
            CallErrorKind::Invalid => "invalid",
            CallErrorKind::Unavailable => "unavailable",
            CallErrorKind::TimedOut => "timed-out",
            CallErrorKind::Conflict => "conflict",
            CallErrorKind::Refused => "refused",
            CallErrorKind::Uncertain => "uncertain",
        }
    }
}

/// A failure that the plugin is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", kind.name())]
pub struct CallError {
    /// Which kind.
    pub kind: CallErrorKind,
    /// What was attempted and why it failed.
    pub message: String,
}

impl CallError {
    /// A failure of a kind.
    pub fn new(kind: CallErrorKind, message: impl Into<String>) -> Self {
        CallError { kind, message: message.into() }
    }
}
