//! Series and samples: a head in memory that queries read, and a log on disk that it is rebuilt from.
//!
//! ```text
//! append ──► log segment (length, CRC-32, labels once a segment) ──► head: chunks by series ──► select
//!                    ▲ fdatasync on flush                               inverted index by label
//!                    └── replayed by open, pruned and rewritten by forget_before
//! ```
//!
//! This crate knows nothing of PromQL, of the network or of the present time. Invariants: a batch is in the log before it
//! is visible; the samples of a series rise strictly in time; a damaged byte costs at most the record that it lies in.

pub mod chunk;
mod db;
mod error;
#[allow(dead_code, unused_imports, reason = "the store comes to use all of it as its disk side lands")]
mod head;
mod log;
mod windows;

pub use db::{AppendSummary, Options, SeriesDb};
pub use error::TsdbError;
pub use log::OpenReport;
