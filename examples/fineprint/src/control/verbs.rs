//! The operations that a caller may order on one service: read from JSON, checked, previewed, performed. Idempotency and HTTP
//! live elsewhere, so a verb knows only the service.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use super::managed::Managed;
use super::process::AskError;
use crate::parameters::Parameter;
use crate::release::is_version;

const REPLICAS_MAX: usize = 16;

/// One order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// The process, or one instance of it.
    Restart {
        /// Only this one.
        instance: Option<String>,
    },
    /// Deploy an earlier version.
    Rollback {
        /// That one; without it, the one before.
        to: Option<String>,
    },
    /// Change how many replicas run.
    Scale {
        /// To so many.
        replicas: usize,
    },
    /// Change a tunable.
    SetParameter {
        /// Which.
        parameter: Parameter,
        /// To what.
        value: u64,
    },
    /// Deploy a version.
    Deploy {
        /// Which.
        version: String,
        /// Who ordered it.
        by: String,
    },
}

/// A verb that was checked against the service as it is: what it will do, in words and in values.
#[derive(Debug)]
pub(super) struct Planned {
    /// An infinitive: "roll back x from 2 to 1".
    pub(super) would: String,
    /// The value before.
    pub(super) from: Value,
    /// The value after.
    pub(super) to: Value,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RestartBody {
    instance: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RollbackBody {
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScaleBody {
    replicas: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterBody {
    value: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeployBody {
    version: String,
    by: Option<String>,
}

/// Reads a body; an empty one is `{}`.
///
/// # Errors
/// 400 with what is wrong and where.
pub(super) fn read_body<'a, Body: Deserialize<'a>>(body: &'a [u8]) -> Result<Body, ControlError> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| ControlError::Malformed(format!("the body does not fit: {error}")))
}

impl Verb {
    /// `POST restart`.
    pub(super) fn restart(body: &[u8]) -> Result<Self, ControlError> {
        read_body(body).map(|RestartBody { instance }| Self::Restart { instance })
    }

    /// `POST rollback`.
    pub(super) fn rollback(body: &[u8]) -> Result<Self, ControlError> {
        read_body(body).map(|RollbackBody { to }| Self::Rollback { to })
    }

    /// `PUT replicas`.
    pub(super) fn scale(body: &[u8]) -> Result<Self, ControlError> {
        let ScaleBody { replicas } = read_body(body)?;
        if !(1..=REPLICAS_MAX).contains(&replicas) {
            return Err(ControlError::Invalid(format!(
                "replicas is from 1 to {REPLICAS_MAX}, not {replicas}"
            )));
        }
        Ok(Self::Scale { replicas })
    }

    /// `PUT parameters/{name}`; a number is taken as well as its text.
    pub(super) fn set_parameter(managed: &Managed, name: &str, body: &[u8]) -> Result<Self, ControlError> {
        let parameter = Parameter::of(managed.name, name)
            .ok_or_else(|| ControlError::Missing(format!("{} has no parameter {name}", managed.name)))?;
        let ParameterBody { value } = read_body(body)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = parameter.read(&text).map_err(ControlError::Invalid)?;
        Ok(Self::SetParameter { parameter, value })
    }

    /// `POST deploy`.
    pub(super) fn deploy(body: &[u8]) -> Result<Self, ControlError> {
        let DeployBody { version, by } = read_body(body)?;
        if !is_version(&version) {
            return Err(ControlError::Invalid(format!("'{version}' is no version")));
        }
        Ok(Self::Deploy { version, by: by.unwrap_or_else(|| "admin".to_owned()) })
    }

    /// Its name in lists of effects.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Restart { .. } => "restart",
            Self::Rollback { .. } => "rollback",
            Self::Scale { .. } => "replicas",
            Self::SetParameter { .. } => "parameter",
            Self::Deploy { .. } => "deploy",
        }
    }

    /// Checks it against the service as it is now and says what it would do.
    ///
    /// # Errors
    /// 404 for an unknown instance or version, 409 where there is nothing to go back to.
    pub(super) async fn plan(&self, managed: &Managed) -> Result<Planned, ControlError> {
        let (service, wanted) = (managed.name, managed.wanted());
        let current = wanted.history.current();
        let planned = |would: String, from: Value, to: Value| Ok(Planned { would, from, to });
        match self {
            Self::Restart { instance: None } => {
                planned(format!("restart {service}"), json!(current), json!(current))
            }
            Self::Restart { instance: Some(id) } => {
                if !managed.instances().await.iter().any(|instance| instance["id"] == **id) {
                    return Err(ControlError::Missing(format!("{service} has no instance {id}")));
                }
                planned(format!("restart {id} of {service}"), json!(id), json!(id))
            }
            Self::Rollback { to } => {
                let target = rollback_target(managed, to.as_deref())?;
                planned(
                    format!("roll back {service} from {current} to {target}"),
                    json!(current),
                    json!(target),
                )
            }
            Self::Scale { .. } | Self::SetParameter { .. } if managed.running().is_none() => {
                Err(AskError::Ended.into())
            }
            Self::Scale { replicas } => {
                let before = wanted.replicas;
                planned(
                    format!("scale {service} from {before} to {replicas} replicas"),
                    json!(before),
                    json!(replicas),
                )
            }
            Self::SetParameter { parameter, value } => {
                let before = wanted.parameters.get(*parameter).to_string();
                let would = format!("set {parameter} of {service} from {before} to {value}");
                planned(would, json!(before), json!(value.to_string()))
            }
            Self::Deploy { version, .. } => planned(
                format!("deploy {version} of {service} over {current}"),
                json!(current),
                json!(version),
            ),
        }
    }

    /// Does it; returns when it has taken effect. The caller holds the service's turn.
    ///
    /// # Errors
    /// As [`Verb::plan`], and 409 or 503 where the process does not run or does not obey. Nothing has changed then.
    pub(super) async fn perform(&self, managed: &Managed) -> Result<Value, ControlError> {
        let Planned { would, from, to } = self.plan(managed).await?;
        match self {
            Self::Restart { instance: Some(id) } if managed.running().is_some() => {
                managed.restart_replica(id).await?
            }
            // An instance of a process that does not run comes back with its process.
            Self::Restart { .. } => managed.replace_process(managed.wanted().history.current()).await?,
            Self::Rollback { to } => {
                let target = rollback_target(managed, to.as_deref())?;
                managed.deploy(&target, "rollback").await?;
            }
            Self::Scale { replicas } => managed.scale(*replicas).await?,
            Self::SetParameter { parameter, value } => managed.set_parameter(*parameter, *value).await?,
            Self::Deploy { version, by } => managed.deploy(version, by).await?,
        }
        let detail = format!("done: {would}");
        Ok(
            json!({"ok": true, "service": managed.name, "verb": self.name(), "detail": detail, "from": from, "to": to}),
        )
    }
}

fn rollback_target(managed: &Managed, to: Option<&str>) -> Result<String, ControlError> {
    let history = managed.wanted().history;
    let service = managed.name;
    let Some(to) = to else {
        let previous = history.previous().map(str::to_owned);
        let none =
            || ControlError::Conflict(format!("{service} has no release before {}", history.current()));
        return previous.ok_or_else(none);
    };
    if !history.knows(to) {
        return Err(ControlError::Missing(format!("{service} never ran {to}")));
    }
    if history.current() == to {
        return Err(ControlError::Conflict(format!("{service} already runs {to}")));
    }
    Ok(to.to_owned())
}
