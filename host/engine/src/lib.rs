//! The shell: every task that runs, and the one core that decides.
//!
//! ```text
//!  scraper tasks ─► series store ◄─ evaluator tasks ─┐ inputs
//!  verifier, runner, reload, API commands ───────────┴─► dispatcher ─► core (pure) ─► commits ─► store ─► bus
//!                                                                        └─► actions ─► runner
//! ```
//! Everything that happens enters the core as an [`core::Input`], one at a time; what comes out is made durable before it is
//! told to anybody or acted on. The engine owns every spawned task and knows neither sled, nor wasmtime, nor axum.

pub mod application;
pub mod bus;
pub mod core;
mod dispatcher;
mod door;
mod evaluator;
pub mod plugins;
mod reload;
pub mod rulebook;
mod runner;
mod scraping;
pub mod settings;
pub mod telemetry;
mod verifier;

pub use application::{Engine, Parts};
pub use core::{Command, CommandError, Reply};
pub use settings::{Settings, TargetSettings};
