//! A double of the host, so that a plugin is tested natively, with `cargo test` and a debugger.
//!
//! It is a small world of services with a history, a log, figures and a clock that only [`sleep`](crate::timer::sleep)
//! moves. Effects change that world and are recorded. As with the real host, a run may call only what its manifest asks
//! for, and in a dry run effects are foretold. What it deliberately has not: PromQL (figures are a closure), a journal,
//! guards; let a call fail with [`Host::fail`] instead. Outside of [`Host::run`] and [`Host::within`] every call fails.
//! ```
//! use ballast_sdk::testing::Host;
//! use ballast_sdk::{Effect, Outcome, prelude::*};
//!
//! fn scale_up(context: &Context) -> Result<Outcome> {
//!     let load = metrics::query_one("load")?.unwrap_or_default();
//!     let replicas = services::describe(&context.service)?.replicas;
//!     services::scale(&context.service, replicas + u32::from(load > 0.8))?;
//!     Ok(Outcome::acted("one more").undo(Effect::scale(&context.service, replicas)))
//! }
//!
//! let host = Host::new();
//! host.service("api").replicas(3);
//! host.metric(|_expression, _at_ms| Some(0.9));
//! let outcome = host.within(|| scale_up(&host.context("api"))).unwrap();
//! assert_eq!(host.effects(), [Effect::scale("api", 4)]);
//! assert_eq!(outcome.inverse, [Effect::scale("api", 3)]);
//! ```

pub(crate) mod door;
mod service;
mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

pub use service::ServiceDouble;
use world::World;

use crate::http::{Request, Response};
use crate::log::Level;
use crate::logs::Line;
use crate::traces::Trace;
use crate::{Context, Effect, Error, Label, Outcome, Result, Runbook};

/// When a new host's clock begins, milliseconds since the epoch: 2026-01-01T00:00:00Z.
pub const START_MS: i64 = 1_767_225_600_000;

/// A double of the host. Its clones are the same host.
#[derive(Clone)]
pub struct Host {
    world: Rc<RefCell<World>>,
}

impl Default for Host {
    fn default() -> Self {
        Host::new()
    }
}

impl Host {
    /// A host without services, at [`START_MS`].
    pub fn new() -> Self {
        Host { world: Rc::new(RefCell::new(World::new(START_MS))) }
    }

    /// The service of that name, which is made where there is none yet.
    pub fn service(&self, name: &str) -> ServiceDouble {
        ServiceDouble::new(Rc::clone(&self.world), name)
    }

    /// Answers every query with one unlabelled series: its value at an instant, from the expression.
    pub fn metric(&self, value: impl Fn(&str, i64) -> Option<f64> + 'static) {
        self.metrics(move |expression, at_ms| {
            value(expression, at_ms).map(|value| (Vec::new(), value)).into_iter().collect()
        });
    }

    /// Answers every query: the labelled values at an instant, from the expression.
    pub fn metrics(&self, values: impl Fn(&str, i64) -> Vec<(Vec<Label>, f64)> + 'static) {
        self.world.borrow_mut().metrics = Rc::new(values);
    }

    /// Answers HTTP requests.
    pub fn http(&self, answer: impl Fn(&Request) -> Result<Response> + 'static) {
        self.world.borrow_mut().http = Rc::new(answer);
    }

    /// Answers the views of databases, by service and view, with rows of JSON.
    pub fn database(&self, rows: impl Fn(&str, &str) -> Result<Vec<serde_json::Value>> + 'static) {
        self.world.borrow_mut().database = Rc::new(rows);
    }

    /// Answers requests for an approval, by their reason. Without, nobody decides in time.
    pub fn approval(&self, approved: impl Fn(&str) -> bool + 'static) {
        self.world.borrow_mut().approval = Some(Rc::new(approved));
    }

    /// Adds a line to a service's log, as of now.
    pub fn log_line(&self, service: &str, level: &str, message: &str) {
        let mut world = self.world.borrow_mut();
        let line = Line { at_ms: world.now_ms, level: level.to_owned(), message: message.to_owned() };
        world.service(service).lines.push(line);
    }

    /// Adds a trace of a service.
    pub fn trace(&self, service: &str, trace: Trace) {
        self.world.borrow_mut().service(service).traces.push(trace);
    }

    /// Lets an interface (`logs`) or one of its functions (`services.rollback`) fail from now on.
    pub fn fail(&self, call: &str, error: Error) {
        self.world.borrow_mut().failures.insert(call.to_owned(), error);
    }

    /// Lets it answer again.
    pub fn recover(&self, call: &str) {
        self.world.borrow_mut().failures.remove(call);
    }

    /// Moves the clock.
    pub fn advance_ms(&self, by: i64) {
        self.world.borrow_mut().now_ms += by;
    }

    /// The present time, milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.world.borrow().now_ms
    }

    /// A context as the host would make it, about a service.
    pub fn context(&self, service: &str) -> Context {
        Context {
            incident: "incident-1".to_owned(),
            execution: "execution-1".to_owned(),
            service: service.to_owned(),
            started_at_ms: self.now_ms(),
            ..Context::default()
        }
    }

    /// Runs a runbook as the host would: from the parameters' JSON on, with what its manifest asks for and nothing else.
    ///
    /// # Errors
    /// Those of the runbook.
    pub fn run<R: Runbook>(&self, context: &Context) -> Result<Outcome> {
        let needs = R::manifest().needs.into_iter().map(|need| need.capability);
        {
            let mut world = self.world.borrow_mut();
            world.grants = Some(needs.chain(["log".to_owned(), "timer".to_owned()]).collect());
            world.dry_run = context.dry_run;
        }
        let outcome = self.within(|| R::run(context));
        let mut world = self.world.borrow_mut();
        world.grants = None;
        world.dry_run = false;
        outcome
    }

    /// Lets this thread's calls reach this host, with everything granted, while the closure runs.
    pub fn within<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = door::enter(Rc::clone(&self.world));
        body()
    }

    /// The effects that were performed, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.world.borrow().effects.clone()
    }

    /// The effects that dry runs foretold.
    pub fn foretold(&self) -> Vec<Effect> {
        self.world.borrow().foretold.clone()
    }

    /// The actions on databases, as `service action arguments`.
    pub fn database_actions(&self) -> Vec<String> {
        self.world.borrow().database_actions.clone()
    }

    /// The incident's timeline.
    pub fn notes(&self) -> Vec<String> {
        self.world.borrow().notes.clone()
    }

    /// The plugin's own log.
    pub fn log(&self) -> Vec<(Level, String)> {
        self.world.borrow().log.clone()
    }

    /// Every call that was made, as `interface.function`.
    pub fn calls(&self) -> BTreeSet<String> {
        self.world.borrow().calls.clone()
    }
}
