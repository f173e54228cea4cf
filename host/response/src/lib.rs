//! The incident's step: how an incident opens, what alerts, executions and people do to it, and how it ends.
//!
//! ```text
//!              alert fires, or a person opens
//!                          │
//!                          ▼      acknowledge
//!                      Triggered ────────────► Acknowledged
//!                        │   ▲                  │   ▲
//!       all alerts over  │   │ an alert fires   │   │  (back to whom it had)
//!                        ▼   │                  ▼   │
//!                        └──────► Mitigated ◄───┘
//!                                     │ the hold time passed, or a person resolves (from any state)
//!                                     ▼
//!                                 Resolved ── an alert of its own fires again soon ──► open as before
//! ```
//!
//! Pure: no clock, no I/O; time is `now`, and what should happen is returned as [`IncidentEffect`]s. Which runbook suits an
//! incident is automation's to decide; here it is only said that an alert joined. Invariants: every change adds to the
//! timeline and raises the version by one; the timeline never runs backwards; an incident that was not resolved by hand
//! has no firing alert.

mod alerts;
mod correlate;
mod draft;
mod error;
mod input;
mod open;
mod people;
mod runs;
mod severity;
mod step;
mod timeline;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod timelines;

pub use correlate::correlate;
pub use error::IncidentError;
pub use input::{IncidentCommand, IncidentEffect, IncidentEvent, IncidentInput, Opening};
pub use open::open;
pub use severity::severity_of;
pub use step::{due, step};

/// Who acts where no person does.
pub const BALLAST: &str = "ballast";
