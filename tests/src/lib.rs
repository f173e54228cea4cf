//! What the end-to-end tests share: finding the binaries, starting the real host and the real platform, asking the API,
//! waiting for what must come. No test lives here.
//!
//! Invariant: nothing here sleeps for a fixed time, and no process that is started here outlives the value that holds it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "these are tests"
)]

pub mod binaries;
pub mod check;
pub mod eventually;
pub mod host;
pub mod http;
pub mod metrics_server;
pub mod platform;
pub mod process;
pub mod prometheus;
pub mod random;
pub mod site;

pub use check::{Checked, check};
pub use eventually::eventually;
pub use host::Host;
pub use metrics_server::{Answer, MetricsServer};
pub use platform::Platform;
pub use prometheus::Prometheus;
pub use random::Random;
pub use site::Site;
