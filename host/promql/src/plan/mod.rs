//! The plan of a query: nodes without positions and parentheses, durations resolved, identical parts shared.
//!
//! `lower` makes it from the tree as written, `schedule` says what is evaluated at which instants, in which order, and
//! what is read for it. Nothing is read or computed here. Invariant: the inputs of a node are older than the node, so
//! the order of the nodes is an order of evaluation; two nodes of one arena never say the same.

mod durations;
mod grid;
mod lower;
mod op;
mod schedule;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use grid::{Grid, GridId};
pub(crate) use lower::{Horizon, Lowered, lower};
pub(crate) use op::{AggregateOp, BinaryOp, Extended, Matchers, Op, Pin, SelectorOp};
pub(crate) use schedule::{Form, Read, Schedule, Settings, Task, TaskKey, Wants, schedule, span};

/// A node of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) usize);

/// One operation on the values of other nodes.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<NodeId>,
    /// The value may differ from instant to instant; else it is computed once.
    pub(crate) varies: bool,
}

/// All nodes and grids of a query, or of the queries of a tick.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    nodes: Vec<Arc<Node>>,
    ids: HashMap<Arc<Node>, NodeId, foldhash::fast::RandomState>,
    grids: Vec<Grid>,
    grid_ids: HashMap<Grid, GridId, foldhash::fast::RandomState>,
}

impl Arena {
    /// The one node that says this.
    pub(crate) fn node(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let (id, node) = (NodeId(self.nodes.len()), Arc::new(node));
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        id
    }

    /// The node of an id; an id of another arena has none.
    pub(crate) fn get(&self, id: NodeId) -> Option<&Arc<Node>> {
        self.nodes.get(id.0)
    }

    /// Whether the node's value may differ from instant to instant.
    pub(crate) fn varies(&self, id: NodeId) -> bool {
        self.get(id).is_some_and(|node| node.varies)
    }

    /// The one grid of these instants.
    pub(crate) fn grid(&mut self, grid: Grid) -> GridId {
        if let Some(id) = self.grid_ids.get(&grid) {
            return *id;
        }
        let id = GridId(self.grids.len());
        self.grids.push(grid.clone());
        self.grid_ids.insert(grid, id);
        id
    }

    /// The instants of a grid.
    pub(crate) fn instants(&self, id: GridId) -> Grid {
        self.grids.get(id.0).cloned().unwrap_or_else(|| Grid::single(0))
    }

    /// All nodes in the order in which they were made.
    pub(crate) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }
}
