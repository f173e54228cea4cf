//! `log`: the plugin's own log. Its limits are counted where all calls are.

use ballast_types::call::{Call, LogLevel, Output};

use crate::bindings::interfaces::log::{Host, Level};
use crate::run::Run;

impl Host for Run {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        // A guest cannot do anything about a log that is not written, so it is not told.
        let written =
            self.ask(Call::Log { level, message }, |output| matches!(output, Output::Done).then_some(()));
        written.await.map(|_| ())
    }
}
