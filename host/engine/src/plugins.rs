//! Which plugin is in force under which name. A component that does not fit never replaces the one that runs, and a
//! component that an execution is pinned to stays available after its successor came.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ballast_ports::{PluginRuntime, RunFailure};
use ballast_types::hash::sha256_hex;
use ballast_types::plugin::InstalledPlugin;
use ballast_types::{Digest, PluginName};

use crate::settings::Settings;

/// The file that lists what was last in force.
const LAST_GOOD: &str = "last-good.json";

/// A component in the folder, as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginStatus {
    /// Its file.
    pub file: PathBuf,
    /// What is in force, where anything is.
    pub installed: Option<InstalledPlugin>,
    /// Why what lies in the file now is not in force.
    pub problem: Option<String>,
}

/// What a look at the folder changed.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginChange {
    /// A component took effect.
    Loaded(InstalledPlugin),
    /// A component was refused.
    Rejected {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

/// The plugins of one host.
pub struct Plugins {
    runtime: Arc<dyn PluginRuntime>,
    pinned: PathBuf,
    /// The last good component of each file, over restarts: a file that was broken meanwhile does not take it away.
    last_good: RwLock<BTreeMap<PathBuf, Digest>>,
    seen: RwLock<BTreeMap<PathBuf, (String, PluginStatus)>>,
}

impl Plugins {
    /// An empty registry; `data_folder` keeps copies for executions that are pinned to an older component.
    pub fn new(runtime: Arc<dyn PluginRuntime>, data_folder: &Path) -> Self {
        let pinned = data_folder.join("components");
        let remembered = std::fs::read(pinned.join(LAST_GOOD)).ok();
        let last_good = remembered.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Plugins { runtime, pinned, last_good: RwLock::new(last_good), seen: RwLock::default() }
    }

    /// The runtime itself.
    pub(crate) fn runtime(&self) -> &Arc<dyn PluginRuntime> {
        &self.runtime
    }

    /// All files with what became of them.
    pub fn statuses(&self) -> Vec<PluginStatus> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.values().map(|(_, status)| status.clone()).collect()
    }

    /// What is in force, by name.
    pub fn in_force(&self) -> BTreeMap<PluginName, InstalledPlugin> {
        let installed = self.statuses().into_iter().filter_map(|status| status.installed);
        installed.map(|plugin| (plugin.manifest.name.clone(), plugin)).collect()
    }

    /// Looks at the folder and installs what is new. Compiling takes long; call it from a task of its own.
    pub(crate) async fn refresh(&self, settings: &Settings) -> Vec<PluginChange> {
        let mut changes = Vec::new();
        let files = component_files(&settings.plugins_folder);
        self.seen.write().unwrap_or_else(PoisonError::into_inner).retain(|file, _| files.contains(file));
        for file in files {
            let bytes = match tokio::fs::read(&file).await {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.note(&file, String::new(), Err(error.to_string()), &mut changes);
                    continue;
                }
            };
            let digest = sha256_hex(&bytes);
            if self.last_digest(&file).as_deref() == Some(&digest) {
                continue;
            }
            let installed = self.install(bytes, settings).await.map_err(|failure| failure.to_string());
            let installed = installed.and_then(|plugin| self.only_of_its_name(&file, plugin));
            if installed.is_err() {
                self.recall(&file, settings, &mut changes).await;
            }
            self.note(&file, digest, installed, &mut changes);
        }
        self.remember().await;
        changes
    }

    /// Two files with one name would take turns at being in force.
    fn only_of_its_name(&self, file: &Path, plugin: InstalledPlugin) -> Result<InstalledPlugin, String> {
        let name = &plugin.manifest.name;
        let has = |status: &PluginStatus| status.installed.as_ref().is_some_and(|p| p.manifest.name == *name);
        match self.statuses().into_iter().find(|status| status.file != file && has(status)) {
            Some(other) => {
                Err(format!("{} already holds a plugin `{name}`; remove one of them", other.file.display()))
            }
            None => Ok(plugin),
        }
    }

    /// After a restart: what was in force before stays in force where the file itself does not check now.
    async fn recall(&self, file: &Path, settings: &Settings, changes: &mut Vec<PluginChange>) {
        let last_good = self.last_good.read().unwrap_or_else(PoisonError::into_inner).get(file).cloned();
        let (None, Some(digest)) = (self.last_digest(file), last_good) else { return };
        let Ok(bytes) = tokio::fs::read(self.copy_of(&digest)).await else { return };
        if let Ok(plugin) = self.install(bytes, settings).await {
            self.note(file, digest.to_string(), Ok(plugin), changes);
        }
    }

    /// Writes down what is in force, for [`Plugins::recall`].
    async fn remember(&self) {
        let in_force = |status: PluginStatus| Some((status.file, status.installed?.digest));
        let now: BTreeMap<_, _> = self.statuses().into_iter().filter_map(in_force).collect();
        if *self.last_good.read().unwrap_or_else(PoisonError::into_inner) == now {
            return;
        }
        let text = serde_json::to_vec(&now).unwrap_or_default();
        let partial = self.pinned.join("last-good.partial");
        let written = match tokio::fs::create_dir_all(&self.pinned).await {
            Ok(()) => tokio::fs::write(&partial, text).await,
            Err(error) => Err(error),
        };
        let kept = match written {
            Ok(()) => tokio::fs::rename(&partial, self.pinned.join(LAST_GOOD)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "cannot keep the list of plugins for the next start");
        }
        *self.last_good.write().unwrap_or_else(PoisonError::into_inner) = now;
    }

    async fn install(&self, bytes: Vec<u8>, settings: &Settings) -> Result<InstalledPlugin, RunFailure> {
        let plugin = self.runtime.install(bytes.clone()).await?;
        if let Some(policy) = settings.policy(&plugin.manifest.name) {
            self.runtime.check_grant(&plugin.digest, &policy.grant)?;
        }
        self.keep_copy(&plugin.digest, &bytes).await?;
        Ok(plugin)
    }

    async fn keep_copy(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RunFailure> {
        let unfit = |error: std::io::Error| RunFailure::Unfit(format!("keep a copy: {error}"));
        let path = self.copy_of(digest);
        if tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(());
        }
        tokio::fs::create_dir_all(&self.pinned).await.map_err(unfit)?;
        let partial = path.with_extension("partial");
        tokio::fs::write(&partial, bytes).await.map_err(unfit)?;
        tokio::fs::rename(&partial, &path).await.map_err(unfit)
    }

    fn copy_of(&self, digest: &Digest) -> PathBuf {
        self.pinned.join(format!("{digest}.wasm"))
    }

    /// Makes a component runnable that an execution is pinned to, though another may be in force now.
    pub(crate) async fn ensure(&self, digest: &Digest) -> Result<(), RunFailure> {
        if self.runtime.is_installed(digest) {
            return Ok(());
        }
        let bytes =
            tokio::fs::read(self.copy_of(digest)).await.map_err(|_| RunFailure::Unknown(digest.clone()))?;
        self.runtime.install(bytes).await.map(|_| ())
    }

    fn last_digest(&self, file: &Path) -> Option<String> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.get(file).map(|(digest, _)| digest.clone())
    }

    fn note(
        &self,
        file: &Path,
        digest: String,
        result: Result<InstalledPlugin, String>,
        changes: &mut Vec<PluginChange>,
    ) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let before = seen.get(file).and_then(|(_, status)| status.installed.clone());
        let (installed, problem) = match result {
            Ok(plugin) => {
                changes.push(PluginChange::Loaded(plugin.clone()));
                (Some(plugin), None)
            }
            Err(reason) => {
                let file = file.display().to_string();
                changes.push(PluginChange::Rejected { file, reason: reason.clone() });
                (before, Some(reason))
            }
        };
        let status = PluginStatus { file: file.to_owned(), installed, problem };
        seen.insert(file.to_owned(), (digest, status));
    }
}

/// Components in a folder, by name; a folder that is not there holds none.
fn component_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "wasm")).collect();
    files.sort();
    files
}
