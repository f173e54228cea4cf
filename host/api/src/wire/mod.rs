//! Everything that travels: the shapes of requests and answers, one file a resource, and how they are made from the
//! domain's types and turned into them. No domain type derives a wire format, and nothing here asks the engine.
//!
//! Conventions: keys in camelCase; instants as RFC 3339 in UTC with milliseconds; lengths of time in milliseconds with the
//! unit in the key; label sets as objects; a value that is no finite number as the string `NaN`, `+Inf` or `-Inf`; an
//! unknown key in a request is refused.

pub(crate) mod alert;
pub(crate) mod dashboard;
pub(crate) mod event;
pub(crate) mod execution;
pub(crate) mod health;
pub(crate) mod incident;
pub(crate) mod journal;
pub(crate) mod page;
pub(crate) mod parse;
pub(crate) mod plugin;
pub(crate) mod problem;
pub(crate) mod prometheus;
pub(crate) mod push;
pub(crate) mod rule;
pub(crate) mod scalar;
pub(crate) mod service;
pub(crate) mod silence;
pub(crate) mod target;
