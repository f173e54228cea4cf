//! The formats in which samples travel, read and written without I/O: text and OpenMetrics, remote write, OTLP.
//!
//! Bytes come in as parameters and [`Parsed`] comes out; who dials, listens or stores is elsewhere. Compression other than
//! remote write's own belongs to the transport.
//!
//! Invariants: no bytes make a decoder panic; what cannot be read is refused with a counted reason and does not spoil the
//! rest; memory stays within a small multiple of the body that the caller allowed.

#[doc(hidden)]
pub mod fuzzing;
mod keyed;
mod number;
pub mod otlp;
mod parsed;
pub mod remote_write;
pub mod text;
mod wire;

pub use parsed::{PROBLEMS_MAX, Parsed, Reason, Refusals};

/// Most characters of an exemplar's labels, names and values together, as OpenMetrics bounds them.
pub(crate) const EXEMPLAR_CHARS_MAX: usize = 128;
