//! Health.

use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::Instant;

/// How the host is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// `ok`, or `degraded` where files were refused or targets do not answer.
    pub(crate) status: &'static str,
    pub(crate) version: String,
    pub(crate) started_at: Instant,
    pub(crate) uptime_ms: u64,
    pub(crate) rules: usize,
    pub(crate) plugins: usize,
    pub(crate) targets_down: usize,
    pub(crate) alerts_firing: usize,
    pub(crate) incidents_open: usize,
    /// How many problems `/api/dashboard` lists.
    pub(crate) problems: usize,
}

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Liveness {
    /// `alive`.
    pub(crate) status: &'static str,
}

/// Whether the host can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready` or `not-ready`.
    pub(crate) status: &'static str,
    /// Why not.
    pub(crate) reasons: Vec<String>,
}
