//! Reloading: rules and plugins are read again when their folder changes or when somebody asks. What does not check leaves
//! what runs as it is, and is told. The two halves wait for nothing of each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use ballast_alerting::Problem;
use ballast_types::event::Event;
use notify::{RecursiveMode, Watcher};
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::timeout;

use crate::application::ReloadReport;
use crate::core::Input;
use crate::dispatcher::Dispatcher;
use crate::plugins::{PluginChange, Plugins};
use crate::rulebook::{RuleBook, RulesRead, read_rule_files};
use crate::settings::Settings;
use crate::telemetry::Telemetry;

/// A save is several events; they are taken together when so long none has come.
const SETTLE: Duration = Duration::from_millis(100);
/// How often a folder is looked at though nothing was told of it.
const RESCAN: Duration = Duration::from_secs(10);

/// The files of a folder with their sizes and times; `None` where it cannot be listed.
type Glance = Option<Vec<(PathBuf, u64, Option<SystemTime>)>>;

/// What reloading needs.
pub(crate) struct Reload {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) rulebook: Arc<RuleBook>,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) one_at_a_time: OneAtATime,
}

/// Each half is reloaded by one at a time; a component that compiles keeps nobody waiting for the rules.
#[derive(Default)]
pub(crate) struct OneAtATime {
    rules: Mutex<RulesHalf>,
    /// The folder as it was when it was last read.
    plugins: Mutex<Option<Glance>>,
}

#[derive(Default)]
struct RulesHalf {
    /// Holds the number of the last change, so that the evaluator learns of it.
    changed: watch::Sender<u64>,
    /// The folder as it was when it was last read.
    seen: Option<Glance>,
}

impl Reload {
    /// Tells of each change of the rules.
    pub(crate) async fn subscribe(&self) -> watch::Receiver<u64> {
        self.one_at_a_time.rules.lock().await.changed.subscribe()
    }

    /// Reads rules and plugins again.
    pub(crate) async fn everything(&self) -> ReloadReport {
        // Rules first, for those who wait for both.
        let rules = self.reload_rules(true).await.unwrap_or_default();
        let plugins = self.reload_plugins(true).await.unwrap_or_default();
        self.telemetry.reloaded(rules.is_empty() && plugins.is_empty());
        ReloadReport { rules, plugins }
    }

    /// Reads the rules, where `always` or the folder is not as it was; what is wrong with them if they were read.
    async fn reload_rules(&self, always: bool) -> Option<Vec<Problem>> {
        let mut half = self.one_at_a_time.rules.lock().await;
        let settings = self.dispatcher.core().settings().clone();
        // Before the reading: what changes meanwhile is found by the next look.
        let now = Some(glance(&settings.rules_folder).await);
        if !always && half.seen == now {
            return None;
        }
        half.seen = now;
        let before = self.rulebook.rules().rule_count();
        let rules = self.rules(&settings).await;
        if rules.changed {
            half.changed.send_modify(|number| *number += 1);
        }
        if rules.rules == 0 && before > 0 {
            let folder = settings.rules_folder.display();
            tracing::warn!(%folder, before, "no rule is left: nothing will alert");
        }
        Some(rules.problems)
    }

    /// Reads the plugins, where `always` or the folder is not as it was; what is wrong with them if they were read.
    async fn reload_plugins(&self, always: bool) -> Option<Vec<(String, String)>> {
        let mut seen = self.one_at_a_time.plugins.lock().await;
        let settings = self.dispatcher.core().settings().clone();
        let now = Some(glance(&settings.plugins_folder).await);
        if !always && *seen == now {
            return None;
        }
        *seen = now;
        Some(self.plugins(&settings).await)
    }

