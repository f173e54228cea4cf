//! Values that tasks hand on, and what a task sees of the run.

use std::sync::Arc;

use ballast_types::{Queryable, WindowedSeries};

use super::{Budget, Run};
use crate::columns::{Bounds, Frame, Tracks};
use crate::notes::Notes;
use crate::plan::{Matchers, NodeId, Task};

/// One number an instant.
pub(crate) type Scalars = Arc<Vec<f64>>;

/// Summaries of the windows of series.
#[derive(Clone, Debug)]
pub(crate) struct WindowSummaries {
    /// What was asked for.
    pub(crate) matchers: Matchers,
    /// Shared with what was read.
    pub(crate) series: Arc<Vec<WindowedSeries>>,
    /// The bounds at each instant, and which of the windows it is.
    pub(crate) windows: Vec<(Bounds, usize)>,
}

/// The value of a task at all its instants. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Scalar(Scalars),
    Vector(Arc<Frame>),
    Tracks(Arc<Tracks>),
    Summaries(Arc<WindowSummaries>),
    Text(Arc<str>),
}

impl Default for Outcome {
    fn default() -> Self {
        Outcome::scalars(Vec::new())
    }
}

impl Outcome {
    /// One number an instant.
    pub(crate) fn scalars(values: Vec<f64>) -> Self {
        Outcome::Scalar(Arc::new(values))
    }

    /// A vector at each instant.
    pub(crate) fn vector(frame: Frame) -> Self {
        Outcome::Vector(Arc::new(frame))
    }

    /// How many numbers it holds.
    pub(crate) fn size(&self) -> usize {
        match self {
            Outcome::Scalar(values) => values.len(),
            Outcome::Vector(frame) => frame.size(),
            Outcome::Tracks(tracks) => tracks.size(),
            Outcome::Summaries(_) | Outcome::Text(_) => 0,
        }
    }
}

/// The annotations of one node. Their places are 0 for the node itself, else the number of an input, from 1.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) node: NodeId,
    pub(crate) inputs: Arc<[NodeId]>,
    pub(crate) notes: Arc<Notes>,
}

/// A task's value, with the annotations of all that it was made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    pub(crate) said: Vec<Said>,
}

/// What a task sees of the run.
pub(crate) struct Context<'r> {
    pub(crate) task: &'r Task,
    pub(crate) found: Option<&'r super::read::Held>,
    pub(crate) budget: &'r Budget,
    pub(crate) source: &'r dyn Queryable,
    pub(crate) lookback_ms: i64,
    pub(crate) notes: Notes,
    inputs: Vec<Outcome>,
    said: Vec<Said>,
}

impl<'r> Context<'r> {
    pub(crate) fn new(
        task: &'r Task,
        inputs: Vec<Done>,
        found: Option<&'r super::read::Held>,
        run: &'r Run<'_>,
    ) -> Self {
        let mut said: Vec<Said> = Vec::new();
        let mut values = Vec::with_capacity(inputs.len());
        for done in inputs {
            values.push(done.outcome);
            for one in done.said {
                if !said.iter().any(|other| other.node == one.node && Arc::ptr_eq(&other.notes, &one.notes)) {
                    said.push(one);
                }
            }
        }
        Context {
            task,
            found,
            budget: &run.budget,
            source: run.source,
            lookback_ms: run.lookback_ms,
            notes: Notes::default(),
            inputs: values,
            said,
        }
    }

    /// The value together with what was said on the way.
    pub(crate) fn done(mut self, outcome: Outcome) -> Done {
        if !self.notes.is_empty() {
            let (node, inputs) = (self.task.key.node, self.task.node.inputs.as_slice().into());
            self.said.push(Said { node, inputs, notes: Arc::new(self.notes) });
        }
        Done { outcome, said: self.said }
    }

    /// How many instants there are.
    pub(crate) fn steps(&self) -> usize {
        self.task.grid.len()
    }

    /// The instants in seconds.
    pub(crate) fn seconds(&self) -> impl Iterator<Item = f64> {
        self.task.grid.iter().map(|at| *at as f64 / 1000.0)
    }

    /// How many inputs there are.
    pub(crate) fn arity(&self) -> usize {
        self.inputs.len()
    }

    /// An input as it is.
    pub(crate) fn input(&self, index: usize) -> Option<&Outcome> {
        self.inputs.get(index)
    }

    /// An input, which is gone then.
    pub(crate) fn take(&mut self, index: usize) -> Outcome {
        self.inputs.get_mut(index).map(std::mem::take).unwrap_or_default()
    }

    /// A vector; anything else has no series.
    pub(crate) fn vector(&mut self, index: usize) -> Arc<Frame> {
        match self.take(index) {
            Outcome::Vector(frame) => frame,
            _ => Arc::new(Frame::new(self.steps())),
        }
    }

    /// A vector to be changed: a copy only where others need it as well.
    pub(crate) fn own_vector(&mut self, index: usize) -> Frame {
        Arc::unwrap_or_clone(self.vector(index))
    }

    /// Numbers; anything else is NaN.
    pub(crate) fn scalar(&mut self, index: usize) -> Scalars {
        match self.take(index) {
            Outcome::Scalar(values) => values,
            _ => Arc::new(vec![f64::NAN; self.steps()]),
        }
    }

    /// A string; anything else is empty.
    pub(crate) fn text(&self, index: usize) -> &str {
        match self.inputs.get(index) {
            Some(Outcome::Text(text)) => text,
            _ => "",
        }
    }

    /// The place of an input, for annotations.
    pub(crate) fn place_of(&self, input: usize) -> Option<usize> {
        Some(input + 1)
    }
}
