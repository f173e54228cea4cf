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
pub mod ingest;
pub mod plugins;
pub mod push;
pub mod query;
mod reload;
pub mod rulebook;
mod runner;
mod scraping;
pub mod settings;
mod shown;
mod source;
mod supervision;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod verifier;

pub use application::{Engine, Parts, ReloadReport, StartError};
pub use core::{Command, CommandError, Reply};
pub use ingest::{Admission, IngestError, Received};
pub use plugins::PluginStatus;
pub use push::PushMode;
pub use query::{
    Answer, AskError, AskErrorKind, BadExpression, Choice, Question, When, parse_selector, selectors_of,
    tree_of,
};
pub use rulebook::RuleStatus;
pub use scraping::{JobStatus, TargetStatus};
pub use settings::{Settings, TargetSettings};
pub use shown::Shown;

// What the API shows or reads of the rooms behind the engine, so that it needs no edge to them.
pub use ballast_alerting::{Problem, Rule, RuleGroup, parse_matchers};
pub use ballast_automation::Funnel;
pub use ballast_ports::StoreError;
pub use ballast_promql::syntax::{Variadic, ast, signature};
pub use ballast_promql::{Value, VectorSample};
