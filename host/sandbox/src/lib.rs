//! The Wasm host: compiles components, checks that they fit the contract in wit/, and runs them under limits.
//!
//! The only crate that names wasmtime. It knows nothing of incidents, grants' meaning or journals: every call of a guest
//! becomes a [`Call`](ballast_types::call::Call) at the [`Door`](ballast_ports::plugin_runtime::Door) of its run, and what
//! the door answers goes back. It never decides whether a call is allowed; it only keeps out what was not granted at all.
//!
//! Invariants: a guest reaches the world through the door or not at all; a run has a store of its own, which is
//! dropped when it ends, however it ends; whatever a guest does, the host lives on and says why it was stopped.
//!
//! ```text
//! bytes -> contract (does it fit?) -> cache (compile once) -> link (what it imports) -> describe -> plugin
//! plugin + grant + door -> run (store, limits, slices of 10 ms) -> outcome or RunFailure
//! ```

mod bindings;
mod cache;
mod capabilities;
mod config;
mod contract;
mod convert;
mod failure;
mod link;
mod manifest;
mod plugin;
mod run;
mod runtime;
mod size;
mod ticker;

pub use config::{SandboxConfig, SandboxError};
pub use runtime::WasmRuntime;
