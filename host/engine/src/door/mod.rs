//! The door: the one way from a plugin, or from the host's own automation, to the world.
//!
//! Each call is looked up in the journal first; only past its end is anything done. Then, in this order: is it granted, does
//! a guard let it pass, is the run a dry one; an effect's intent is durable before it is performed, and its result
//! before the guest hears of it.

mod perform;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ballast_automation::{Guards, Replay, ReplayStep, permit};
use ballast_ports::{Clock, Connector, Door, Halt, HttpSend, Settled, Store};
use ballast_types::call::{Call, CallClass, CallError, CallErrorKind, Output, ServiceEffect};
use ballast_types::execution::{Completion, Execution, Intent, JournalEntry, RunMode};
use ballast_types::limits::BATCH_EFFECTS_MAX;
use ballast_types::plugin::Grant;
use ballast_types::{ExecutionId, IdempotencyKey, ServiceName, Timestamp};

use tokio::sync::watch;

use crate::core::{EffectTold, Input, RunEvent};
use crate::dispatcher::Dispatcher;
use crate::source::Source;

/// What every door of a host shares.
pub(crate) struct DoorShared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) source: Source,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connectors: BTreeMap<ServiceName, Arc<dyn Connector>>,
    pub(crate) http: Arc<dyn HttpSend>,
    pub(crate) dispatcher: Dispatcher,
}

/// The door of one run.
pub(crate) struct RunDoor {
    shared: Arc<DoorShared>,
    execution: Execution,
    /// Whose journal: the execution's own, or that of its undoing.
    journal: ExecutionId,
    bounds: Bounds,
    /// Turns true when a person ends the run; it ends before its next call.
    cancelled: watch::Receiver<bool>,
    replay: Mutex<Replay>,
}

/// What a run may do, and for how long.
pub(crate) struct Bounds {
    pub(crate) grant: Grant,
    pub(crate) guards: Guards,
    /// Longest time of one call that does not wait on purpose.
    pub(crate) call_time_max: Duration,
    /// When the last call may begin; a sleep must end by then.
    pub(crate) ends_at: Timestamp,
}

impl RunDoor {
    /// Opens a door on a journal that may already hold calls of an earlier attempt.
    pub(crate) async fn open(
        shared: Arc<DoorShared>,
        execution: Execution,
        journal: ExecutionId,
        bounds: Bounds,
        cancelled: watch::Receiver<bool>,
    ) -> Result<Self, Halt> {
        let entries =
            shared.store.journal(&journal).await.map_err(|error| Halt::Journal(error.to_string()))?;
        let replay = Mutex::new(Replay::new(entries));
        Ok(RunDoor { shared, execution, journal, bounds, cancelled, replay })
    }

    async fn call_one(&self, call: Call) -> Result<Result<Output, CallError>, Halt> {
        let step = self.replay.lock().unwrap_or_else(PoisonError::into_inner).next(&call);
        match step {
            ReplayStep::Recorded(intent, result) => {
                // The host may have stopped between the result and its word on the timeline.
                if intent.class.is_effect() {
                    self.tell(&intent, &result).await;
                }
                Ok(result)
            }
            ReplayStep::Diverged { sequence, reason } => Err(Halt::Diverged { sequence, reason }),
            ReplayStep::Unsettled(intent) => self.settle(*intent).await,
            ReplayStep::Live { sequence } => self.live(sequence, call).await,
        }
    }

    async fn live(&self, sequence: u64, call: Call) -> Result<Result<Output, CallError>, Halt> {
        let (class, now) = (self.class(&call), self.shared.clock.now());
        if *self.cancelled.borrow() {
            return Err(Halt::Cancelled);
        }
        self.check_time(&call, now)?;
        let intent = Intent {
            sequence,
            at: now,
            request_hash: call.request_hash(),
            class,
            key: IdempotencyKey::of(&self.journal, sequence),
            call,
        };
        let acts = class.is_effect() && self.execution.mode == RunMode::Live;
        if let Err(refusal) = self.admit(&intent, acts) {
            self.append(JournalEntry::Intent(intent), false).await?;
            return self.complete(sequence, Err(refusal), false).await;
        }
        self.append(JournalEntry::Intent(intent.clone()), acts).await?;
        let result = match class.is_effect() && !acts {
            true => self.preview(&intent.call).await,
            false => self.perform_in_time(&intent).await,
        };
        self.concluded(intent, result, acts).await
    }

    /// A run that lasts too long ends between two calls, never within one.
    fn check_time(&self, call: &Call, now: Timestamp) -> Result<(), Halt> {
        let until = match call {
            Call::TimerSleep { duration_ms } => now + Duration::from_millis(*duration_ms),
            _ => now,
        };
        match until > self.bounds.ends_at {
            true => Err(Halt::Limit("the time that the run may take in all".into())),
            false => Ok(()),
        }
    }

    /// An intent without a result: what happened is asked for, never guessed. What was not allowed then, or is not any
    /// more, is not performed now.
    async fn settle(&self, intent: Intent) -> Result<Result<Output, CallError>, Halt> {
        let acts = intent.class.is_effect() && self.execution.mode == RunMode::Live;
        let allowed = self.admit(&intent, acts);
        let result = match (&intent.call, intent.class) {
            (Call::IncidentNote { text }, _) if self.is_noted(text, &intent) => Ok(Output::Done),
            _ if !acts => match allowed {
                Err(refusal) => Err(refusal),
                Ok(()) if intent.class.is_effect() => self.preview(&intent.call).await,
                Ok(()) => self.perform_in_time(&intent).await,
            },
            (_, CallClass::IdempotentEffect) if allowed.is_ok() => self.perform_in_time(&intent).await,
            (Call::ServiceEffect(effect), _) => self.ask_after(effect, &intent, allowed).await,
            _ => Err(uncertain("the host stopped before its result was noted")),
        };
        self.concluded(intent, result, acts).await
    }

