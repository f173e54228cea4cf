//! Bench `plugin`: what a plugin costs to start, call and drop. The sandbox's own program measures, in its own process.
//!
//! This side builds it with the release profile, runs it on the smallest guest there is, and reads a line of JSON a measure.

use super::report::Row;
use super::{Bench, Context, lines};
use crate::error::Result;
use crate::{process, setup};

/// The guest that is measured, in target/test-guests.
const GUEST: &str = "minimal.wasm";

/// Instantiate, call and drop a plugin.
pub(crate) struct Plugin;

impl Bench for Plugin {
    fn name(&self) -> &'static str {
        "plugin"
    }

    fn description(&self) -> &'static str {
        "instantiate, call and drop a Rust plugin: latency, throughput, memory an instance"
    }

    fn measure(&self, context: &Context<'_>) -> Result<Vec<Row>> {
        let workspace = context.workspace;
        setup::guests(workspace)?;
        let guest = workspace.test_guests().join(GUEST);
        let mut run = process::cargo(workspace.root());
        run.args(["run", "--release", "-p", "ballast-tests", "--bin", "bench-plugin", "--", "--guest"])
            .arg(guest);
        lines::parse("bench-plugin", &process::read(run.envs(workspace.environment()))?)
    }
}
