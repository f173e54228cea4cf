//! Ballast's own log, on stderr: stdout is for the one line that says where it listens.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Logging};
use crate::failure::Failure;

/// Starts the log. `BALLAST_LOG` goes over the configuration.
pub(super) fn start(logging: &Logging) -> Result<(), Failure> {
    let directives = std::env::var("BALLAST_LOG").unwrap_or_else(|_| logging.level.clone());
    let failed = |reason: String| Failure::new("start the log", reason);
    let filter = EnvFilter::builder().parse(&directives).map_err(|error| failed(error.to_string()))?;
    let is_coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match logging.format {
        LogFormat::Text => builder.with_ansi(is_coloured).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| failed(error.to_string()))
}
