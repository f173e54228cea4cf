//! The way to the host: the generated imports on wasm32, the test double everywhere else, with the same signatures.
//!
//! The modules that authors see call only what this file names.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::__bindings::ballast::plugin::{
    approval, database, http, incident, log, logs, metrics, services, state, timer, traces,
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::door::*;
