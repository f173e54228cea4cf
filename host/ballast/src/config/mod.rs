//! The configuration: one YAML file, read strictly and as a whole. All problems of a file are found at once, each at its
//! place; a file with a problem yields no configuration.
//!
//! ```text
//! text ─► tree (positions) ─► sections (keys, values, environment, secrets) ─► Config ─► engine's Settings
//! ```
//! What a key means is its section's; what is done with it is decided elsewhere.

mod closest;
mod context;
mod map;
mod secret;
mod sections;
mod shown;
mod text;
mod tree;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ballast_alerting::{Position, Problem};
use ballast_engine::Settings;
use ballast_outbound::{HttpConnectorConfig, RemoteConfig, ScrapeJob};
use ballast_types::PluginName;

use context::{Context, Environment, Findings};
use map::Map;
use sections::alerting::Alerting;
use sections::automation::Automation;
use sections::chaos::Chaos;
use sections::folders::{Plugins, Storage};
pub(crate) use sections::logging::{LogFormat, Logging};
use sections::monitoring::Monitoring;
use sections::scrape::{self, Jobs};
use sections::server::Server;
pub(crate) use shown::shown;
use tree::Node;

/// An indicator under verification is looked at so often, and never more rarely.
const VERIFICATION_INTERVAL_MAX: Duration = Duration::from_secs(5);

/// A configuration that checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where the API listens.
    pub(crate) server: Server,
    /// What Ballast logs about itself.
    pub(crate) logging: Logging,
    /// What the engine is told.
    pub(crate) settings: Settings,
    /// The bounds of the series store.
    pub(crate) series: ballast_tsdb::Options,
    /// What is scraped besides the targets of services, as Prometheus says it.
    pub(crate) jobs: Vec<ScrapeJob>,
    /// How services are acted on.
    pub(crate) connectors: Vec<HttpConnectorConfig>,
    /// Where the samples are that rules judge, where that is not this host.
    pub(crate) remote: Option<RemoteConfig>,
    /// Where each runbook is named: file and place.
    pub(crate) runbook_places: BTreeMap<PluginName, (String, Position)>,
    /// Folder of compiled components.
    pub(crate) plugin_cache: PathBuf,
    /// Who is told; nobody yet.
    #[expect(dead_code, reason = "read and checked for the delivery that comes with notifications")]
    pub(crate) alerting: Alerting,
    /// Experiments on a schedule; none yet.
    #[expect(dead_code, reason = "read and checked for the experiments that come with chaos engineering")]
    pub(crate) chaos: Chaos,
}

impl Config {
    /// Whether a restart with this one would change nothing.
    pub(crate) fn means_the_same_as(&self, other: &Config) -> bool {
        // Connectors have no equality; what they are shown as leaves out only the values of headers.
        let connectors = |config: &Config| format!("{:?}", config.connectors);
        self.settings == other.settings
            && self.server == other.server
            && self.series == other.series
            && self.jobs == other.jobs
            && self.logging == other.logging
            && self.plugin_cache == other.plugin_cache
            && self.remote == other.remote
            && connectors(self) == connectors(other)
    }
}

/// What came of reading a file.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The configuration, where there is no problem.
    pub(crate) config: Option<Config>,
    /// Why there is none, in the order of the file.
    pub(crate) problems: Vec<Problem>,
    /// What is odd, but works.
    pub(crate) warnings: Vec<Problem>,
    /// Name and text of the files that it includes, for showing places in them.
    pub(crate) included: Vec<(String, String)>,
}

/// Reads a file and everything that it refers to.
///
/// # Errors
/// When the file itself cannot be read.
pub(crate) fn load(file: &Path) -> std::io::Result<(String, Reading)> {
    let source = std::fs::read_to_string(file)?;
    let reading = read(file, &source, &|name| std::env::var(name).ok());
    Ok((source, reading))
}

/// Reads a text as the file of that name.
pub(crate) fn read(file: &Path, source: &str, environment: Environment<'_>) -> Reading {
    let context = Context::new(file, source, environment);
    let config = match tree::parse(source) {
        Ok(root) => Some(root_of(&context, &root)),
        Err((at, message)) => {
            context.problem(at, message);
            None
        }
    };
    let Findings { problems, warnings, included } = context.finish();
    Reading { config: config.filter(|_| problems.is_empty()), problems, warnings, included }
}

