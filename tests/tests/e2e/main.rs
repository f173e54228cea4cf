//! End to end, in one test binary: the real host on real servers, and the simulation of a week.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "these are tests"
)]

mod bad_input;
mod demo;
mod hostile;
mod loop_site;
mod prometheus;
mod reload;
mod remediation;
mod restart;
mod simulation;