    /// Reads one half; whether there was anything to read.
    async fn half(&self, half: Half, always: bool) -> bool {
        let good = match half {
            Half::Rules => self.reload_rules(always).await.map(|problems| problems.is_empty()),
            Half::Plugins => self.reload_plugins(always).await.map(|problems| problems.is_empty()),
        };
        good.inspect(|good| self.telemetry.reloaded(*good)).is_some()
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

/// A folder is listed, not read.
async fn glance(folder: &Path) -> Glance {
    let folder = folder.to_owned();
    let list = move || {
        let entries = std::fs::read_dir(folder).ok()?.flatten();
        let mut files: Vec<_> = entries
            .map(|entry| {
                // Of the file, not of a link to it.
                let about = std::fs::metadata(entry.path()).ok();
                let size = about.as_ref().map_or(0, std::fs::Metadata::len);
                (entry.path(), size, about.and_then(|about| about.modified().ok()))
            })
            .collect();
        files.sort();
        Some(files)
    };
    tokio::task::spawn_blocking(list).await.ok().flatten()
}

#[derive(Clone, Copy, Debug)]
enum Half {
    Rules,
    Plugins,
}

/// Reloads on every change in the folders, until the engine stops. Where the system cannot watch, the folders are looked
/// at every now and then.
pub(crate) async fn watch(reload: Arc<Reload>, settings: Arc<Settings>) {
    tokio::join!(
        follow(&reload, Half::Rules, &settings.rules_folder),
        follow(&reload, Half::Plugins, &settings.plugins_folder),
    );
}

async fn follow(reload: &Reload, half: Half, folder: &Path) {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let signs = Arc::new(Signs::default());
    let mut watcher = watcher(&folder, signs.clone());
    let (mut told, mut replaced) = (false, true);
    loop {
        if let (true, Some(watcher)) = (replaced, &mut watcher) {
            watch_again(watcher, &folder);
        }
        // After the watch began: nothing falls between the two.
        let read = reload.half(half, told).await;
        if read && !told && !replaced {
            // Nobody told of this change, so the watch holds on to what is no longer there.
            replaced = true;
            continue;
        }
        told = signs.wait().await;
        replaced = signs.replaced.swap(false, Ordering::SeqCst);
    }
}

/// What the watch tells.
#[derive(Debug, Default)]
struct Signs {
    any: Notify,
    /// The folder itself came, went or changed its name: a watch holds on to the folder, not to the name.
    replaced: AtomicBool,
}

impl Signs {
    /// Waits for a change and until it is over, or for so long that it is time to look; whether there was a change.
    async fn wait(&self) -> bool {
        let told = timeout(RESCAN, self.any.notified()).await.is_ok();
        let over = async { while told && timeout(SETTLE, self.any.notified()).await.is_ok() {} };
        // Where changes never end, they are read now and then all the same.
        let _ = timeout(RESCAN, over).await;
        told
    }

    /// Takes note of a path that changed, where it concerns a folder of one of these names.
    fn note(&self, path: &Path, names: &[PathBuf]) {
        let itself = names.iter().any(|name| name.starts_with(path));
        if itself {
            self.replaced.store(true, Ordering::SeqCst);
        }
        if itself || names.iter().any(|name| path.starts_with(name)) {
            self.any.notify_one();
        }
    }
}

fn watcher(folder: &Path, signs: Arc<Signs>) -> Option<notify::RecommendedWatcher> {
    // Some systems tell the name that a link leads to.
    let names = [Some(folder.to_owned()), folder.canonicalize().ok()];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let watcher = notify::recommended_watcher(move |event: Result<notify::Event, notify::Error>| {
        // Reads alone are no change.
        if let Ok(event) = event
            && !event.kind.is_access()
        {
            event.paths.iter().for_each(|path| signs.note(path, &names));
        }
    });
    watcher
        .inspect_err(|error| tracing::error!(%error, "cannot watch folders; they are looked at instead"))
        .ok()
}

/// Watches what has the folder's name now, and the folder above for what comes to have it.
fn watch_again(watcher: &mut impl Watcher, folder: &Path) {
    for folder in folder.parent().into_iter().chain([folder]) {
        // An error means that it was not watched.
        let _ = watcher.unwatch(folder);
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!(folder = %folder.display(), %error, "cannot watch; it is looked at every 10 s");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use rstest::rstest;

    #[rstest]
    #[case::a_file("/etc/b/rules/a.yaml", true, false)]
    #[case::the_folder("/etc/b/rules", true, true)]
    #[case::the_folder_above("/etc/b", true, true)]
    #[case::a_neighbour("/etc/b/rules.old", false, false)]
    #[case::a_file_beside_it("/etc/b/ballast.yaml", false, false)]
    fn only_what_concerns_the_folder_is_a_sign(
        #[case] path: &str,
        #[case] told: bool,
        #[case] replaced: bool,
    ) {
        let signs = Signs::default();
        signs.note(Path::new(path), &["/etc/b/rules".into()]);
        let any = signs.any.notified().now_or_never().is_some();
        assert_eq!((any, signs.replaced.load(Ordering::SeqCst)), (told, replaced));
    }

    #[tokio::test]
    async fn a_glance_sees_every_change_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (rules, file) = (folder.path().join("rules"), folder.path().join("rules/a.yaml"));
        assert_eq!(glance(&rules).await, None);
        std::fs::create_dir(&rules).unwrap();
        let empty = glance(&rules).await;
        assert_eq!(empty, Some(Vec::new()));
        std::fs::write(&file, "a").unwrap();
        let first = glance(&rules).await;
        assert!(first != empty && first == glance(&rules).await);
        std::fs::write(&file, "ab").unwrap();
        assert_ne!(glance(&rules).await, first);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(glance(&rules).await, empty);
    }
}
