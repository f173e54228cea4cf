//! The plugin runtime: installs components and runs them. Holds the engine, the installed plugins and the ticker.
//!
//! A run takes the plugin as it is at that moment; one that is installed meanwhile changes only runs that begin later.
//! A run needs a tokio runtime with its timer, and starts no task of its own; installing compiles on a blocking thread.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use ballast_ports::plugin_runtime::{Door, Halt, PluginRuntime, RunFailure, RunRequest};
use ballast_types::Digest;
use ballast_types::execution::Outcome;
use ballast_types::hash::sha256_hex;
use ballast_types::plugin::{Capability, Grant, InstalledPlugin, Manifest, RunLimits};
use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::cache::Cache;
use crate::config::{self, SandboxConfig, SandboxError};
use crate::contract::{Contract, Fit};
use crate::convert;
use crate::link::{Linked, link};
use crate::plugin::{Plugin, describe};
use crate::run::Closed;
use crate::ticker::Ticker;

/// Runs Wasm components.
pub struct WasmRuntime {
    engine: Engine,
    contract: Arc<Contract>,
    cache: Arc<Cache>,
    plugins: ArcSwap<HashMap<Digest, Arc<Plugin>>>,
    instances: Semaphore,
    memory_bytes_max: usize,
    closed: Arc<dyn Door>,
    _ticker: Ticker,
}

impl WasmRuntime {
    /// Sets the engine up, opens the compile cache, and starts the thread that ends slices of time.
    ///
    /// # Errors
    /// When there is no engine for this machine, or the cache's folder cannot be used.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let engine = config::engine(&config)?;
        let contract = Contract::load().map_err(SandboxError::Contract)?;
        let cache = Cache::open(&config.cache_dir, &engine)
            .map_err(|source| SandboxError::Cache { folder: config.cache_dir.clone(), source })?;
        let ticker = Ticker::start(engine.weak()).map_err(SandboxError::Ticker)?;
        Ok(WasmRuntime {
            engine,
            contract: Arc::new(contract),
            cache: Arc::new(cache),
            plugins: ArcSwap::default(),
            instances: Semaphore::new(config.instances_max as usize),
            memory_bytes_max: config.memory_bytes_max,
            closed: Arc::new(Closed),
            _ticker: ticker,
        })
    }

    /// Asks an installed component again what it is: the cheapest call that there is.
    ///
    /// # Errors
    /// When it is not installed, or does not answer this time.
    pub async fn describe(&self, digest: &Digest) -> Result<Manifest, RunFailure> {
        let plugin = self.plugin(digest)?;
        self.describe_linked(plugin.linked()).await
    }

    async fn describe_linked(&self, linked: &Linked) -> Result<Manifest, RunFailure> {
        let _instance = self.instances.acquire().await.map_err(|_| Halt::Cancelled)?;
        describe(linked, &self.engine, Arc::clone(&self.closed)).await
    }

    fn plugin(&self, digest: &Digest) -> Result<Arc<Plugin>, RunFailure> {
        self.plugins.load().get(digest).cloned().ok_or_else(|| RunFailure::Unknown(digest.clone()))
    }

    fn insert(&self, plugin: Plugin) {
        let plugin = Arc::new(plugin);
        self.plugins.rcu(|plugins| {
            let mut plugins = HashMap::clone(plugins);
            plugins.insert(plugin.info().digest.clone(), Arc::clone(&plugin));
            plugins
        });
    }

    /// Checks, compiles and links, away from the threads that serve others.
    async fn prepare(&self, digest: Digest, bytes: Vec<u8>) -> Result<(Fit, Linked), RunFailure> {
        let (contract, cache) = (Arc::clone(&self.contract), Arc::clone(&self.cache));
        let work = move || prepare(&contract, &cache, &digest, &bytes).map_err(RunFailure::Unfit);
        let prepared = tokio::task::spawn_blocking(work).await;
        prepared.unwrap_or_else(|error| Err(RunFailure::Unfit(format!("compiling it failed: {error}"))))
    }
}

fn prepare(
    contract: &Contract,
    cache: &Cache,
    digest: &Digest,
    bytes: &[u8],
) -> Result<(Fit, Linked), String> {
    let fit = contract.inspect(bytes)?;
    let component =
        cache.component(digest, bytes).map_err(|error| format!("it does not compile: {error:#}"))?;
    let linked = link(&component, fit.kind, &fit.imports)
        .map_err(|error| format!("it does not fit contract {}: {error:#}", fit.version))?;
    Ok((fit, linked))
}

/// Operators grant by what the manifest asks for; a plugin that imports more will be refused at its first run.
fn warn_of_silence(fit: &Fit, manifest: &Manifest) {
    let asked = |capability: &Capability| manifest.needs.iter().any(|(need, _)| need == capability);
    for capability in fit.imports.iter().filter(|capability| !capability.is_free() && !asked(capability)) {
        tracing::warn!(plugin = %manifest.name, %capability, "the plugin imports an interface that its manifest does not mention");
    }
}

#[async_trait]
impl PluginRuntime for WasmRuntime {
    async fn install(&self, bytes: Vec<u8>) -> Result<InstalledPlugin, RunFailure> {
        let digest = Digest::new(sha256_hex(&bytes));
        let (fit, linked) = self.prepare(digest.clone(), bytes).await?;
        let manifest = self.describe_linked(&linked).await.map_err(|failure| match failure {
            RunFailure::Unfit(text) => RunFailure::Unfit(text),
            other => RunFailure::Unfit(format!("asked to describe itself, it {other}")),
        })?;
        warn_of_silence(&fit, &manifest);
        let Fit { kind, version, imports } = fit;
        let info = InstalledPlugin { digest, kind, contract: version, imports, manifest };
        self.insert(Plugin::new(linked, info.clone()));
        Ok(info)
    }

    fn is_installed(&self, digest: &Digest) -> bool {
        self.plugins.load().contains_key(digest)
    }

    fn check_grant(&self, digest: &Digest, grant: &Grant) -> Result<(), RunFailure> {
        self.plugin(digest)?.check_grant(grant)
    }

    async fn run_runbook(&self, request: RunRequest, door: Arc<dyn Door>) -> Result<Outcome, RunFailure> {
        let plugin = self.plugin(&request.digest)?;
        plugin.check_grant(&request.grant)?;
        let memory_bytes_max = request.limits.memory_bytes_max.min(self.memory_bytes_max);
        let limits = RunLimits { memory_bytes_max, ..request.limits };
        let context = convert::context(&request);
        // Closed only when the runtime is dropped, which nobody can do who still runs something.
        let _instance = self.instances.acquire().await.map_err(|_| Halt::Cancelled)?;
        plugin.run(&self.engine, &context, &limits, door).await
    }
}
