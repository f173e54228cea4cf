//! An alert: one labelled condition and where it stands. Its step is `ballast_alerting`'s.

use crate::{Fingerprint, Labels, RuleId, Timestamp};

/// What identifies an alert for as long as its rule's content stays the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertKey {
    /// The rule that watches the condition.
    pub rule: RuleId,
    /// The alert's own labels.
    pub fingerprint: Fingerprint,
}

/// Lifecycle of one alert. Inactive is the absence of a record; time enters only as `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// The condition holds, but not yet for as long as the rule's `for` asks.
    Pending {
        /// Since when the condition holds.
        since: Timestamp,
    },
    /// The alert fires.
    Firing {
        /// Since when the condition holds.
        active_at: Timestamp,
        /// Since when it fires.
        since: Timestamp,
        /// Since when the condition is clear while `keep_firing_for` keeps it firing.
        cleared_at: Option<Timestamp>,
    },
    /// It fired and is over. Kept until those who heard of it have heard the end.
    Resolved {
        /// Since when the condition had held.
        active_at: Timestamp,
        /// When it was over.
        at: Timestamp,
    },
}

impl AlertState {
    /// Since when the condition holds or had held.
    pub fn active_at(&self) -> Timestamp {
        match *self {
            AlertState::Pending { since } => since,
            AlertState::Firing { active_at, .. } | AlertState::Resolved { active_at, .. } => active_at,
        }
    }

    /// The state's name as Prometheus writes it.
    pub fn name(&self) -> &'static str {
        match self {
            AlertState::Pending { .. } => "pending",
            AlertState::Firing { .. } => "firing",
            AlertState::Resolved { .. } => "resolved",
        }
    }
}

/// One alert as the store keeps it and the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Identity.
    pub key: AlertKey,
    /// The rule's name, which is also the label `alertname`.
    pub name: String,
    /// All labels, the rule's own among them.
    pub labels: Labels,
    /// Expanded annotations.
    pub annotations: Labels,
    /// The expression's value when the condition last held.
    pub value: f64,
    /// Where it stands.
    pub state: AlertState,
    /// When the rule was last evaluated for it.
    pub evaluated_at: Timestamp,
}

/// A change that the next stage acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertTransition {
    /// The condition began to hold.
    Pending,
    /// It began to fire.
    Firing,
    /// It is over.
    Resolved,
    /// It was pending and never fired.
    Cleared,
}

impl AlertTransition {
    /// The transition's name in events.
    pub fn name(self) -> &'static str {
        match self {
            AlertTransition::Pending => "pending",
            AlertTransition::Firing => "firing",
            AlertTransition::Resolved => "resolved",
            AlertTransition::Cleared => "cleared",
        }
    }
}
