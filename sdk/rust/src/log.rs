//! The plugin's own log. Every plugin has it. A run may write 1,000 lines and 256 KiB; more ends the run.
//!
//! What people should read goes on the incident's timeline instead (`incident::note`).
//! ```
//! # use ballast_sdk::log;
//! let found = 3;
//! log::info("looking at the deployments");
//! log::warn!("{found} instances stall");
//! ```

use crate::door;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author.
    Debug,
    /// For the operator.
    Info,
    /// Something odd.
    Warn,
    /// Something failed.
    Error,
}

/// Writes a line.
pub fn write(level: Level, message: &str) {
    door::log::write(level, message);
}

/// Writes a line for the author. As a macro it formats.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes a line for the operator. As a macro it formats.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes that something is odd. As a macro it formats.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Writes that something failed. As a macro it formats.
pub fn error(message: &str) {
    write(Level::Error, message);
}

#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    ($($argument:tt)*) => { $crate::log::debug(&::std::format!($($argument)*)) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __info {
    ($($argument:tt)*) => { $crate::log::info(&::std::format!($($argument)*)) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __warn {
    ($($argument:tt)*) => { $crate::log::warn(&::std::format!($($argument)*)) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __error {
    ($($argument:tt)*) => { $crate::log::error(&::std::format!($($argument)*)) };
}

#[doc(hidden)]
pub use crate::{__debug as debug, __error as error, __info as info, __warn as warn};
