//! The store through its trait: what survives, what is reported, and in which order things happen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod damage;
mod order;
mod recovery;
mod support;
