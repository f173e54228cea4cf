//! What can go wrong with the durable part.

use std::io;
use std::path::{Path, PathBuf};

/// Why the store could not do what was asked. A damaged record is none of these: it is skipped and reported.
#[derive(Debug, thiserror::Error)]
pub enum TsdbError {
    /// The operating system refused.
    #[error("{action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process, or this one, has the directory open.
    #[error("lock `{}`: another process has it open", .0.display())]
    Locked(PathBuf),
}

impl TsdbError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TsdbError {
        let path = path.to_owned();
        move |source| TsdbError::Io { action, path, source }
    }
}
