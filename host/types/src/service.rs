//! A service: what is watched and acted on.

use crate::ServiceName;
use crate::objective::Objective;

/// How much depends on a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criticality {
    /// Users notice at once.
    Critical,
    /// Users notice soon.
    High,
    /// Users may notice.
    #[default]
    Medium,
    /// Nobody outside notices.
    Low,
}

impl Criticality {
    /// The name in configuration and API.
    pub fn name(self) -> &'static str {
        match self {
            Criticality::Critical => "critical",
            Criticality::High => "high",
            Criticality::Medium => "medium",
            Criticality::Low => "low",
        }
    }
}

/// A service as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name; unique.
    pub name: ServiceName,
    /// How much depends on it.
    pub criticality: Criticality,
    /// Names of the services that it needs.
    pub dependencies: Vec<ServiceName>,
    /// What it owes.
    pub objectives: Vec<Objective>,
}
