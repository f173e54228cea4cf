//! The parts of a host, opened as the configuration says. Damage that a store could read past is logged; the host goes on with
//! what there is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ballast_engine::application::Parts;
use ballast_outbound::{
    DiscoveredTargets, HttpConnector, HttpRemote, HttpScraper, HttpSender, HttpSenderConfig, ScrapeJob,
};
use ballast_ports::{Connector, RemoteQueries, SeriesStore, Store, StoreError, TargetSource};
use ballast_sandbox::{SandboxConfig, WasmRuntime};
use ballast_store::DurableStore;
use ballast_tsdb::{Options, SeriesDb};
use ballast_types::{Interner, ServiceName};

use super::clock::SystemClock;
use super::series::{DurableSeries, store_error};
use crate::config::Config;
use crate::failure::Failure;

/// Makes the folders that are watched: one that is missing could not be.
pub(super) fn make_folders(config: &Config) -> Result<(), Failure> {
    let settings = &config.settings;
    for folder in [&settings.rules_folder, &settings.plugins_folder, &settings.data_folder] {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("create the folder {}", folder.display()), error))?;
    }
    Ok(())
}

/// Opens everything.
pub(super) async fn open(config: &Config) -> Result<Parts, Failure> {
    let data = config.settings.data_folder.clone();
    // One table of texts for all that make labels and keep them.
    let interner = Interner::default();
    let (options, texts) = (config.series.clone(), interner.clone());
    // Both read their logs back, which may take seconds.
    let open = move || Ok((store(&data.join("state"))?, series(&data.join("series"), options, texts)?));
    let opened = tokio::task::spawn_blocking(open).await;
    let (store, series) = opened.map_err(|error| Failure::new("open the stores", error))??;
    let failed = |reason: String| Failure::new("run", format!("failed to {reason}"));
    let runtime =
        WasmRuntime::new(SandboxConfig::new(&config.plugin_cache)).map_err(|e| failed(e.to_string()))?;
    let scraper = HttpScraper::new(interner.clone());
    let http =
        HttpSender::new(HttpSenderConfig { allow_private: granted_hosts(config), ..Default::default() });
    Ok(Parts {
        store,
        series,
        clock: Arc::new(SystemClock),
        runtime: Arc::new(runtime),
        scraper: Arc::new(scraper),
        target_sources: target_sources(config),
        label_texts: interner,
        remote: remote(config)?,
        connectors: connectors(config)?,
        http: Arc::new(http.map_err(|error| failed(error.to_string()))?),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// The targets of each job; nothing is looked for yet.
fn target_sources(config: &Config) -> Vec<Box<dyn TargetSource>> {
    let source = |job: &ScrapeJob| Box::new(DiscoveredTargets::new(job.clone())) as Box<dyn TargetSource>;
    config.jobs.iter().map(source).collect()
}

/// A host that the operator granted by name may lie inside the network: that is where most of them are.
fn granted_hosts(config: &Config) -> std::collections::BTreeSet<String> {
    config.settings.policies.iter().flat_map(|policy| policy.grant.hosts.iter().cloned()).collect()
}

fn store(folder: &Path) -> Result<Arc<dyn Store>, Failure> {
    let (store, report) = DurableStore::open(folder).map_err(unopened)?;
    for damage in &report.damaged {
        tracing::warn!(%damage, "the store is damaged; going on with the rest");
    }
    if report.rebuilt && report.commits > 0 {
        tracing::warn!(commits = report.commits, "the records were folded anew from the event log");
    }
    tracing::info!(commits = report.commits, journal_entries = report.journal_entries, "opened the store");
    Ok(Arc::new(store))
}

fn series(folder: &Path, options: Options, interner: Interner) -> Result<Arc<dyn SeriesStore>, Failure> {
    let (series, report) = SeriesDb::open(folder, options, interner).map_err(|e| unopened(store_error(e)))?;
    if report.damaged + report.orphaned > 0 {
        let (damaged, orphaned) = (report.damaged, report.orphaned);
        tracing::warn!(damaged, orphaned, "the series store is damaged; going on with the rest");
    }
    let (samples, blocks) = (report.samples, report.blocks);
    tracing::info!(samples, blocks, series = series.series_count(), "opened the series store");
    Ok(Arc::new(DurableSeries::new(series)))
}

fn unopened(error: StoreError) -> Failure {
    let help = match &error {
        StoreError::InUse { .. } => "is another `ballast serve` running on the same `storage.path`?",
        _ => "check that `storage.path` can be written and the disk has room",
    };
    Failure::with_help("open the data folder", format!("failed to {error}"), help)
}

fn remote(config: &Config) -> Result<Option<Arc<dyn RemoteQueries>>, Failure> {
    let Some(remote) = &config.remote else { return Ok(None) };
    let remote = HttpRemote::new(remote.clone())
        .map_err(|error| Failure::new("ask the remote source", format!("failed to {error}")))?;
    Ok(Some(Arc::new(remote)))
}

fn connectors(config: &Config) -> Result<BTreeMap<ServiceName, Arc<dyn Connector>>, Failure> {
    let mut connectors: BTreeMap<ServiceName, Arc<dyn Connector>> = BTreeMap::new();
    for connector in &config.connectors {
        let service = connector.service.clone();
        let made = HttpConnector::new(connector.clone())
            .map_err(|error| Failure::new(format!("connect to {service}"), format!("failed to {error}")))?;
        connectors.insert(service, Arc::new(made));
    }
    Ok(connectors)
}
