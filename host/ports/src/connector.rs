//! How a service is acted on.

use async_trait::async_trait;
use ballast_types::IdempotencyKey;
use ballast_types::call::{
    CallClass, CallError, Change, Dependency, Deployment, Instance, LogLine, LogQuery, ServiceEffect,
    ServiceInfo, Verb,
};

/// What a connector found out about an effect whose result was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It happened, and this came of it.
    Performed(Result<Change, CallError>),
    /// It did not happen.
    NotPerformed,
    /// Nobody can tell.
    Unknown,
}

/// Translates the verbs of the contract into what one kind of platform understands. One connector serves one service.
///
/// Every method answers within the time-out that the caller sets; dropping the future gives up. Effects carry a key:
/// the same key is the same effect, and a connector that can hand the key on says so through [`Connector::class`].
#[async_trait]
pub trait Connector: Send + Sync {
    /// What the service is.
    async fn describe(&self) -> Result<ServiceInfo, CallError>;

    /// Its instances.
    async fn instances(&self) -> Result<Vec<Instance>, CallError>;

    /// Its deployments, newest first.
    async fn deployments(&self) -> Result<Vec<Deployment>, CallError>;

    /// What it needs, and whether that answers.
    async fn dependencies(&self) -> Result<Vec<Dependency>, CallError>;

    /// Its recent log lines, newest first.
    async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, CallError>;

    /// How an effect is treated after a crash: [`CallClass::IdempotentEffect`] or [`CallClass::OnceEffect`].
    fn class(&self, verb: Verb) -> CallClass;

    /// Performs an effect. `uncertain` where the request was sent and no answer came.
    async fn apply(&self, effect: &ServiceEffect, key: &IdempotencyKey) -> Result<Change, CallError>;

    /// What the effect would do, asked of the platform itself where it can tell; changes nothing.
    async fn preview(&self, effect: &ServiceEffect) -> Result<Change, CallError>;

    /// Whether an effect whose result was lost has happened.
    async fn settle(&self, effect: &ServiceEffect, key: &IdempotencyKey) -> Settled;
}