    /// Whether a note is on the timeline since its intent was written.
    fn is_noted(&self, text: &str, intent: &Intent) -> bool {
        let core = self.shared.dispatcher.core();
        let lines = core.incident(&self.execution.incident).map(|incident| incident.timeline.as_slice());
        let by = self.execution.runbook.as_str();
        lines
            .unwrap_or_default()
            .iter()
            .any(|line| line.at >= intent.at && line.actor == by && line.text == text)
    }

    async fn ask_after(
        &self,
        effect: &ServiceEffect,
        intent: &Intent,
        allowed: Result<(), CallError>,
    ) -> Result<Output, CallError> {
        match self.connector(&effect.service)?.settle(effect, &intent.key).await {
            Settled::Performed(result) => result.map(Output::Change),
            Settled::NotPerformed => {
                allowed?;
                self.perform_in_time(intent).await
            }
            Settled::Unknown => Err(uncertain("its connector cannot tell whether it happened")),
        }
    }

    async fn concluded(
        &self,
        intent: Intent,
        result: Result<Output, CallError>,
        acts: bool,
    ) -> Result<Result<Output, CallError>, Halt> {
        let answer = self.complete(intent.sequence, result, acts).await?;
        if intent.class.is_effect() {
            self.tell(&intent, &answer).await;
        }
        Ok(answer)
    }

    fn admit(&self, intent: &Intent, acts: bool) -> Result<(), CallError> {
        permit(&self.bounds.grant, &intent.call, &self.execution.service)?;
        match &intent.call {
            Call::ServiceEffect(effect) if acts => {
                let core = self.shared.dispatcher.core();
                core.effects().admit(&self.bounds.guards, &self.execution.runbook, &effect.service, intent.at)
            }
            _ => Ok(()),
        }
    }

    fn class(&self, call: &Call) -> CallClass {
        match call {
            Call::ServiceEffect(effect) => match self.connector(&effect.service) {
                Ok(connector) => connector.class(effect.verb),
                Err(_) => call.class(),
            },
            _ => call.class(),
        }
    }

    fn connector(&self, service: &ServiceName) -> Result<&Arc<dyn Connector>, CallError> {
        self.shared.connectors.get(service).ok_or_else(|| {
            CallError::new(
                CallErrorKind::NotFound,
                format!("reach {service}: no connector is configured for it"),
            )
        })
    }

    async fn append(&self, entry: JournalEntry, durable: bool) -> Result<(), Halt> {
        let appended = self.shared.store.journal_append(&self.journal, entry, durable).await;
        appended.map_err(|error| Halt::Journal(error.to_string()))
    }

    async fn complete(
        &self,
        sequence: u64,
        result: Result<Output, CallError>,
        durable: bool,
    ) -> Result<Result<Output, CallError>, Halt> {
        let completion = Completion { sequence, at: self.shared.clock.now(), result: result.clone() };
        self.append(JournalEntry::Completion(completion), durable).await?;
        Ok(result)
    }

    /// The timeline and the guards learn of an effect through the core, as of everything else.
    async fn tell(&self, intent: &Intent, result: &Result<Output, CallError>) {
        let (service, what) = match &intent.call {
            Call::ServiceEffect(effect) => {
                (effect.service.clone(), format!("{} {}", effect.verb.name(), effect.arguments))
            }
            Call::DatabaseEffect { service, action, arguments } => {
                (service.clone(), format!("{action} {arguments}"))
            }
            Call::Http(request) => {
                (self.execution.service.clone(), format!("{} {}", request.method, request.url))
            }
            _ => return,
        };
        let (text, performed) = match result {
            Ok(Output::Change(change)) if change.preview => {
                (format!("would {what}: {}", change.detail), false)
            }
            Ok(Output::Change(change)) => (format!("{what}: {}", change.detail), true),
            Ok(_) => (what, self.execution.mode == RunMode::Live),
            Err(error) => (format!("{what} failed: {error}"), error.kind == CallErrorKind::Uncertain),
        };
        let event = RunEvent::Effect(EffectTold { key: intent.key.clone(), service, text, performed });
        if let Err(error) = self.shared.dispatcher.submit(Input::Run(self.execution.id.clone(), event)).await
        {
            tracing::warn!(execution = %self.execution.id, %error, "cannot note an effect on the timeline");
        }
    }
}

#[async_trait]
impl Door for RunDoor {
    async fn call(&self, call: Call) -> Result<Result<Output, CallError>, Halt> {
        let Call::ServiceBatch(effects) = call else { return self.call_one(call).await };
        if effects.is_empty() || effects.len() > BATCH_EFFECTS_MAX {
            let message =
                format!("perform a batch of {} effects: 1 to {BATCH_EFFECTS_MAX} are allowed", effects.len());
            return Ok(Err(CallError::new(CallErrorKind::Invalid, message)));
        }
        // Each effect is a call of its own in the journal, in index order.
        let mut changes = Vec::with_capacity(effects.len());
        for effect in effects {
            changes.push(match self.call_one(Call::ServiceEffect(effect)).await? {
                Ok(Output::Change(change)) => Ok(change),
                Ok(other) => Err(CallError::new(
                    CallErrorKind::Unavailable,
                    format!("perform an effect: got {other:?}"),
                )),
                Err(error) => Err(error),
            });
        }
        Ok(Ok(Output::Changes(changes)))
    }
}

fn uncertain(why: &str) -> CallError {
    CallError::new(CallErrorKind::Uncertain, format!("know whether the effect happened: {why}"))
}

#[cfg(test)]
mod tests;
