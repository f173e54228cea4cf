//! One service of the double: what a test says about it, and what effects do to it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::world::World;
use crate::logs::Line;
use crate::services::{Dependency, Deployment, Instance, Service};
use crate::traces::Trace;
use crate::{Effect, Error, Result};

/// What the double knows of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) replicas: u32,
    pub(super) instances: Vec<Instance>,
    /// Oldest first.
    pub(super) deployments: Vec<Deployment>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) lines: Vec<Line>,
    pub(super) traces: Vec<Trace>,
}

impl State {
    pub(super) fn version(&self) -> String {
        let current = self.deployments.iter().find(|deployment| deployment.current);
        current.map(|deployment| deployment.version.clone()).unwrap_or_default()
    }

    pub(super) fn describe(&self, name: &str) -> Service {
        Service { name: name.to_owned(), version: self.version(), replicas: self.replicas }
    }

    /// What the effect does here at an instant; says so in one sentence.
    pub(super) fn apply(&mut self, effect: &Effect, now_ms: i64) -> Result<String> {
        let arguments: Value = serde_json::from_str(&effect.arguments_json)?;
        let text = |field: &str| arguments.get(field).and_then(Value::as_str);
        let service = &effect.service;
        match effect.verb.as_str() {
            "restart" => self.restart(service, text("instance")),
            "rollback" => self.rollback(service, text("to"), now_ms),
            "scale" => {
                let replicas = arguments.get("replicas").and_then(Value::as_u64);
                let replicas = replicas.and_then(|replicas| u32::try_from(replicas).ok());
                self.replicas = replicas.ok_or_else(|| missing("replicas", effect))?;
                Ok(format!("{service} has {} replicas", self.replicas))
            }
            "set-parameter" => {
                let name = text("name").ok_or_else(|| missing("name", effect))?;
                let value = text("value").ok_or_else(|| missing("value", effect))?;
                self.parameters.insert(name.to_owned(), value.to_owned());
                Ok(format!("{service} has {name} = {value}"))
            }
            "switch-over" => {
                let to = text("to").ok_or_else(|| missing("to", effect))?;
                Ok(format!("the traffic of {service} goes to {to}"))
            }
            other => Err(Error::Invalid(format!("act on {service}: there is no verb {other}"))),
        }
    }

    fn restart(&mut self, service: &str, instance: Option<&str>) -> Result<String> {
        let chosen = |id: &str| instance.is_none_or(|wanted| wanted == id);
        if instance.is_some() && !self.instances.iter().any(|instance| chosen(&instance.id)) {
            return Err(Error::NotFound(format!("restart {service}: it has no such instance")));
        }
        for instance in self.instances.iter_mut().filter(|instance| chosen(&instance.id)) {
            instance.state = "ready".to_owned();
        }
        Ok(format!("restarted {} of {service}", instance.unwrap_or("all instances")))
    }

    fn rollback(&mut self, service: &str, to: Option<&str>, now_ms: i64) -> Result<String> {
        let to = to.map(str::to_owned).or_else(|| self.version_before());
        let to = to.ok_or_else(|| Error::Conflict(format!("roll {service} back: nothing came before")))?;
        if !self.deployments.iter().any(|deployment| deployment.version == to) {
            return Err(Error::NotFound(format!("roll {service} back: it never ran {to}")));
        }
        self.deploy(&to, now_ms, "ballast");
        Ok(format!("{service} runs {to}"))
    }

    /// What ran before the current version first did, so that two rollbacks never bring a version back.
    fn version_before(&self) -> Option<String> {
        let version = self.version();
        let first = self.deployments.iter().position(|deployment| deployment.version == version)?;
        let before = self.deployments.get(first.checked_sub(1)?)?;
        Some(before.version.clone())
    }

    fn deploy(&mut self, version: &str, deployed_at_ms: i64, by: &str) {
        self.deployments.iter_mut().for_each(|deployment| deployment.current = false);
        let (version, by) = (version.to_owned(), by.to_owned());
        self.deployments.push(Deployment { version, deployed_at_ms, current: true, by });
    }
}

fn missing(field: &str, effect: &Effect) -> Error {
    Error::Invalid(format!("{} {}: the field {field} is missing", effect.verb, effect.service))
}

/// A service of the double, to be described by the test.
#[derive(Clone)]
pub struct ServiceDouble {
    world: Rc<RefCell<World>>,
    name: String,
}

impl ServiceDouble {
    pub(super) fn new(world: Rc<RefCell<World>>, name: &str) -> Self {
        world.borrow_mut().service(name);
        ServiceDouble { world, name: name.to_owned() }
    }

    /// Sets the number of replicas.
    pub fn replicas(self, replicas: u32) -> Self {
        self.change(|state| state.replicas = replicas)
    }

    /// Adds an instance of the version that runs.
    pub fn instance(self, id: &str, state: &str) -> Self {
        self.change(|service| {
            let version = service.version();
            service.instances.push(Instance { id: id.to_owned(), state: state.to_owned(), version });
        })
    }

    /// Deploys a version, so many milliseconds ago; it is the current one from then on.
    pub fn deployed(self, version: &str, ago_ms: i64) -> Self {
        let deployed_at_ms = self.world.borrow().now_ms - ago_ms;
        self.change(|service| service.deploy(version, deployed_at_ms, "tester"))
    }

    /// Adds something that it needs.
    pub fn depends_on(self, service: &str, healthy: bool, detail: &str) -> Self {
        let dependency = Dependency { service: service.to_owned(), healthy, detail: detail.to_owned() };
        self.change(|state| state.dependencies.push(dependency))
    }

    /// The version that runs now; empty before the first deployment.
    pub fn version(&self) -> String {
        self.world.borrow_mut().service(&self.name).version()
    }

    /// The value of a parameter that was set.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.world.borrow_mut().service(&self.name).parameters.get(name).cloned()
    }

    fn change(self, change: impl FnOnce(&mut State)) -> Self {
        change(self.world.borrow_mut().service(&self.name));
        self
    }
}
