//! The native side of the door: the signatures of the generated imports, answered by the host that this thread is in.

use std::cell::RefCell;
use std::rc::Rc;

use super::world::World;
use crate::{Error, Result};

thread_local! {
    static CURRENT: RefCell<Vec<Rc<RefCell<World>>>> = const { RefCell::new(Vec::new()) };
}

/// Leaves the host when dropped, also where the body panicked.
pub(super) struct Entered;

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(Vec::pop);
    }
}

/// Lets this thread's calls reach a world until the guard is dropped.
pub(super) fn enter(world: Rc<RefCell<World>>) -> Entered {
    CURRENT.with_borrow_mut(|hosts| hosts.push(world));
    Entered
}

fn current() -> Option<Rc<RefCell<World>>> {
    CURRENT.with_borrow(|hosts| hosts.last().cloned())
}

/// Answers a call where it is admitted.
fn call<T>(interface: &str, function: &str, answer: impl FnOnce(&mut World) -> Result<T>) -> Result<T> {
    let outside = || Error::Unavailable(format!("call {interface}.{function}: there is no host here"));
    let world = current().ok_or_else(outside)?;
    let mut world = world.borrow_mut();
    world.admit(interface, function)?;
    answer(&mut world)
}

pub(crate) mod log {
    use crate::log::Level;

    /// Outside of any host, lines go where a test's output goes.
    pub(crate) fn write(level: Level, message: &str) {
        match super::current() {
            Some(world) => world.borrow_mut().log.push((level, message.to_owned())),
            None => eprintln!("{level:?}: {message}"),
        }
    }
}

pub(crate) mod metrics {
    use std::rc::Rc;

    use super::call;
    use crate::Result;
    use crate::metrics::Point;

    pub(crate) fn query(expression: &str) -> Result<Vec<Point>> {
        let (answer, now) = call("metrics", "query", |world| Ok((Rc::clone(&world.metrics), world.now_ms)))?;
        Ok(points(answer(expression, now), now))
    }

    pub(crate) fn query_range(expression: &str, lookback_ms: u64, step_ms: u64) -> Result<Vec<Point>> {
        let (answer, now) =
            call("metrics", "query-range", |world| Ok((Rc::clone(&world.metrics), world.now_ms)))?;
        let begin = now - i64::try_from(lookback_ms).unwrap_or(now);
        let step = i64::try_from(step_ms).unwrap_or(i64::MAX).max(1);
        let steps = (0..).map(|index| begin + index * step).take_while(|at| *at <= now);
        let mut all: Vec<Point> = steps.flat_map(|at| points(answer(expression, at), at)).collect();
        all.sort_by(|left, right| left.labels.cmp(&right.labels));
        Ok(all)
    }

    fn points(values: Vec<(Vec<crate::Label>, f64)>, at_ms: i64) -> Vec<Point> {
        values.into_iter().map(|(labels, value)| Point { labels, at_ms, value }).collect()
    }
}

pub(crate) mod logs {
    use super::call;
    use crate::Result;
    use crate::logs::Line;

    pub(crate) fn search(service: &str, contains: &str, since_ms: i64, limit: u32) -> Result<Vec<Line>> {
        call("logs", "search", |world| {
            let lines = world.known(service)?.lines.iter().rev();
            let wanted = lines.filter(|line| line.at_ms >= since_ms && line.message.contains(contains));
            Ok(wanted.take(limit as usize).cloned().collect())
        })
    }
}

pub(crate) mod traces {
    use super::call;
    use crate::Result;
    use crate::traces::Trace;

    pub(crate) fn search(service: &str, min_duration_ms: u64, limit: u32) -> Result<Vec<Trace>> {
        call("traces", "search", |world| {
            let traces = world.known(service)?.traces.iter();
            let wanted = traces.filter(|trace| trace.duration_ms >= min_duration_ms);
            Ok(wanted.take(limit as usize).cloned().collect())
        })
    }
}

pub(crate) mod services {
    use super::call;
    use crate::services::{Dependency, Deployment, Instance, Service};
    use crate::{Change, Effect, Result};

    pub(crate) fn describe(service: &str) -> Result<Service> {
        call("services", "describe", |world| Ok(world.known(service)?.describe(service)))
    }

    pub(crate) fn instances(service: &str) -> Result<Vec<Instance>> {
        call("services", "instances", |world| Ok(world.known(service)?.instances.clone()))
    }

    pub(crate) fn deployments(service: &str) -> Result<Vec<Deployment>> {
        call("services", "deployments", |world| {
            Ok(world.known(service)?.deployments.iter().rev().cloned().collect())
        })
    }

