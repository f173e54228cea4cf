//! The sandbox as its users see it: real components, a runtime, and a door that the test scripts.
//!
//! The components are the guests of tests/guests, built by `cargo xtask setup`. Compiled code is kept in target/tmp, so
//! that each is compiled once however many processes the tests run in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod calls;
mod hostile;
mod install;
mod neighbours;
mod support;
