//! Peers: Debian packages unpacked under target/peers, never installed, so that a bench changes nothing on the machine.
//!
//! A peer is as old as Debian's stable release; its version belongs beside every figure and is printed when it is made ready.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// The names of all peers.
pub(crate) const NAMES: [&str; 2] = ["prometheus", "prometheus-alertmanager"];

/// What is known about a peer.
struct Recipe {
    name: &'static str,
    /// Its package, and those of the libraries that a bare Debian does not have.
    packages: &'static [&'static str],
    binary: &'static str,
    version: &'static [&'static str],
}

const RECIPES: [Recipe; 2] = [
    Recipe {
        name: "prometheus",
        packages: &["prometheus"],
        binary: "usr/bin/prometheus",
        version: &["--version"],
    },
    Recipe {
        name: NAMES[1],
        packages: &["prometheus-alertmanager"],
        binary: "usr/bin/prometheus-alertmanager",
        version: &["--version"],
    },
];

/// A peer that is ready to run.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The name by which it was asked for.
    pub(crate) name: &'static str,
    root: PathBuf,
    binary: &'static str,
    version: &'static [&'static str],
}

impl Peer {
    /// A command that starts it, has it name its version, and ends.
    pub(crate) fn start_once(&self) -> Command {
        let mut command = self.command();
        command.args(self.version);
        command
    }

    /// A command that runs it, with the libraries that were unpacked beside it.
    pub(crate) fn command(&self) -> Command {
        let mut command = process::foreign(self.binary());
        command.env("LD_LIBRARY_PATH", self.libraries());
        command
    }

    /// Its binary.
    pub(crate) fn binary(&self) -> PathBuf {
        self.root.join(self.binary)
    }

    /// The folders of its libraries, as the loader takes them.
    pub(crate) fn libraries(&self) -> String {
        let folders = ["usr/lib", "lib"].map(|folder| self.root.join(folder).join(triple()));
        folders.map(|folder| folder.display().to_string()).join(":")
    }
}

/// Unpacks the peer, if it is not there yet, and proves that it runs.
///
/// # Errors
/// When it is unknown, cannot be downloaded, or does not start.
pub(crate) fn ready(workspace: &Workspace, name: &str) -> Result<Peer> {
    let recipe = recipe(name)?;
    let root = workspace.target().join("peers").join(recipe.name);
    let peer = Peer { name: recipe.name, root, binary: recipe.binary, version: recipe.version };
    if !peer.root.join(recipe.binary).is_file() {
        unpack(recipe, &peer.root)?;
    }
    let version = process::read(&mut peer.start_once())?;
    println!("bench: peer {}: {}", recipe.name, version.lines().next().unwrap_or_default());
    Ok(peer)
}

fn recipe(name: &str) -> Result<&'static Recipe> {
    let found = RECIPES.iter().find(|recipe| recipe.name == name);
    found.ok_or_else(|| Error::Said(format!("find a peer named {name}; there are {}", NAMES.join(", "))))
}

fn unpack(recipe: &Recipe, root: &Path) -> Result<()> {
    let packages = root.join("packages");
    fs::create_dir_all(&packages).map_err(Error::file("create", &packages))?;
    download(recipe, &packages)?;
    for entry in fs::read_dir(&packages).map_err(Error::file("read", &packages))?.flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "deb") {
            process::succeed(process::foreign("dpkg-deb").arg("-x").arg(entry.path()).arg(root))?;
        }
    }
    Ok(())
}

/// The package lists may be old or missing on a fresh machine: then they are updated once, as root.
fn download(recipe: &Recipe, folder: &Path) -> Result<()> {
    let fetch = || {
        let mut fetch = process::foreign("apt-get");
        // As root, apt would drop to a user who may not write here; it says so at length.
        fetch.args(["--quiet", "-o", "APT::Sandbox::User=root", "download"]).args(recipe.packages);
        process::succeed(fetch.current_dir(folder))
    };
    match fetch() {
        Err(_) if process::is_root() => {
            process::succeed(process::foreign("apt-get").args(["--quiet", "update"]))?;
            fetch()
        }
        outcome => outcome,
    }
}

fn triple() -> String {
    format!("{}-linux-gnu", std::env::consts::ARCH)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_peer_is_answered_with_those_there_are() {
        let text = recipe("zabbix").err().unwrap().to_string();
        assert_eq!(text, "find a peer named zabbix; there are prometheus, prometheus-alertmanager");
    }

    #[test]
    fn a_peer_runs_from_where_it_was_unpacked() {
        let root = "/t/peers/prometheus".into();
        let peer = Peer { name: "prometheus", root, binary: "usr/bin/prometheus", version: &["--version"] };
        assert_eq!(process::line(&peer.start_once()), "/t/peers/prometheus/usr/bin/prometheus --version");
    }
}
