//! Targets in files, read when they change and every now and then. A file that cannot be read leaves what it said before; one
//! that is gone takes its targets with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::group::{self, GROUPS_BYTES_MAX};
use super::job::FileDiscovery;
use super::{Found, Provider, TargetGroup};

/// The files of a job.
pub(super) struct Files {
    settings: FileDiscovery,
    /// What each file said when it could be read last.
    good: BTreeMap<PathBuf, Vec<TargetGroup>>,
    last: Option<Found>,
    /// Tells that something happened in one of the folders. Without one there is still the refresh.
    watch: Option<(RecommendedWatcher, mpsc::Receiver<()>)>,
}

impl Files {
    pub(super) fn new(settings: FileDiscovery) -> Self {
        Files { settings, good: BTreeMap::new(), last: None, watch: None }
    }

    fn read(&mut self) -> Found {
        let (paths, mut problems) = matching(&self.settings.files);
        self.good.retain(|path, _| paths.contains(path));
        for path in paths {
            match read_file(&path) {
                Ok(groups) => {
                    self.good.insert(path, groups);
                }
                Err(reason) => problems.push(format!("{}: {reason}", path.display())),
            }
        }
        let groups = self.good.values().flatten().cloned().collect();
        Found { groups, problem: (!problems.is_empty()).then(|| problems.join("; ")) }
    }

    fn watch(&mut self) {
        if self.watch.is_some() {
            return;
        }
        let (sender, receiver) = mpsc::channel(1);
        // One waiting notice is enough: everything is read again.
        let told = move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| is_change(event.kind)) {
                let _ = sender.try_send(());
            }
        };
        let Ok(mut watcher) = notify::recommended_watcher(told) else { return };
        for folder in self.settings.files.iter().filter_map(|path| path.parent()) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %folder.display(), %error, "cannot watch a folder of targets");
            }
        }
        self.watch = Some((watcher, receiver));
    }

    async fn wait(&mut self) {
        let refresh = tokio::time::sleep(self.settings.refresh_interval);
        match &mut self.watch {
            Some((_, notices)) => tokio::select! {
                () = refresh => {}
                _ = notices.recv() => {}
            },
            None => refresh.await,
        }
    }
}

#[async_trait]
impl Provider for Files {
    async fn changed(&mut self) -> Found {
        // Watched before the first look, so that nothing happens unseen in between.
        self.watch();
        loop {
            let found = self.read();
            if self.last.as_ref() != Some(&found) {
                self.last = Some(found.clone());
                return found;
            }
            self.wait().await;
        }
    }
}

/// Reading the files is an event, too, and must not lead to their being read again.
fn is_change(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}

/// The files that the patterns mean, and the patterns whose folders cannot be read.
fn matching(patterns: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let (mut paths, mut problems) = (Vec::new(), Vec::new());
    for pattern in patterns {
        match files_matching(pattern) {
            Ok(found) => paths.extend(found),
            Err(reason) => problems.push(format!("{}: {reason}", pattern.display())),
        }
    }
    paths.sort_unstable();
    paths.dedup();
    (paths, problems)
}

/// The files that one pattern means: itself, or those in its folder whose names fit, in order. No file at all is no problem:
/// they may come.
///
/// # Errors
/// A fragment in words, when the folder cannot be read.
pub fn files_matching(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let name = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.contains(['*', '?', '[']) {
        return Ok(if pattern.exists() { vec![pattern.to_owned()] } else { Vec::new() });
    }
    let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| format!("read the folder: {error}"))?,
    };
    let fits = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(|file| fits(name, file));
    let mut files: Vec<_> = entries.flatten().filter(fits).map(|entry| entry.path()).collect();
    files.sort_unstable();
    Ok(files)
}

fn read_file(path: &Path) -> Result<Vec<TargetGroup>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > GROUPS_BYTES_MAX as u64 {
        return Err(format!("larger than {GROUPS_BYTES_MAX} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let shown = path.display().to_string();
    let more = ("__meta_filepath", shown.as_str());
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => group::from_json(text.as_bytes(), more),
        Some("yml" | "yaml") => group::from_yaml(&text, more),
        _ => Err("the name must end in .json, .yml or .yaml".to_owned()),
    }
}

/// Whether a name fits a pattern with `*`, `?` and `[a-z]`.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.chars();
    let Some(first) = parts.next() else { return name.is_empty() };
    let rest = parts.as_str();
    let mut chars = name.chars();
    match first {
        '*' => fits(rest, name) || (chars.next().is_some() && fits(pattern, chars.as_str())),
        '?' => chars.next().is_some() && fits(rest, chars.as_str()),
        '[' => match (rest.split_once(']'), chars.next()) {
            (Some((class, rest)), Some(c)) => in_class(class, c) && fits(rest, chars.as_str()),
            _ => false,
        },
        _ => chars.next() == Some(first) && fits(rest, chars.as_str()),
    }
}

fn in_class(class: &str, c: char) -> bool {
    let (negated, class) = match class.strip_prefix('^') {
        Some(class) => (true, class),
        None => (false, class),
    };
    let chars: Vec<char> = class.chars().collect();
    let ranged = chars.windows(3).any(|three| matches!(three, [a, '-', b] if *a <= c && c <= *b));
    (ranged || chars.contains(&c)) != negated
}
