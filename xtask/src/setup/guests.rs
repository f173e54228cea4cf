//! Builds the two guest workspaces and writes their components to target/plugins and target/test-guests.
//!
//! A package is a guest when it builds a `cdylib`. `[package.metadata.ballast] raw = true` keeps the core module as it
//! is: tests need something that is not a component. Output that no package makes any more is removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{CrateType, MetadataCommand, Package};

use super::component;
use super::fingerprint::{self, Stamp};
use super::toolchain::{TARGET, Toolchain};
use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// What decides the guests' bytes, relative to the root.
const SOURCES: [&str; 7] =
    ["runbooks", "tests/guests", "sdk/rust", "wit", "Cargo.toml", "xtask/Cargo.toml", "xtask/src/setup"];

/// One guest: where cargo writes its module and where its component goes.
#[derive(Debug, PartialEq, Eq)]
struct Guest {
    package: String,
    module: String,
    raw: bool,
}

/// Builds what changed; without a change this reads the sources once and returns.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let stamp = workspace.guest_build().join("xtask.stamp");
    let sources = SOURCES.map(|source| workspace.root().join(source));
    let before = fingerprint::of(&sources)?;
    if Stamp::read(&stamp).is_some_and(|stamp| stamp.fingerprint == before) {
        println!("setup: guests: unchanged");
        return Ok(());
    }
    let outputs = build_all(workspace)?;
    // Again, because cargo may have written a Cargo.lock.
    Stamp { fingerprint: fingerprint::of(&sources)?, outputs }.write(&stamp)
}

fn build_all(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let places = [("runbooks", workspace.plugins()), ("tests/guests", workspace.test_guests())];
    let mut toolchain = None;
    let mut outputs = Vec::new();
    for (folder, output) in places {
        fs::create_dir_all(&output).map_err(Error::file("create", &output))?;
        let root = workspace.root().join(folder);
        let written = if root.join("Cargo.toml").is_file() {
            let toolchain = match &toolchain {
                Some(ready) => ready,
                None => toolchain.insert(Toolchain::ready(workspace.root())?),
            };
            build_workspace(toolchain, &root, &workspace.guest_build(), &output)?
        } else {
            println!("setup: guests: no {folder}/Cargo.toml, nothing to build there");
            Vec::new()
        };
        prune(&output, &written)?;
        outputs.extend(written);
    }
    Ok(outputs)
}

fn build_workspace(toolchain: &Toolchain, root: &Path, build: &Path, output: &Path) -> Result<Vec<PathBuf>> {
    let guests = list(root)?;
    println!("setup: guests: building {} in {}", guests.len(), root.display());
    process::succeed(&mut toolchain.build(root, build))?;
    guests.iter().map(|guest| publish(guest, build, output)).collect()
}

fn list(root: &Path) -> Result<Vec<Guest>> {
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
    Ok(metadata.packages.iter().filter_map(guest).collect())
}

fn guest(package: &Package) -> Option<Guest> {
    let library = package.targets.iter().find(|target| target.crate_types.contains(&CrateType::CDyLib))?;
    let raw = package.metadata.pointer("/ballast/raw").and_then(serde_json::Value::as_bool).unwrap_or(false);
    Some(Guest { package: package.name.to_string(), module: library.name.replace('-', "_"), raw })
}

fn publish(guest: &Guest, build: &Path, output: &Path) -> Result<PathBuf> {
    let module = build.join(TARGET).join("release").join(format!("{}.wasm", guest.module));
    let bytes = if guest.raw {
        fs::read(&module).map_err(Error::file("read", &module))?
    } else {
        component::encode(&guest.package, &module)?
    };
    let path = output.join(format!("{}.wasm", guest.package));
    if fingerprint::write_if_changed(&path, &bytes)? {
        println!("setup: guests: wrote {} ({} KiB)", path.display(), bytes.len().div_ceil(1024));
    }
    Ok(path)
}

/// Removes components whose package is gone, or the host would go on loading them.
fn prune(folder: &Path, kept: &[PathBuf]) -> Result<()> {
    let kept: BTreeSet<&Path> = kept.iter().map(PathBuf::as_path).collect();
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "wasm") && !kept.contains(path.as_path()) {
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
            println!("setup: guests: removed {}", path.display());
        }
    }
    Ok(())
}
