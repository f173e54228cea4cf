//! Which files are checked: those named, and those in folders that are named, by their extension.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Files by kind, each once.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) rules: BTreeSet<PathBuf>,
    pub(super) components: BTreeSet<PathBuf>,
}

impl Files {
    /// Adds a file, or everything in a folder and the folders in it.
    pub(super) fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let read = |source| Failure::Read { file: path.to_owned(), source };
        if !std::fs::metadata(path).map_err(read)?.is_dir() {
            return self.add_file(path);
        }
        for entry in std::fs::read_dir(path).map_err(read)? {
            let entry = entry.map_err(read)?.path();
            // Links to folders are not followed: they may lead in a circle.
            match entry.is_dir() && !entry.is_symlink() {
                true => self.add(&entry)?,
                false => self.add_known(&entry),
            }
        }
        Ok(())
    }

    /// Adds the files of a folder, as a running Ballast would take them from it.
    pub(super) fn add_folder_if_there(&mut self, folder: &Path, extensions: &[&str]) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| extensions.contains(&extension(path))).for_each(|path| self.add_known(&path));
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Failure> {
        if matches!(extension(path), "yaml" | "yml" | "wasm") {
            self.add_known(path);
            return Ok(());
        }
        let help = "name rule files (.yaml, .yml), components (.wasm), or a configuration with --config";
        Err(Failure::with_help(
            format!("check {}", path.display()),
            "it is of no kind that can be checked",
            help,
        ))
    }

    fn add_known(&mut self, path: &Path) {
        match extension(path) {
            "yaml" | "yml" => self.rules.insert(path.to_owned()),
            "wasm" => self.components.insert(path.to_owned()),
            _ => false,
        };
    }
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}
