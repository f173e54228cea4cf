//! What can go wrong in a process of the platform, as fragments that fit after "failed to". What an HTTP caller is
//! told lives beside the handlers: `service::Failure` and `control::ControlError`.

/// Ends the process that meets it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlatformError {
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// Why it did not work.
        source: std::io::Error,
    },
    /// A metric could not be registered: two of one name, or a bad name.
    #[error("register metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The HTTP client could not be built.
    #[error("build the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// A child process did not come up.
    #[error("start {name}: {reason}")]
    Start {
        /// Which process.
        name: String,
        /// What it said, or that it said nothing.
        reason: String,
    },
}

impl PlatformError {
    /// For `map_err` on I/O: `.map_err(PlatformError::io("bind 127.0.0.1:80"))`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