    pub(crate) fn dependencies(service: &str) -> Result<Vec<Dependency>> {
        call("services", "dependencies", |world| Ok(world.known(service)?.dependencies.clone()))
    }

    pub(crate) fn restart(service: &str, instance: Option<&str>) -> Result<Change> {
        act(instance
            .map_or_else(|| Effect::restart(service), |instance| Effect::restart_instance(service, instance)))
    }

    pub(crate) fn rollback(service: &str, to: Option<&str>) -> Result<Change> {
        act(to.map_or_else(|| Effect::rollback(service), |to| Effect::rollback_to(service, to)))
    }

    pub(crate) fn scale(service: &str, replicas: u32) -> Result<Change> {
        act(Effect::scale(service, replicas))
    }

    pub(crate) fn set_parameter(service: &str, name: &str, value: &str) -> Result<Change> {
        act(Effect::set_parameter(service, name, value))
    }

    pub(crate) fn switch_over(service: &str, to: &str) -> Result<Change> {
        act(Effect::switch_over(service, to))
    }

    pub(crate) fn batch(effects: &[Effect]) -> Vec<Result<Change>> {
        effects.iter().cloned().map(act).collect()
    }

    fn act(effect: Effect) -> Result<Change> {
        let verb = effect.verb.clone();
        call("services", &verb, |world| world.act(effect))
    }
}

pub(crate) mod database {
    use std::rc::Rc;

    use super::call;
    use crate::{Change, Result};

    pub(crate) fn read(service: &str, view: &str) -> Result<Vec<String>> {
        let answer = call("database", "read", |world| Ok(Rc::clone(&world.database)))?;
        Ok(answer(service, view)?.iter().map(ToString::to_string).collect())
    }

    pub(crate) fn act(service: &str, action: &str, arguments_json: &str) -> Result<Change> {
        call("database", "act", |world| {
            let preview = world.dry_run;
            if !preview {
                world.database_actions.push(format!("{service} {action} {arguments_json}"));
            }
            Ok(Change { detail: format!("{action} on {service}"), preview })
        })
    }
}

pub(crate) mod http {
    use std::rc::Rc;

    use super::call;
    use crate::Result;
    use crate::http::{Request, Response};

    pub(crate) fn send(request: &Request) -> Result<Response> {
        let answer = call("http", "send", |world| Ok(Rc::clone(&world.http)))?;
        answer(request)
    }
}

pub(crate) mod timer {
    use super::{call, current};
    use crate::Result;

    /// Outside of any host it is the epoch: a plugin's own clock does not exist.
    pub(crate) fn now_ms() -> i64 {
        current().map_or(0, |world| world.borrow().now_ms)
    }

    pub(crate) fn sleep(duration_ms: u64) -> Result<()> {
        call("timer", "sleep", |world| {
            world.now_ms += i64::try_from(duration_ms).unwrap_or(i64::MAX - world.now_ms);
            Ok(())
        })
    }
}

pub(crate) mod approval {
    use super::call;
    use crate::approval::Decision;
    use crate::{Error, Result};

    pub(crate) fn request(reason: &str, timeout_ms: u64) -> Result<Decision> {
        let decide = call("approval", "request", |world| {
            if world.approval.is_none() {
                world.now_ms += i64::try_from(timeout_ms).unwrap_or(i64::MAX - world.now_ms);
            }
            let nobody = || Error::TimedOut(format!("ask for approval: nobody decided on {reason:?}"));
            world.approval.clone().ok_or_else(nobody)
        })?;
        Ok(Decision { approved: decide(reason), by: "tester".to_owned() })
    }
}

pub(crate) mod incident {
    use super::call;
    use crate::Result;
    use crate::incident::Summary;

    pub(crate) fn read() -> Result<Summary> {
        call("incident", "read", |world| {
            Ok(Summary {
                id: "incident-1".to_owned(),
                title: "Something is wrong".to_owned(),
                severity: "SEV2".to_owned(),
                opened_at_ms: world.now_ms,
            })
        })
    }

    pub(crate) fn note(text: &str) -> Result<()> {
        call("incident", "note", |world| {
            world.notes.push(text.to_owned());
            Ok(())
        })
    }
}

pub(crate) mod state {
    use super::call;
    use crate::Result;

    pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>> {
        call("state", "get", |world| Ok(world.kept.get(key).cloned()))
    }

    pub(crate) fn set(key: &str, value: Option<&[u8]>) -> Result<()> {
        call("state", "set", |world| {
            match value {
                Some(value) => world.kept.insert(key.to_owned(), value.to_owned()),
                None => world.kept.remove(key),
            };
            Ok(())
        })
    }
}
