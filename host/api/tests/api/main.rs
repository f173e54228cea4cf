//! The API as its clients see it: a real engine behind a real router, on doubles of disk, network and time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod alerts;
mod doubles;
mod events;
mod executions;
mod health;
mod host;
mod incidents;
mod ingest;
mod openapi;
mod otlp;
mod problems;
mod prometheus;
mod prometheus_rules;
mod prometheus_status;
mod push;
mod rules;
mod serving;
