//! Routes, one file a resource. A handler reads, asks the engine and shapes; what it may not do is decide.

pub(crate) mod alerts;
pub(crate) mod dashboard;
pub(crate) mod events;
pub(crate) mod executions;
pub(crate) mod health;
pub(crate) mod incidents;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod plugins;
pub(crate) mod prometheus;
pub(crate) mod push;
pub(crate) mod reload;
pub(crate) mod rules;
pub(crate) mod silences;
pub(crate) mod targets;

use std::sync::Arc;

use axum::extract::State;
use ballast_engine::Engine;

use crate::wire::problem::Problem;

/// The engine, as handlers are given it.
pub(crate) type Host = State<Arc<Engine>>;

/// What handlers answer.
pub(crate) type Answer<T> = Result<T, Problem>;
