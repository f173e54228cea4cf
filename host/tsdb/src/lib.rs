//! Series and samples: a head in memory, a log on disk that it is rebuilt from, and blocks on disk of what is older.
//!
//! ```text
//! append ──► log segment (CRC-32 a record) ──► head: chunks by series, index by label ──► read
//!                 ▲ fdatasync on flush           │ windows of 2 h that no late sample reaches       ▲
//!                 └── replayed by open           ▼                                                  │
//!                                              blocks: chunks, tables, summaries ──(merged: 12 h, 4 d)
//! ```
//!
//! This crate knows nothing of PromQL, of the network or of the present time. Invariants: a batch is in the log before it
//! is visible; the samples of a series rise strictly in time; a damaged byte costs at most the record that it lies in.

mod block;
mod bytes;
pub mod chunk;
mod db;
mod error;
mod files;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod log;
mod options;
mod windows;

pub use db::{OpenReport, SeriesDb, Upkept};
pub use error::TsdbError;
pub use options::Options;
