//! Reloading: rules and plugins are read again when their folder changes or when somebody asks. What does not check leaves
//! what runs as it is, and is told.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ballast_types::event::Event;
use notify::{RecursiveMode, Watcher};
use tokio::sync::{Mutex, mpsc, watch};

use crate::application::ReloadReport;
use crate::core::Input;
use crate::dispatcher::Dispatcher;
use crate::plugins::{PluginChange, Plugins};
use crate::rulebook::{RuleBook, RulesRead, read_rule_files};
use crate::settings::Settings;
use crate::telemetry::Telemetry;

/// A save is several events; they are taken together when so long none has come.
const SETTLE: Duration = Duration::from_millis(100);

/// What reloading needs.
pub(crate) struct Reload {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) rulebook: Arc<RuleBook>,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) telemetry: Arc<Telemetry>,
    /// Holds the number of the last change, so that the evaluator learns of it.
    pub(crate) one_at_a_time: Mutex<watch::Sender<u64>>,
}

impl Reload {
    /// Tells of each change of the rules.
    pub(crate) async fn subscribe(&self) -> watch::Receiver<u64> {
        self.one_at_a_time.lock().await.subscribe()
    }

    /// Reads rules and plugins again.
    pub(crate) async fn everything(&self) -> ReloadReport {
        let changed = self.one_at_a_time.lock().await;
        let settings = self.dispatcher.core().settings().clone();
        // Rules first: a component that has to be compiled keeps nobody waiting for them.
        let rules = self.rules(&settings).await;
        if rules.changed {
            changed.send_modify(|number| *number += 1);
        }
        let plugins = self.plugins(&settings).await;
        self.telemetry.reloaded(rules.problems.is_empty() && plugins.is_empty());
        ReloadReport { rules: rules.problems, plugins }
    }

    async fn rules(&self, settings: &Settings) -> RulesRead {
        let (folder, rulebook) = (settings.rules_folder.clone(), self.rulebook.clone());
        let before = rulebook.problems();
        let read = tokio::task::spawn_blocking(move || match read_rule_files(&folder) {
            Ok(files) => Ok(rulebook.take_over(files)),
            Err(error) => Err(format!("{}: {error}", folder.display())),
        });
        let read = match read.await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => return self.unreadable(settings, error).await,
            Err(error) => return self.unreadable(settings, error.to_string()).await,
        };
        if read.problems != **before && !read.problems.is_empty() {
            let problems: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
            for problem in &problems {
                tracing::error!("{problem}");
            }
            self.tell(Input::Told(Event::RulesRejected { problems })).await;
        }
        if read.changed {
            self.tell(Input::RulesReplaced { rules: self.rulebook.ids() }).await;
            self.tell(Input::Told(Event::RulesLoaded { rules: read.rules, files: read.files })).await;
        }
        read
    }

    /// A folder that cannot be read leaves everything as it is.
    async fn unreadable(&self, settings: &Settings, reason: String) -> RulesRead {
        tracing::error!(%reason, "cannot read the rules");
        self.rulebook.refuse(&settings.rules_folder, &reason);
        self.tell(Input::Told(Event::RulesRejected { problems: vec![reason] })).await;
        RulesRead {
            rules: self.rulebook.rules().rule_count(),
            files: 0,
            changed: false,
            problems: Vec::new(),
        }
    }

    async fn plugins(&self, settings: &Settings) -> Vec<(String, String)> {
        let changes = self.plugins.refresh(settings).await;
        self.tell(Input::Plugins(self.plugins.in_force())).await;
        for change in changes {
            self.tell(Input::Told(match change {
                PluginChange::Loaded(plugin) => Event::PluginLoaded {
                    name: plugin.manifest.name,
                    version: plugin.manifest.version,
                    digest: plugin.digest,
                },
                PluginChange::Rejected { file, reason } => {
                    tracing::error!(%file, %reason, "a plugin was refused");
                    Event::PluginRejected { file, reason }
                }
            }))
            .await;
        }
        let problem = |s: crate::plugins::PluginStatus| Some((s.file.display().to_string(), s.problem?));
        self.plugins.statuses().into_iter().filter_map(problem).collect()
    }

    async fn tell(&self, input: Input) {
        if let Err(error) = self.dispatcher.submit(input).await {
            tracing::warn!(%error, "cannot note a reload");
        }
    }
}

/// Reloads on every change in the folders, until the engine stops. Where the system cannot watch, asking still works.
pub(crate) async fn watch(reload: Arc<Reload>, settings: Arc<Settings>) {
    let (sender, mut changes) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |event: Result<notify::Event, notify::Error>| {
        // A full channel already holds a change that has not been looked at yet; reads alone are no change.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            let _ = sender.try_send(());
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => return tracing::error!(%error, "cannot watch folders; reload with POST /-/reload"),
    };
    for folder in [&settings.rules_folder, &settings.plugins_folder] {
        watch_folder(&mut watcher, folder);
    }
    while changes.recv().await.is_some() {
        while tokio::time::timeout(SETTLE, changes.recv()).await.is_ok_and(|change| change.is_some()) {}
        reload.everything().await;
    }
}

fn watch_folder(watcher: &mut impl Watcher, folder: &Path) {
    if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
        tracing::warn!(folder = %folder.display(), %error, "cannot watch; reload with POST /-/reload");
    }
}
