//! `services`: looking at services and acting on them. Each verb becomes the one effect with that verb's arguments.

use ballast_types::ServiceName;
use ballast_types::call::{self, Call, Output, ServiceEffect, Verb};
use serde_json::{Value, json};

use crate::bindings::interfaces::services::{Dependency, Deployment, Host, Instance, Service};
use crate::bindings::interfaces::types::{Change, Effect, Error};
use crate::convert;
use crate::run::Run;

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl Host for Run {
    async fn describe(&mut self, service: String) -> Answer<Service> {
        self.ask(Call::ServiceDescribe { service: ServiceName::new(service) }, |output| match output {
            Output::Service(info) => Some(Service {
                name: info.service.as_str().to_owned(),
                version: info.version,
                replicas: info.replicas,
            }),
            _ => None,
        })
        .await
    }

    async fn instances(&mut self, service: String) -> Answer<Vec<Instance>> {
        self.ask(Call::ServiceInstances { service: ServiceName::new(service) }, |output| match output {
            Output::Instances(instances) => Some(instances.into_iter().map(instance).collect()),
            _ => None,
        })
        .await
    }

    async fn deployments(&mut self, service: String) -> Answer<Vec<Deployment>> {
        self.ask(Call::ServiceDeployments { service: ServiceName::new(service) }, |output| match output {
            Output::Deployments(deployments) => Some(deployments.into_iter().map(deployment).collect()),
            _ => None,
        })
        .await
    }

    async fn dependencies(&mut self, service: String) -> Answer<Vec<Dependency>> {
        self.ask(Call::ServiceDependencies { service: ServiceName::new(service) }, |output| match output {
            Output::Dependencies(dependencies) => Some(dependencies.into_iter().map(dependency).collect()),
            _ => None,
        })
        .await
    }

    async fn restart(&mut self, service: String, instance: Option<String>) -> Answer<Change> {
        self.act(service, Verb::Restart, optional("instance", instance)).await
    }

    async fn rollback(&mut self, service: String, to: Option<String>) -> Answer<Change> {
        self.act(service, Verb::Rollback, optional("to", to)).await
    }

    async fn scale(&mut self, service: String, replicas: u32) -> Answer<Change> {
        self.act(service, Verb::Scale, json!({ "replicas": replicas })).await
    }

    async fn set_parameter(&mut self, service: String, name: String, value: String) -> Answer<Change> {
        self.act(service, Verb::SetParameter, json!({ "name": name, "value": value })).await
    }

    async fn switch_over(&mut self, service: String, to: String) -> Answer<Change> {
        self.act(service, Verb::SwitchOver, json!({ "to": to })).await
    }

    /// One bad effect makes the whole batch invalid: nothing of it happens.
    async fn batch(&mut self, effects: Vec<Effect>) -> wasmtime::Result<Vec<Result<Change, Error>>> {
        let count = effects.len();
        let parsed: Result<Vec<_>, _> = effects.into_iter().map(convert::effect).collect();
        let answer = match parsed {
            Ok(effects) => self.ask(Call::ServiceBatch(effects), |output| changes(output, count)).await?,
            Err(error) => Err(convert::error(error)),
        };
        Ok(answer.unwrap_or_else(|error| vec![Err(error); count]))
    }
}

impl Run {
    async fn act(&mut self, service: String, verb: Verb, arguments: Value) -> Answer<Change> {
        let effect = ServiceEffect { service: ServiceName::new(service), verb, arguments };
        self.ask(Call::ServiceEffect(effect), |output| match output {
            Output::Change(change) => Some(convert::change(change)),
            _ => None,
        })
        .await
    }
}

fn optional(name: &str, value: Option<String>) -> Value {
    value.map_or_else(|| json!({}), |value| json!({ name: value }))
}

fn instance(instance: call::Instance) -> Instance {
    Instance { id: instance.id, state: instance.state, version: instance.version }
}

fn deployment(deployment: call::Deployment) -> Deployment {
    Deployment {
        version: deployment.version,
        deployed_at_ms: deployment.deployed_at_ms,
        current: deployment.current,
        by: deployment.by,
    }
}

fn dependency(dependency: call::Dependency) -> Dependency {
    Dependency {
        service: dependency.service.as_str().to_owned(),
        healthy: dependency.healthy,
        detail: dependency.detail,
    }
}

fn changes(output: Output, count: usize) -> Option<Vec<Result<Change, Error>>> {
    match output {
        Output::Changes(changes) if changes.len() == count => {
            Some(changes.into_iter().map(|one| one.map(convert::change).map_err(convert::error)).collect())
        }
        _ => None,
    }
}
