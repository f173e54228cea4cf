//! The words that every room shares: ids, labels, time, series, the plain records of alerts, incidents and executions,
//! the capability call, and the events that carry them from one stage to the next.
//!
//! Nothing here does I/O, reads a clock, or decides anything; the state machines that move these records live in
//! `alerting`, `response` and `automation`. Only [`call`] carries a wire format, because a capability call is itself a
//! message between a plugin and the host.

pub mod alert;
pub mod call;
pub mod duration;
pub mod event;
pub mod execution;
pub mod hash;
pub mod ids;
pub mod incident;
pub mod ingest;
pub mod intern;
pub mod labels;
pub mod limits;
pub mod matcher;
pub mod objective;
pub mod plugin;
pub mod relabel;
pub mod series;
pub mod service;
pub mod silence;
pub mod summary;
pub mod time;

pub use duration::{format_duration, parse_duration};
pub use ids::*;
pub use intern::Interner;
pub use labels::Labels;
pub use matcher::{MatchOp, Matcher};
pub use series::{Found, QueryError, Queryable, Sample, Selection, Series, TimeRange, Want, WindowedSeries};
pub use summary::WindowSummary;
pub use time::Timestamp;
