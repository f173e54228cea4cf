//! A silence: matchers that mute alerts for a time. Muting decides on notifications and actions, never on the alert itself.

use crate::{Labels, Matcher, SilenceId, Timestamp};

/// Mutes every alert that satisfies all matchers while it is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Identity.
    pub id: SilenceId,
    /// All must match; never empty.
    pub matchers: Vec<Matcher>,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends (exclusive).
    pub ends_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// Whether it is in force at `now`.
    pub fn active(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Whether it mutes a label set at `now`.
    pub fn mutes(&self, labels: &Labels, now: Timestamp) -> bool {
        self.active(now) && self.matchers.iter().all(|matcher| matcher.matches(labels))
    }
}
