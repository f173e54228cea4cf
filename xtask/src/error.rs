//! What can go wrong in xtask. Messages are fragments that fit after "failed to".

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// The result of everything here.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a command of xtask did not get to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder could not be read or written.
    #[error("{action} {}", path.display())]
    File {
        /// "read", "write", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started, or its output could not be read.
    #[error("start `{command}`")]
    Start {
        /// The command line.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("run `{command}` ({status})")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// `cargo metadata` could not be run or understood.
    #[error("read the workspace's metadata")]
    Metadata(#[from] cargo_metadata::Error),
    /// A core module does not become a component.
    #[error("turn the module of {package} into a component: {text}")]
    Component {
        /// The guest's package.
        package: String,
        /// The whole chain of wit-component's reasons.
        text: String,
    },
    /// Everything else, in words.
    #[error("{0}")]
    Said(String),
}

impl Error {
    /// Wraps an I/O error with what was attempted, on what.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_the_attempt_and_the_cause() {
        let error = Error::file("read", Path::new("/x/y"))(io::Error::other("no such thing"));
        assert_eq!(chain(&error), "read /x/y: no such thing");
    }
}
