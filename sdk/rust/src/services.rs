//! Services: looking at them and acting on them. The words are the same on Kubernetes, systemd or a plain process.
//!
//! An effect happens at most once, also where the host crashes in between. In a dry run it is foretold
//! ([`Change::preview`]). Every effect may be [`Refused`](crate::Error::Refused) by a guard of the operator, and may
//! end [`Uncertain`](crate::Error::Uncertain): then look at the world before going on.

use crate::{Change, Effect, Result, door};

/// What a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The version that runs.
    pub version: String,
    /// How many replicas it should have.
    pub replicas: u32,
}

/// One instance of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id within the service.
    pub id: String,
    /// `ready`, `stalled` or `stopped`.
    pub state: String,
    /// The version that it runs.
    pub version: String,
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub service: String,
    /// Whether it answers.
    pub healthy: bool,
    /// What was seen.
    pub detail: String,
}

/// What a service is.
///
/// # Errors
/// [`NotFound`](crate::Error::NotFound) where there is no such service.
pub fn describe(service: &str) -> Result<Service> {
    door::services::describe(service)
}

/// Its instances.
///
/// # Errors
/// As [`describe`].
pub fn instances(service: &str) -> Result<Vec<Instance>> {
    door::services::instances(service)
}

/// Its deployments, newest first.
///
/// # Errors
/// As [`describe`].
pub fn deployments(service: &str) -> Result<Vec<Deployment>> {
    door::services::deployments(service)
}

/// What it needs, and whether that is there.
///
/// # Errors
/// As [`describe`].
pub fn dependencies(service: &str) -> Result<Vec<Dependency>> {
    door::services::dependencies(service)
}

/// Restarts one instance, or all.
///
/// # Errors
/// See the module.
pub fn restart(service: &str, instance: Option<&str>) -> Result<Change> {
    door::services::restart(service, instance)
}

/// Goes to a version of the deployment history, or to the one before the current.
///
/// # Errors
/// See the module.
pub fn rollback(service: &str, to: Option<&str>) -> Result<Change> {
    door::services::rollback(service, to)
}

/// Sets the number of replicas.
///
/// # Errors
/// See the module.
pub fn scale(service: &str, replicas: u32) -> Result<Change> {
    door::services::scale(service, replicas)
}

/// Sets a parameter.
///
/// # Errors
/// See the module.
pub fn set_parameter(service: &str, name: &str, value: &str) -> Result<Change> {
    door::services::set_parameter(service, name, value)
}

/// Sends the traffic to a standby.
///
/// # Errors
/// See the module.
pub fn switch_over(service: &str, to: &str) -> Result<Change> {
    door::services::switch_over(service, to)
}

/// Performs several effects in this order, going on after a failure; one result each.
pub fn batch(effects: &[Effect]) -> Vec<Result<Change>> {
    door::services::batch(effects)
}
