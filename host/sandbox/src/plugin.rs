//! One installed component: what it is, what it imports, and the preparation that its instances are made of.
//!
//! An instance lives for one call of one export, in a store of its own.

use std::sync::Arc;
use std::time::Duration;

use ballast_ports::plugin_runtime::{Door, RunFailure};
use ballast_types::execution::Outcome;
use ballast_types::plugin::{Grant, InstalledPlugin, Manifest, RunLimits};
use wasmtime::{Engine, Store};

use crate::bindings::interfaces::{shapes, types};
use crate::link::Linked;
use crate::run::Run;
use crate::{convert, failure, manifest, size};

/// What describing itself may cost a plugin. No call is answered, so nothing legitimate takes long; only a guest with an
/// interpreter in it needs more than an instant.
const DESCRIBE_LIMITS: RunLimits = RunLimits {
    memory_bytes_max: 64 << 20,
    busy_max: Duration::from_millis(500),
    call_max: Duration::from_millis(100),
    output_bytes_max: 256 << 10,
    total_max: Duration::from_secs(1),
};

/// A component that can run.
pub(crate) struct Plugin {
    linked: Linked,
    info: InstalledPlugin,
}

impl Plugin {
    /// A linked component that has described itself.
    pub(crate) fn new(linked: Linked, info: InstalledPlugin) -> Self {
        Plugin { linked, info }
    }

    /// What it is.
    pub(crate) fn info(&self) -> &InstalledPlugin {
        &self.info
    }

    /// What it was linked to.
    pub(crate) fn linked(&self) -> &Linked {
        &self.linked
    }

    /// Refuses a grant that does not cover what it imports.
    pub(crate) fn check_grant(&self, grant: &Grant) -> Result<(), RunFailure> {
        match self.info.imports.iter().find(|capability| !grant.allows(**capability)) {
            Some(missing) => Err(RunFailure::NotGranted(missing.name().to_owned())),
            None => Ok(()),
        }
    }

    /// Runs it as a runbook, in a fresh instance.
    pub(crate) async fn run(
        &self,
        engine: &Engine,
        context: &shapes::Context,
        limits: &RunLimits,
        door: Arc<dyn Door>,
    ) -> Result<Outcome, RunFailure> {
        let Some(runbook) = &self.linked.runbook else {
            let kind = self.info.kind.name();
            return Err(RunFailure::Unfit(format!(
                "it is a {kind}, and this host does not run that kind yet"
            )));
        };
        let mut store = Run::store(engine, limits, door);
        let returned = match runbook.instantiate_async(&mut store).await {
            Ok(instance) => instance.call_run(&mut store, context).await,
            Err(error) => Err(error),
        };
        match returned {
            Ok(Ok(outcome)) => bounded(outcome, limits),
            Ok(Err(error)) => Err(RunFailure::Guest(convert::call_error(error))),
            Err(error) => Err(failure::of(&error, limits, store.data())),
        }
    }
}

fn bounded(outcome: shapes::Outcome, limits: &RunLimits) -> Result<Outcome, RunFailure> {
    let outcome = convert::outcome(outcome).map_err(RunFailure::Guest)?;
    if size::of_outcome(&outcome) > limits.output_bytes_max {
        return Err(RunFailure::Output { limit_bytes: limits.output_bytes_max });
    }
    Ok(outcome)
}

/// Asks a component what it is, in a fresh instance.
pub(crate) async fn describe(
    linked: &Linked,
    engine: &Engine,
    closed: Arc<dyn Door>,
) -> Result<Manifest, RunFailure> {
    let mut store = Run::store(engine, &DESCRIBE_LIMITS, closed);
    let described = call_describe(linked, &mut store).await;
    let manifest = described.map_err(|error| failure::of(&error, &DESCRIBE_LIMITS, store.data()))?;
    manifest::check(manifest).map_err(RunFailure::Unfit)
}

async fn call_describe(linked: &Linked, store: &mut Store<Run>) -> wasmtime::Result<types::Manifest> {
    let instance = linked.pre.instantiate_async(&mut *store).await?;
    let describe = instance.get_typed_func::<(), (types::Manifest,)>(&mut *store, "describe")?;
    let (manifest,) = describe.call_async(&mut *store, ()).await?;
    Ok(manifest)
}
