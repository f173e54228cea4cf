//! What happens to an incident, what people want of it, and what comes of that.

use ballast_types::alert::{Alert, AlertKey};
use ballast_types::execution::Verdict;
use ballast_types::incident::{Severity, TimelineKind};
use ballast_types::service::Criticality;
use ballast_types::{ExecutionId, IncidentId, PluginName, ServiceName};
use std::time::Duration;

/// How an incident begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// An alert began to fire that belongs to no incident.
    Alert {
        /// The new incident's id.
        id: IncidentId,
        /// The alert.
        alert: Box<Alert>,
        /// How much depends on its service.
        criticality: Criticality,
    },
    /// A person opens it.
    Hand {
        /// The new incident's id.
        id: IncidentId,
        /// One line; not blank.
        title: String,
        /// How bad.
        severity: Severity,
        /// About what, where that is known.
        service: Option<ServiceName>,
        /// Who; not blank.
        by: String,
    },
}

/// What happened. Nothing here can be refused.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentEvent {
    /// An alert that belongs to the incident (see [`crate::correlate`]) began to fire.
    AlertFired {
        /// The alert.
        alert: Box<Alert>,
        /// How much depends on its service.
        criticality: Criticality,
    },
    /// An alert is over. One that does not belong to the incident changes nothing.
    AlertResolved {
        /// Which.
        key: AlertKey,
    },
    /// An execution began.
    ExecutionStarted {
        /// Which.
        id: ExecutionId,
        /// Of what.
        runbook: PluginName,
    },
    /// An execution ended.
    ExecutionEnded {
        /// Which.
        id: ExecutionId,
        /// Of what.
        runbook: PluginName,
        /// How.
        verdict: Verdict,
        /// What the runbook said; may be empty.
        summary: String,
    },
    /// Something to be read on the timeline: an effect, what verification found, a plugin's note.
    Recorded {
        /// About what.
        kind: TimelineKind,
        /// Who.
        actor: String,
        /// One sentence.
        text: String,
    },
    /// The automation has given up; a person must act.
    Escalated {
        /// Why.
        reason: String,
    },
    /// Time has passed; see [`crate::due`].
    Tick {
        /// How long an incident stays mitigated before it counts as resolved.
        resolve_hold: Duration,
    },
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentCommand {
    /// Take it.
    Acknowledge {
        /// Who; not blank.
        by: String,
    },
    /// End it.
    Resolve {
        /// Who; not blank.
        by: String,
        /// Why.
        note: Option<String>,
    },
    /// Write on its timeline, also after its end.
    Note {
        /// Who; not blank.
        by: String,
        /// The line; not blank.
        text: String,
    },
}

/// All that [`crate::step`] takes.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentInput {
    /// Something happened.
    Event(IncidentEvent),
    /// A person wants something.
    Command {
        /// The version that the person saw; `None` where any will do.
        expected_version: Option<u64>,
        /// What.
        command: IncidentCommand,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentEffect {
    /// The incident is new.
    Opened,
    /// An alert fires in it that did not before: the automation may have a runbook.
    AlertJoined {
        /// Which.
        key: AlertKey,
    },
    /// A line was added to the timeline.
    Changed {
        /// About what.
        kind: TimelineKind,
        /// Who.
        actor: String,
        /// The line.
        text: String,
    },
}
