//! The world behind the double: its state, and what each call finds in it. It knows nothing of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::service::State;
use crate::http::{Request, Response};
use crate::log::Level;
use crate::{Change, Effect, Error, Label, Result};

pub(super) type Metrics = Rc<dyn Fn(&str, i64) -> Vec<(Vec<Label>, f64)>>;
pub(super) type Http = Rc<dyn Fn(&Request) -> Result<Response>>;
pub(super) type Database = Rc<dyn Fn(&str, &str) -> Result<Vec<serde_json::Value>>>;
pub(super) type Approval = Rc<dyn Fn(&str) -> bool>;

/// Everything that the double knows and has recorded.
pub(crate) struct World {
    pub(super) now_ms: i64,
    /// Interfaces that the run may call; none where all are.
    pub(super) grants: Option<BTreeSet<String>>,
    pub(super) dry_run: bool,
    pub(super) failures: BTreeMap<String, Error>,
    pub(super) services: BTreeMap<String, State>,
    pub(super) metrics: Metrics,
    pub(super) http: Http,
    pub(super) database: Database,
    pub(super) approval: Option<Approval>,
    pub(super) kept: BTreeMap<String, Vec<u8>>,
    pub(super) effects: Vec<Effect>,
    pub(super) foretold: Vec<Effect>,
    pub(super) database_actions: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) log: Vec<(Level, String)>,
    pub(super) calls: BTreeSet<String>,
}

impl World {
    pub(super) fn new(now_ms: i64) -> Self {
        World {
            now_ms,
            grants: None,
            dry_run: false,
            failures: BTreeMap::new(),
            services: BTreeMap::new(),
            metrics: Rc::new(|_, _| Vec::new()),
            http: Rc::new(|request| Err(Error::Unavailable(format!("reach {}: no answer", request.url)))),
            database: Rc::new(|service, _| Err(Error::NotFound(format!("read {service}: no such database")))),
            approval: None,
            kept: BTreeMap::new(),
            effects: Vec::new(),
            foretold: Vec::new(),
            database_actions: Vec::new(),
            notes: Vec::new(),
            log: Vec::new(),
            calls: BTreeSet::new(),
        }
    }

    /// The service of that name, made where there is none.
    pub(super) fn service(&mut self, name: &str) -> &mut State {
        self.services.entry(name.to_owned()).or_insert_with(|| State { replicas: 1, ..State::default() })
    }

    /// The service of that name.
    pub(super) fn known(&mut self, name: &str) -> Result<&mut State> {
        self.services.get_mut(name).ok_or_else(|| Error::NotFound(format!("find {name}: no such service")))
    }

    /// Records a call, and finds whether it may be made and answers.
    pub(super) fn admit(&mut self, interface: &str, function: &str) -> Result<()> {
        let call = format!("{interface}.{function}");
        self.calls.insert(call.clone());
        if self.grants.as_ref().is_some_and(|grants| !grants.contains(interface)) {
            return Err(Error::Denied(format!("call {call}: the manifest does not ask for {interface}")));
        }
        match self.failures.get(interface).or_else(|| self.failures.get(&call)) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Performs an admitted effect, or foretells it on a copy. One that fails changes nothing and leaves no record.
    pub(super) fn act(&mut self, effect: Effect) -> Result<Change> {
        let (preview, now_ms) = (self.dry_run, self.now_ms);
        let service = self.known(&effect.service)?;
        let mut after = service.clone();
        let detail = after.apply(&effect, now_ms)?;
        if preview {
            self.foretold.push(effect);
        } else {
            *service = after;
            self.effects.push(effect);
        }
        Ok(Change { detail, preview })
    }
}