fn root_of(context: &Context<'_>, root: &Node) -> Config {
    let mut map = Map::of(context, root);
    let features = map.get("promql", sections::promql::read).unwrap_or_default();
    context.features.set(features);
    let slo = map.get("slo", sections::slo::read).unwrap_or_default();
    let global = map.get("global", scrape::read_global).unwrap_or_default();
    let evaluation = global.evaluation_interval.unwrap_or(Monitoring::default().evaluation_interval);
    let read_monitoring =
        |context: &Context<'_>, node: &Node| sections::monitoring::read(context, node, &slo, evaluation);
    let monitoring = map.get("monitoring", read_monitoring);
    let monitoring =
        monitoring.unwrap_or_else(|| Monitoring { evaluation_interval: evaluation, ..Monitoring::default() });
    let jobs = jobs(context, &mut map, &global);
    let read_automation =
        |context: &Context<'_>, node: &Node| sections::automation::read(context, node, &monitoring.services);
    let automation = map.get("automation", read_automation).unwrap_or_default();
    let server = map.get("server", sections::server::read).unwrap_or_default();
    let folders = Folders {
        storage: map.get("storage", sections::folders::read_storage).unwrap_or_default(),
        rules: map.get("rules", sections::folders::read_rules),
        plugins: map.get("plugins", sections::folders::read_plugins).unwrap_or_default(),
    };
    let logging = map.get("logging", sections::logging::read).unwrap_or_default();
    let alerting = map.get("alerting", sections::alerting::read).unwrap_or_default();
    let chaos = map.get("chaos", sections::chaos::read).unwrap_or_default();
    let remote = map.get("source", sections::source::read);
    map.finish();
    let discovered = jobs.iter().map(|job| job.interval).max().unwrap_or_default();
    let connectors = monitoring.connectors.clone();
    let series = folders.storage.series.clone();
    let data = folders.storage.path.clone().unwrap_or_else(|| context.path("data"));
    let plugin_cache = folders.plugins.cache.clone().unwrap_or_else(|| data.join("plugin-cache"));
    let places = automation.places.iter().map(|(name, at)| (name.clone(), (context.file().to_owned(), *at)));
    let runbook_places = places.collect();
    let settings = settings(context, monitoring, automation, &alerting, folders, data, discovered);
    Config {
        server,
        logging,
        settings,
        series,
        jobs,
        connectors,
        remote,
        runbook_places,
        plugin_cache,
        alerting,
        chaos,
    }
}

/// The jobs of this file and of those that it includes; each name once in all.
fn jobs(context: &Context<'_>, map: &mut Map<'_, '_>, global: &scrape::Global) -> Vec<ScrapeJob> {
    let mut jobs = Jobs::default();
    if let Some(node) = map.node("scrape_configs") {
        jobs.read(context, node, global);
    }
    if let Some(node) = map.node("scrape_config_files") {
        scrape::read_files(context, node, global, &mut jobs);
    }
    jobs.jobs
}

/// Where things lie, as given.
struct Folders {
    storage: Storage,
    rules: Option<PathBuf>,
    plugins: Plugins,
}

fn settings(
    context: &Context<'_>,
    monitoring: Monitoring,
    automation: Automation,
    alerting: &Alerting,
    folders: Folders,
    data: PathBuf,
    discovered_interval: Duration,
) -> Settings {
    Settings {
        services: monitoring.services,
        targets: monitoring.targets,
        policies: automation.policies,
        discovered_interval,
        features: context.features.get(),
        evaluation_interval: monitoring.evaluation_interval,
        verification_interval: monitoring.evaluation_interval.min(VERIFICATION_INTERVAL_MAX),
        deduplication_window: alerting.deduplication_window,
        resolve_hold: automation.resolve_hold,
        retention: folders.storage.retention,
        rules_folder: folders.rules.unwrap_or_else(|| context.path("rules")),
        plugins_folder: folders.plugins.path.unwrap_or_else(|| context.path("plugins")),
        data_folder: data,
    }
}

#[cfg(test)]
mod scrape_tests;
#[cfg(test)]
mod tests;
