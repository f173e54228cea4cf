//! A folder with everything that one host needs: configuration, rules, plugins, data. It goes when it is dropped.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder.
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// A folder with this configuration, and empty folders `rules` and `plugins`.
    pub fn new(config: &str) -> Self {
        let site = Site { folder: tempfile::tempdir().unwrap() };
        for folder in ["rules", "plugins"] {
            std::fs::create_dir(site.path(folder)).unwrap();
        }
        site.write("ballast.yaml", config);
        site
    }

    /// A path in it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.path("ballast.yaml")
    }

    /// Puts a file in its place as a careful editor does: written beside, then renamed.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let partial = self.path("being-written");
        std::fs::write(&partial, content).unwrap();
        std::fs::rename(partial, self.path(path)).unwrap();
    }

    /// Puts a copy of a component into the folder of plugins.
    pub fn plugin(&self, as_file: &str, component: &Path) {
        self.write(&format!("plugins/{as_file}"), std::fs::read(component).unwrap());
    }

    /// Takes a file away.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }
}

/// Sections that all tests begin with: paths in the site's folder, what is logged, and a fast pace.
pub const FAST: &str = r"
storage: {path: data}
rules: {path: rules}
plugins: {path: plugins}
logging: {level: info}
monitoring:
  scrapeInterval: 100ms
  evaluationInterval: 100ms
";
