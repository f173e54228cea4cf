//! Plugins for Ballast, in Rust.
//!
//! A plugin is a WebAssembly component that can do nothing but call the host, and of the host's interfaces only those
//! that an operator granted. This crate makes such a component look like a program: a module for each interface
//! ([`metrics`], [`services`], ...), [`runbook!`] to say what the plugin is, and [`testing`] to run it natively.
//! Every call to the host may fail with an [`Error`]; none panics.
//!
//! A whole runbook:
//! ```
#![doc = include_str!("../examples/restart-when-stalled.rs")]
//! ```
//!
//! What deliberately is not here: the host, its journal, its guards. A plugin need not know that its calls are recorded,
//! nor that a run continues by replay after a crash. It only must decide by nothing but what the host tells it, and
//! the host is all that it can ask.

#[cfg(not(feature = "runbook"))]
compile_error!("a plugin is of one kind: enable the feature of that name, such as `runbook`");

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod __bindings;
pub mod approval;
#[cfg(target_arch = "wasm32")]
#[expect(
    unsafe_code,
    reason = "an allocator hands out raw memory; it runs in guests only, inside the sandbox"
)]
mod arena;
mod capability;
mod context;
pub mod database;
mod door;
mod effect;
mod error;
pub mod http;
pub mod incident;
pub mod log;
pub mod logs;
mod manifest;
pub mod metrics;
mod outcome;
mod runbook;
pub mod services;
mod start;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod timer;
pub mod traces;

pub use capability::Capability;
pub use context::Context;
pub use effect::{Change, Effect};
pub use error::{Error, Result};
pub use manifest::{Label, Manifest, Need};
pub use outcome::{Outcome, OutcomeKind};
pub use runbook::Runbook;

#[doc(hidden)]
pub use start::start as __start;

/// What nearly every plugin names.
pub mod prelude {
    pub use crate::{
        Change, Context, Effect, Error, Outcome, Result, Runbook, approval, database, http, incident, log,
        logs, metrics, runbook, services, state, timer, traces,
    };
    pub use serde::{Deserialize, Serialize};
    pub use std::time::Duration;
}

/// The page for authors compiles and runs as it is printed.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/writing-runbooks.md")]
struct WritingRunbooks;
