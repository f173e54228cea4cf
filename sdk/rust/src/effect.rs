//! Acts on services as data: what a batch performs and what an outcome declares as its inverse.

use serde_json::{Value, json};

/// One act on one service. The constructors are the verbs of [`services`](crate::services).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// On what.
    pub service: String,
    /// The verb's name in the contract, such as `set-parameter`.
    pub verb: String,
    /// An object with the verb's fields.
    pub arguments_json: String,
}

impl Effect {
    /// Restarts all instances.
    pub fn restart(service: impl Into<String>) -> Self {
        Effect::of(service, "restart", json!({}))
    }

    /// Restarts one instance.
    pub fn restart_instance(service: impl Into<String>, instance: impl Into<String>) -> Self {
        Effect::of(service, "restart", json!({ "instance": instance.into() }))
    }

    /// Goes to the version before the current one.
    pub fn rollback(service: impl Into<String>) -> Self {
        Effect::of(service, "rollback", json!({}))
    }

    /// Goes to a version of the deployment history, older or newer.
    pub fn rollback_to(service: impl Into<String>, version: impl Into<String>) -> Self {
        Effect::of(service, "rollback", json!({ "to": version.into() }))
    }

    /// Sets the number of replicas.
    pub fn scale(service: impl Into<String>, replicas: u32) -> Self {
        Effect::of(service, "scale", json!({ "replicas": replicas }))
    }

    /// Sets a parameter.
    pub fn set_parameter(
        service: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Effect::of(service, "set-parameter", json!({ "name": name.into(), "value": value.into() }))
    }

    /// Sends the traffic to a standby.
    pub fn switch_over(service: impl Into<String>, to: impl Into<String>) -> Self {
        Effect::of(service, "switch-over", json!({ "to": to.into() }))
    }

    fn of(service: impl Into<String>, verb: &str, arguments: Value) -> Self {
        Effect { service: service.into(), verb: verb.to_owned(), arguments_json: arguments.to_string() }
    }
}

/// What an effect did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// One sentence.
    pub detail: String,
    /// Whether it was only foretold: the run is a dry one.
    pub preview: bool,
}
