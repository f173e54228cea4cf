//! Tells whether sources changed since the last build: a hash over names and contents, never over times.
//!
//! It guards against needless work only. What is correct is decided by cargo, so a false "changed" costs seconds.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Never part of a source tree.
const SKIPPED: [&str; 3] = ["target", "node_modules", ".git"];

/// A hash of all files below `inputs`; what does not exist counts as absent.
pub(crate) fn of(inputs: &[PathBuf]) -> Result<String> {
    let mut files = BTreeMap::new();
    for input in inputs {
        collect(input, &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    if path.is_file() {
        files.insert(path.to_owned(), fs::read(path).map_err(Error::file("read", path))?);
    } else if path.is_dir() && !is_skipped(path) {
        for entry in fs::read_dir(path).map_err(Error::file("read", path))? {
            collect(&entry.map_err(Error::file("read", path))?.path(), files)?;
        }
    }
    Ok(())
}

fn is_skipped(path: &Path) -> bool {
    path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped))
}

/// What the last build was made of and what it made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The sources' fingerprint.
    pub(crate) fingerprint: String,
    /// What was written.
    pub(crate) outputs: Vec<PathBuf>,
}

impl Stamp {
    /// The stamp at `path`, if there is one and all of its outputs still exist.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        let fingerprint = lines.next()?.to_owned();
        let outputs: Vec<PathBuf> = lines.map(PathBuf::from).collect();
        outputs.iter().all(|output| output.is_file()).then_some(Self { fingerprint, outputs })
    }

    /// Writes the stamp to `path`.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let outputs = self.outputs.iter().map(|output| output.display().to_string());
        let lines: Vec<String> = std::iter::once(self.fingerprint.clone()).chain(outputs).collect();
        write_if_changed(path, lines.join("\n").as_bytes()).map(|_| ())
    }
}

/// Writes `bytes` to `path` unless it holds them already; tells whether it wrote.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    // A reader such as a reloading host must never see half a component.
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).map_err(Error::file("write", &partial))?;
    fs::rename(&partial, path).map_err(Error::file("write", path))?;
    Ok(true)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        folder
    }

    #[test]
    fn a_changed_byte_a_new_file_and_a_rename_change_the_fingerprint() {
        let folder = scratch("fingerprint");
        let inputs = [folder.clone(), folder.join("absent")];
        let mut seen = vec![of(&inputs).unwrap()];
        fs::write(folder.join("src/a.rs"), "1").unwrap();
        seen.push(of(&inputs).unwrap());
        fs::write(folder.join("src/a.rs"), "2").unwrap();
        seen.push(of(&inputs).unwrap());
        fs::rename(folder.join("src/a.rs"), folder.join("src/b.rs")).unwrap();
        seen.push(of(&inputs).unwrap());
        fs::create_dir_all(folder.join("target")).unwrap();
        fs::write(folder.join("target/x"), "built").unwrap();
        assert_eq!(of(&inputs).unwrap(), seen[3], "build output is not a source");
        seen.dedup();
        assert_eq!(seen.len(), 4);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_stamp_whose_output_is_gone_does_not_count() {
        let folder = scratch("stamp");
        let (stamp, output) = (folder.join("stamp"), folder.join("a.wasm"));
        assert!(write_if_changed(&output, b"1").unwrap());
        assert!(!write_if_changed(&output, b"1").unwrap());
        let written = Stamp { fingerprint: "f".into(), outputs: vec![output.clone()] };
        written.write(&stamp).unwrap();
        assert_eq!(Stamp::read(&stamp), Some(written));
        fs::remove_file(output).unwrap();
        assert_eq!(Stamp::read(&stamp), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
