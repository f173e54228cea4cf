//! What is evaluated at which instants, in which order, and what is read for it.
//!
//! A task is a node at a grid: the grid of the query, one instant where the node does not vary, or the instants of a
//! subquery. Invariant: the inputs of a task come before it; two tasks, and two reads, never say the same.

use std::collections::HashMap;
use std::sync::Arc;

use ballast_types::{TimeRange, Timestamp};

use super::op::Matchers;
use super::{Arena, Grid, GridId, Node, NodeId, Op, Pin, SelectorOp};
use crate::EvalError;
use crate::run::summaries;

/// In which form a task hands on its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// Windows as a summary of each.
    Summaries,
}

/// What makes a task the one that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TaskKey {
    pub(crate) node: NodeId,
    pub(crate) grid: GridId,
    pub(crate) form: Form,
}

/// A node to be evaluated at a grid.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) key: TaskKey,
    pub(crate) node: Arc<Node>,
    pub(crate) grid: Grid,
    /// Indices of earlier tasks. Where the node does not vary and there are several instants, the one that has its value.
    pub(crate) inputs: Vec<usize>,
    /// The value is that of the one input, at every instant.
    pub(crate) repeats: bool,
    /// Index into the reads.
    pub(crate) read: Option<usize>,
    /// The instants of the inputs of a subquery.
    pub(crate) inner: Option<Grid>,
    /// How many tasks take it as an input.
    pub(crate) uses: usize,
}

/// One selection of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Read {
    pub(crate) matchers: Matchers,
    /// Both ends included.
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) wants: Wants,
}

/// [`ballast_types::Want`] that owns its windows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wants {
    Samples,
    Latest,
    /// The first and last millisecond of each window.
    Windows(Vec<(i64, i64)>),
}

/// What bounds a schedule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) lookback_ms: i64,
    pub(crate) samples_max: usize,
    /// Windows are never asked for as summaries; for tests, which compare the two ways.
    pub(crate) samples_only: bool,
}

/// Tasks in the order of their evaluation.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    pub(crate) tasks: Vec<Task>,
    pub(crate) reads: Vec<Read>,
    places: HashMap<TaskKey, usize, foldhash::fast::RandomState>,
    read_places: HashMap<Read, usize, foldhash::fast::RandomState>,
}

/// Schedules a node at a grid. A task that `known` has is not looked into.
pub(crate) fn schedule(
    arena: &mut Arena,
    root: NodeId,
    grid: GridId,
    settings: Settings,
    known: impl Fn(&TaskKey) -> bool,
) -> Result<Schedule, EvalError> {
    let mut schedule = Schedule::default();
    let mut stack = vec![(TaskKey { node: root, grid, form: Form::Plain }, None::<Draft>)];
    while let Some((key, draft)) = stack.pop() {
        if schedule.places.contains_key(&key) {
            continue;
        }
        match draft {
            Some(draft) => schedule.finish(arena, key, draft),
            None => {
                let Some(node) = arena.get(key.node).cloned() else { continue };
                let draft = match known(&key) {
                    true => Draft::default(),
                    false => schedule.draft(arena, &node, key, settings)?,
                };
                let inputs = draft.inputs.clone();
                stack.push((key, Some(draft)));
                stack.extend(inputs.into_iter().rev().map(|input| (input, None)));
            }
        }
    }
    Ok(schedule)
}

/// A task whose inputs have no places yet.
#[derive(Debug, Default)]
struct Draft {
    inputs: Vec<TaskKey>,
    repeats: bool,
    read: Option<usize>,
    inner: Option<Grid>,
}

impl Schedule {
    fn finish(&mut self, arena: &Arena, key: TaskKey, draft: Draft) {
        let Some(node) = arena.get(key.node).cloned() else { return };
        let inputs: Vec<usize> = draft.inputs.iter().filter_map(|i| self.places.get(i).copied()).collect();
        for input in &inputs {
            if let Some(task) = self.tasks.get_mut(*input) {
                task.uses += 1;
            }
        }
        let grid = arena.instants(key.grid);
        let Draft { repeats, read, inner, .. } = draft;
        self.places.insert(key, self.tasks.len());
        self.tasks.push(Task { key, node, grid, inputs, repeats, read, inner, uses: 0 });
    }

