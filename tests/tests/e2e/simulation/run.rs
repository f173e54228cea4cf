//! A simulated run of a runbook: it looks, rolls back, and returns, a step at a time; its journal outlives a crash.

use ballast_engine::core::{EffectTold, Input, RunEvent};
use ballast_types::call::{ServiceEffect, Verb};
use ballast_types::execution::{Outcome, OutcomeKind};
use ballast_types::{ExecutionId, IdempotencyKey, ServiceName};

use super::world::{Health, Simulation};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Start,
    Effect,
    Return,
    Undo,
    Idle,
}

/// One run. What a real one has in its journal is kept over a crash: whether the effect was intended and done.
pub struct Run {
    service: ServiceName,
    phase: Phase,
    intended: bool,
}

impl Run {
    pub fn new(service: ServiceName) -> Self {
        Run { service, phase: Phase::Idle, intended: false }
    }

    pub fn begin(&mut self) {
        self.phase = Phase::Start;
    }

    pub fn undo(&mut self) {
        self.phase = Phase::Undo;
    }

    /// The instance is gone; the journal is not.
    pub fn crash(&mut self) {
        self.phase = Phase::Idle;
    }
}

impl Simulation {
    /// Moves every run on by at most one step.
    pub fn advance_runs(&mut self) {
        let ids: Vec<_> =
            self.runs.iter().filter(|(_, run)| run.phase != Phase::Idle).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(run) = self.runs.get(&id) else { continue };
            match run.phase {
                Phase::Start => self.start(&id),
                Phase::Effect => self.effect(&id),
                Phase::Return => self.finish(&id),
                Phase::Undo => {
                    self.set(&id, Phase::Idle);
                    self.submit(Input::Run(id, RunEvent::Undone { failure: None }));
                }
                Phase::Idle => {}
            }
        }
    }

    fn set(&mut self, id: &ExecutionId, phase: Phase) {
        if let Some(run) = self.runs.get_mut(id) {
            run.phase = phase;
        }
    }

    fn start(&mut self, id: &ExecutionId) {
        self.set(id, Phase::Effect);
        self.submit(Input::Run(id.clone(), RunEvent::Started { indicator: Some(0.5) }));
    }

    fn effect(&mut self, id: &ExecutionId) {
        let (service, intended) = match self.runs.get(id) {
            Some(run) => (run.service.clone(), run.intended),
            None => return,
        };
        if self.dice.once_in(25) && !intended {
            self.set(id, Phase::Idle);
            let event = RunEvent::Failed { reason: "trapped".into(), diverged: false };
            return self.submit(Input::Run(id.clone(), event));
        }
        if !intended && self.health[&service] == Health::Good {
            // It looked, and there is nothing to repair any more.
            self.set(id, Phase::Idle);
            let outcome =
                Outcome { kind: OutcomeKind::Declined, summary: "all is well".into(), inverse: vec![] };
            return self.submit(Input::Run(id.clone(), RunEvent::Returned(outcome)));
        }
        self.roll_back(id, &service);
        if let Some(run) = self.runs.get_mut(id) {
            run.intended = true;
            // A crash between the effect and its word on the timeline: told again, done once.
            if run.phase == Phase::Effect {
                run.phase = Phase::Return;
            }
        }
        let key = IdempotencyKey::of(id, 1);
        let event = RunEvent::Effect(EffectTold { key, service, text: "rollback".into(), performed: true });
        self.submit(Input::Run(id.clone(), event));
    }

    /// The world: an effect with a key that it has seen does nothing.
    fn roll_back(&mut self, id: &ExecutionId, service: &ServiceName) {
        if !self.performed.insert(format!("{id}-1")) {
            return;
        }
        match self.health[service] {
            Health::Good => self.wrong_effects += 1,
            Health::Repairable => drop(self.health.insert(service.clone(), Health::Good)),
            Health::Stubborn { .. } => {}
        }
    }

    fn finish(&mut self, id: &ExecutionId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        run.phase = Phase::Idle;
        let effect = ServiceEffect {
            service: run.service.clone(),
            verb: Verb::Rollback,
            arguments: serde_json::json!({"to": "2"}),
        };
        let outcome =
            Outcome { kind: OutcomeKind::Acted, summary: "rolled back".into(), inverse: vec![effect] };
        self.submit(Input::Run(id.clone(), RunEvent::Returned(outcome)));
    }
}
