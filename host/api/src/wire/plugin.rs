//! Plugins.

use ballast_engine::PluginStatus;
use ballast_types::plugin::InstalledPlugin;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::problem::{ProblemError, of_file};

/// A component in the plugins' folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plugin {
    /// Its file.
    file: String,
    /// What is in force; null where nothing is.
    installed: Option<Installed>,
    /// Why what lies in the file now is not in force.
    problem: Option<String>,
}

/// A component that was compiled, checked and described.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Installed {
    name: String,
    version: String,
    summary: String,
    /// `rule`, `runbook`, `experiment`, `capacity-model`, `notifier` or `probe`.
    kind: &'static str,
    /// The contract's version that it was built against.
    contract: String,
    /// SHA-256 of its bytes.
    digest: String,
    /// The interfaces that it imports.
    imports: Vec<&'static str>,
    /// What it asks for, each with the reason.
    needs: Vec<Need>,
    /// JSON Schema of its parameters; null where it has none.
    parameters_schema: Option<Json>,
}

/// A capability that a plugin asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Need {
    capability: &'static str,
    reason: String,
}

impl From<&InstalledPlugin> for Installed {
    fn from(plugin: &InstalledPlugin) -> Self {
        let needs = plugin.manifest.needs.iter();
        Installed {
            name: plugin.manifest.name.to_string(),
            version: plugin.manifest.version.clone(),
            summary: plugin.manifest.summary.clone(),
            kind: plugin.kind.name(),
            contract: plugin.contract.clone(),
            digest: plugin.digest.to_string(),
            imports: plugin.imports.iter().map(|capability| capability.name()).collect(),
            needs: needs.map(|(c, reason)| Need { capability: c.name(), reason: reason.clone() }).collect(),
            parameters_schema: serde_json::from_str(&plugin.manifest.parameters_schema).ok(),
        }
    }
}

impl From<&PluginStatus> for Plugin {
    fn from(plugin: &PluginStatus) -> Self {
        Plugin {
            file: plugin.file.display().to_string(),
            installed: plugin.installed.as_ref().map(Installed::from),
            problem: plugin.problem.clone(),
        }
    }
}

/// All components in the folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginList {
    /// By file.
    pub(crate) plugins: Vec<Plugin>,
}

/// What is wrong with the components in the folder.
pub(crate) fn problems(plugins: &[PluginStatus]) -> Vec<ProblemError> {
    let wrong = plugins.iter().filter_map(|plugin| Some((plugin, plugin.problem.clone()?)));
    wrong.map(|(plugin, problem)| of_file(plugin.file.display().to_string(), problem)).collect()
}
