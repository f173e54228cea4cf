//! What the engine is told by the configuration, already parsed and checked.

use std::path::PathBuf;
use std::time::Duration;

use ballast_automation::RunbookPolicy;
use ballast_ports::ScrapeTarget;
use ballast_promql::syntax::Features;
use ballast_types::ServiceName;
use ballast_types::service::Service;

/// One target to scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSettings {
    /// What to fetch.
    pub target: ScrapeTarget,
    /// Whose it is.
    pub service: ServiceName,
}

/// Everything that the engine needs to know. A reload replaces it as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What is watched and acted on.
    pub services: Vec<Service>,
    /// Where its metrics are.
    pub targets: Vec<TargetSettings>,
    /// Which alert starts which runbook.
    pub policies: Vec<RunbookPolicy>,
    /// The longest interval at which a job with discovery is scraped.
    pub discovered_interval: Duration,
    /// The experimental parts of PromQL that rules and queries may use.
    pub features: Features,
    /// How often a group without an interval of its own is evaluated.
    pub evaluation_interval: Duration,
    /// How often an indicator under verification is looked at.
    pub verification_interval: Duration,
    /// How long after its end an incident takes its own alerts back instead of another being opened.
    pub deduplication_window: Duration,
    /// How long an incident stays mitigated, with all its alerts over, before it counts as resolved.
    pub resolve_hold: Duration,
    /// How long samples are kept.
    pub retention: Duration,
    /// Folder of rule files.
    pub rules_folder: PathBuf,
    /// Folder of components.
    pub plugins_folder: PathBuf,
    /// Folder for what the engine keeps itself (copies of the components that executions are pinned to).
    pub data_folder: PathBuf,
}

impl Settings {
    /// The service of that name.
    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// The policy of a runbook.
    pub fn policy(&self, runbook: &ballast_types::PluginName) -> Option<&RunbookPolicy> {
        self.policies.iter().find(|policy| policy.runbook == *runbook)
    }
}
