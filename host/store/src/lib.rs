//! The store: an append-only event log and an append-only journal log are the truth; sled keeps the records that the
//! events fold to.
//!
//! ```text
//!  commit ──► writer thread ──► events/*.log  ── fdatasync ──► sled (records/) ──► answer
//!  journal_append ─► (groups) ─► journal/*.log ── fdatasync, where durable ──────► answer
//! ```
//!
//! Invariants: nothing is answered as durable before `fdatasync` on a log has returned; sled's own flush is never relied
//! upon, and sled never knows more than the log. What sled has is checked when the store opens (its position against the
//! log's, its content against its own sum); where it does not fit, it is set aside and folded anew from the log. Nothing
//! here decides anything about alerts, incidents or executions.

mod codec;
mod index;
mod log;
mod open;
mod reader;
mod records;
mod store;
mod writer;

pub use open::{OpenReport, StoreOptions};
pub use store::DurableStore;