    fn draft(
        &mut self,
        arena: &mut Arena,
        node: &Node,
        key: TaskKey,
        settings: Settings,
    ) -> Result<Draft, EvalError> {
        let grid = arena.instants(key.grid);
        let same = |node: &NodeId| TaskKey { node: *node, grid: key.grid, form: Form::Plain };
        if !node.varies && grid.len() > 1 && !node.op.is_cheap_or_windows() {
            let once = arena.grid(Grid::single(grid.start()));
            let inputs = vec![TaskKey { node: key.node, grid: once, form: Form::Plain }];
            return Ok(Draft { inputs, repeats: true, ..Draft::default() });
        }
        let mut draft = Draft::default();
        match &node.op {
            Op::Latest(selector) | Op::Stamps(selector) => {
                draft.read = Some(self.read(latest(selector, &grid, settings)));
            }
            Op::Windows(selector, range_ms) => {
                draft.read = Some(self.read(windows(selector, *range_ms, &grid, key.form, settings)));
            }
            Op::Subquery { pin, range_ms, step_ms } => {
                let inner = grid.of_subquery(*pin, *range_ms, *step_ms, settings.samples_max);
                let inner = inner.ok_or(EvalError::TooManySamples(settings.samples_max))?;
                if !inner.is_empty() {
                    let grid = arena.grid(inner.clone());
                    draft.inner = Some(inner);
                    let input = |node: &NodeId| TaskKey { node: *node, grid, form: Form::Plain };
                    draft.inputs = node.inputs.iter().map(input).collect();
                }
            }
            Op::Call(function) if !settings.samples_only && summaries::answers(function) => {
                let input = |id: &NodeId| TaskKey { form: form_of(arena, *id, &grid), ..same(id) };
                draft.inputs = node.inputs.iter().map(input).collect();
            }
            _ => draft.inputs = node.inputs.iter().map(same).collect(),
        }
        Ok(draft)
    }

    fn read(&mut self, read: Read) -> usize {
        if let Some(place) = self.read_places.get(&read) {
            return *place;
        }
        let place = self.reads.len();
        self.read_places.insert(read.clone(), place);
        self.reads.push(read);
        place
    }
}

/// What a source reads to summarise one window at its ragged ends: about two chunks of samples.
const SUMMARY_COST_MS: i64 = 3_600_000;

/// Summaries where there is one window, or where reading the ends of each costs less than reading all samples once.
fn form_of(arena: &Arena, input: NodeId, grid: &Grid) -> Form {
    let Some(Op::Windows(selector, range_ms)) = arena.get(input).map(|node| &node.op) else {
        return Form::Plain;
    };
    let count = if selector.pin.at_ms.is_some() { 1 } else { grid.len() as i64 };
    let span_ms = grid.end().saturating_sub(grid.start()).saturating_add(*range_ms);
    let worth = count == 1 || count.saturating_mul(SUMMARY_COST_MS) < span_ms;
    if worth && selector.extended.is_none() { Form::Summaries } else { Form::Plain }
}

fn latest(selector: &SelectorOp, grid: &Grid, settings: Settings) -> Read {
    let (start_ms, end_ms) = reach(selector.pin, grid, settings.lookback_ms);
    let (mut end_ms, mut wants) = (end_ms, Wants::Samples);
    if selector.extended.is_some() {
        end_ms = end_ms.saturating_add(settings.lookback_ms);
    } else if grid.len() == 1 || selector.pin.at_ms.is_some() {
        wants = Wants::Latest;
    }
    Read { matchers: selector.matchers.clone(), start_ms, end_ms, wants }
}

fn windows(selector: &SelectorOp, range_ms: i64, grid: &Grid, form: Form, settings: Settings) -> Read {
    let (mut start_ms, mut end_ms) = reach(selector.pin, grid, range_ms);
    if selector.extended.is_some() {
        start_ms = start_ms.saturating_sub(settings.lookback_ms);
        end_ms = end_ms.saturating_add(settings.lookback_ms);
    }
    let wants = match form {
        Form::Plain => Wants::Samples,
        Form::Summaries => {
            let mut windows: Vec<(i64, i64)> = grid
                .iter()
                .map(|at| selector.pin.resolve(*at))
                .map(|end_ms| (end_ms.saturating_sub(range_ms).saturating_add(1), end_ms))
                .collect();
            windows.dedup();
            Wants::Windows(windows)
        }
    };
    Read { matchers: selector.matchers.clone(), start_ms, end_ms, wants }
}

/// The first and last millisecond that is looked at; windows are open on the left.
fn reach(pin: Pin, grid: &Grid, back_ms: i64) -> (i64, i64) {
    (pin.resolve(grid.start()).saturating_sub(back_ms).saturating_add(1), pin.resolve(grid.end()))
}

impl Read {
    /// The range, both ends included.
    pub(crate) fn range(&self) -> TimeRange {
        span(self.start_ms, self.end_ms)
    }
}

/// A span of time from milliseconds.
pub(crate) fn span(start_ms: i64, end_ms: i64) -> TimeRange {
    TimeRange { start: Timestamp::from_millis(start_ms), end: Timestamp::from_millis(end_ms) }
}

impl Op {
    /// Nodes that are as cheap at many instants as at one, and windows, which are sliced and not copied.
    fn is_cheap_or_windows(&self) -> bool {
        matches!(self, Op::Number(_) | Op::Text(_) | Op::Windows(..) | Op::Subquery { .. })
    }
}
