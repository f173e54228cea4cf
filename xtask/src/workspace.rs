//! Where things are: the repository's folders, the target folder and what setup puts into it.
//!
//! Nothing is built or run here.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The repository and its target folder.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The workspace that this xtask was built from.
    ///
    /// # Errors
    /// When xtask's own folder has no parent, which means that the repository moved.
    pub(crate) fn find() -> Result<Self> {
        let own = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own
            .parent()
            .ok_or_else(|| Error::Said(format!("find the workspace above {}", own.display())))?
            .to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => env::current_dir().map_err(Error::file("read", Path::new(".")))?.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The repository's root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target folder of the host's workspace.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The shared build folder of all guests: one, so that the standard library is built once.
    pub(crate) fn guest_build(&self) -> PathBuf {
        self.target.join("guest-build")
    }

    /// A host binary of the development profile.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// The components that ship.
    pub(crate) fn plugins(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// The components that only tests load.
    pub(crate) fn test_guests(&self) -> PathBuf {
        self.target.join("test-guests")
    }

    /// What the end-to-end tests, the demo and the benches look for in their environment.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("BALLAST_BIN", self.binary("ballast")),
            ("FINEPRINT_BIN", self.binary("fineprint")),
            ("BALLAST_PLUGINS", self.plugins()),
            ("BALLAST_TEST_GUESTS", self.test_guests()),
        ]
    }
}
