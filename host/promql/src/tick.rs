//! One evaluation for many expressions at the same instant: what several rules have in common is read and computed once.
//!
//! Invariant: an expression yields what it would yield alone, as long as [`Tick::forget`] is told of every series that
//! changed at or before the instant since the tick began.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, Queryable, Timestamp};

use crate::evaluate::{horizon, settings};
use crate::finish;
use crate::plan::{Arena, Grid, Op, TaskKey, lower, schedule};
use crate::run::{Budget, Done, Run, run};
use crate::{Answer, EvalError, Expression, Options};

/// The expressions of one instant. May be used from several threads at once.
pub struct Tick {
    source: Arc<dyn Queryable>,
    at: Timestamp,
    options: Options,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    arena: Arena,
    known: HashMap<TaskKey, Done, foldhash::fast::RandomState>,
    /// How often something was forgotten: what was computed meanwhile may be out of date.
    forgotten: u64,
}

impl Tick {
    /// Nothing is known yet.
    pub fn new(source: Arc<dyn Queryable>, at: Timestamp, options: Options) -> Self {
        Tick { source, at, options, memory: Mutex::default() }
    }

    /// The value of an expression at the tick's instant.
    pub fn evaluate(&self, expression: &Expression) -> Result<Answer, EvalError> {
        let at_ms = self.at.as_millis();
        let mut memory = self.memory();
        let lowered = lower(&mut memory.arena, expression.tree(), horizon(at_ms, at_ms, 0, &self.options))?;
        let grid = memory.arena.grid(Grid::single(at_ms));
        let Memory { arena, known, forgotten } = &mut *memory;
        let settings = settings(&self.options);
        let schedule = schedule(arena, lowered.root, grid, settings, |key| known.contains_key(key))?;
        let taken: HashMap<TaskKey, Done, foldhash::fast::RandomState> = schedule
            .tasks
            .iter()
            .filter_map(|task| known.get(&task.key).map(|done| (task.key, done.clone())))
            .collect();
        let before = *forgotten;
        drop(memory);
        let mut made: Vec<(TaskKey, Done)> = Vec::new();
        let run_of = Run {
            source: &*self.source,
            budget: Budget::new(self.options.samples_max, self.options.interrupt.clone()),
            lookback_ms: settings.lookback_ms,
            known: &|key| taken.get(key).cloned(),
            keep: Some(&mut |key, done| made.push((key, done.clone()))),
        };
        let done = run(&schedule, run_of)?;
        let mut memory = self.memory();
        if memory.forgotten == before {
            memory.known.extend(made);
        }
        drop(memory);
        let notes = finish::notes(&done, &lowered);
        Ok(Answer { value: finish::instant(done, self.at)?, notes })
    }

    /// Forgets what a new or changed series may change.
    pub fn forget(&self, changed: &Labels) {
        self.forget_where(|matcher| matcher.matches(changed));
    }

    /// Forgets what new or changed series of a metric may change.
    pub fn forget_metric(&self, name: &str) {
        self.forget_where(|matcher| matcher.name() != METRIC_NAME || matcher.matches_value(name));
    }

    fn forget_where(&self, may_match: impl Fn(&ballast_types::Matcher) -> bool) {
        let mut memory = self.memory();
        let mut changed: Vec<bool> = Vec::with_capacity(memory.arena.nodes().len());
        for node in memory.arena.nodes() {
            let reads = match &node.op {
                Op::Latest(selector) | Op::Stamps(selector) | Op::Windows(selector, _) => {
                    selector.matchers.0.iter().all(&may_match)
                }
                _ => false,
            };
            let of_inputs = node.inputs.iter().any(|input| changed.get(input.0).is_some_and(|it| *it));
            changed.push(reads || of_inputs);
        }
        memory.known.retain(|key, _| !changed.get(key.node.0).is_some_and(|it| *it));
        memory.forgotten += 1;
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
