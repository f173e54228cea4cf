//! Components: whether each fits the contract, and whether the runbooks that the configuration names are there and were granted
//! what they import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ballast_alerting::{Position, Problem};
use ballast_ports::PluginRuntime;
use ballast_sandbox::{SandboxConfig, WasmRuntime};
use ballast_types::PluginName;
use ballast_types::plugin::{InstalledPlugin, PluginKind};

use super::Checked;
use super::files::Files;
use crate::config::Config;
use crate::failure::Failure;

/// Installs every component in a sandbox of its own, and compares them with the configuration.
pub(super) async fn check(
    checked: &mut Checked,
    files: &Files,
    config: Option<&Config>,
) -> Result<(), Failure> {
    let mut installed = BTreeMap::new();
    let cache = TemporaryFolder::new();
    if !files.components.is_empty() {
        let runtime = runtime(&cache.0)?;
        for file in &files.components {
            let bytes = std::fs::read(file).map_err(|source| Failure::Read { file: file.clone(), source })?;
            checked.plugins += 1;
            match runtime.install(bytes).await {
                Ok(plugin) => {
                    granted(checked, &runtime, file, &plugin, config);
                    installed.insert(plugin.manifest.name.clone(), plugin);
                }
                Err(failure) => checked.error(whole_file(file, format!("failed to {failure}"))),
            }
        }
    }
    if let Some(config) = config {
        named(checked, &installed, config);
    }
    Ok(())
}

/// The compiled components of a check are thrown away, so that a check leaves nothing where the service keeps its own.
fn runtime(cache: &Path) -> Result<WasmRuntime, Failure> {
    let config = SandboxConfig { instances_max: 4, ..SandboxConfig::new(cache) };
    WasmRuntime::new(config).map_err(|error| Failure::new("check components", error))
}

fn granted(
    checked: &mut Checked,
    runtime: &WasmRuntime,
    file: &Path,
    plugin: &InstalledPlugin,
    config: Option<&Config>,
) {
    let Some(policy) = config.and_then(|config| config.settings.policy(&plugin.manifest.name)) else {
        return;
    };
    if let Err(failure) = runtime.check_grant(&plugin.digest, &policy.grant) {
        let mut problem = whole_file(file, format!("failed to {failure}"));
        problem.help = Some(format!("add it to the grant of `{}`", plugin.manifest.name));
        checked.error(problem);
    }
}

/// Whether each runbook that the configuration names is there.
fn named(checked: &mut Checked, installed: &BTreeMap<PluginName, InstalledPlugin>, config: &Config) {
    for (name, (file, at)) in &config.runbook_places {
        let (message, help) = match installed.get(name).map(|plugin| plugin.kind) {
            Some(PluginKind::Runbook) => continue,
            Some(kind) => (format!("the plugin `{name}` is no runbook but a {}", kind.name()), None),
            None => {
                let folder = config.settings.plugins_folder.display();
                let message = format!("there is no plugin `{name}` in {folder}");
                let names: Vec<_> = installed.keys().map(PluginName::as_str).collect();
                let help =
                    if names.is_empty() { None } else { Some(format!("there are {}", names.join(", "))) };
                (message, help)
            }
        };
        let Position { line, column } = *at;
        checked.error(Problem { file: file.clone(), line, column, message, help });
    }
}

fn whole_file(file: &Path, message: String) -> Problem {
    Problem { file: file.display().to_string(), line: 1, column: 1, message, help: None }
}

/// A folder that goes when it is dropped.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Self {
        TemporaryFolder(std::env::temp_dir().join(format!("ballast-check-{}", std::process::id())))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
