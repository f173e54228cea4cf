//! Why a command failed: what was attempted, and what to do about it.

use std::path::PathBuf;

/// A command's failure, as it is shown.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum Failure {
    /// A file cannot be read.
    #[error("failed to read {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration has problems, which were shown.
    #[error("failed to start: the configuration {} has {}", file.display(), counted(*problems))]
    #[diagnostic(help("mend what is marked above; `ballast check --config {}` shows it again", file.display()))]
    Configuration {
        /// The file.
        file: PathBuf,
        /// How many.
        problems: usize,
    },
    /// Anything else: what was attempted and why it failed.
    #[error("failed to {attempted}: {reason}")]
    Failed {
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        reason: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
}

impl Failure {
    /// What was attempted, and why it failed.
    pub(crate) fn new(attempted: impl Into<String>, reason: impl ToString) -> Self {
        Failure::Failed { attempted: attempted.into(), reason: reason.to_string(), help: None }
    }

    /// The same with what to do about it.
    pub(crate) fn with_help(
        attempted: impl Into<String>,
        reason: impl ToString,
        help: impl Into<String>,
    ) -> Self {
        Failure::Failed { attempted: attempted.into(), reason: reason.to_string(), help: Some(help.into()) }
    }
}

fn counted(problems: usize) -> String {
    if problems == 1 { "a problem".to_owned() } else { format!("{problems} problems") }
}
