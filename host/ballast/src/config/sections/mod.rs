//! The sections of a configuration, one file each: which keys they have, what is allowed, what holds where nothing is said.

pub(crate) mod alerting;
pub(crate) mod automation;
pub(crate) mod chaos;
mod connector;
pub(crate) mod folders;
mod grant;
mod indicator;
pub(crate) mod logging;
pub(crate) mod monitoring;
mod parameters;
pub(crate) mod promql;
pub(crate) mod scrape;
pub(crate) mod server;
mod service;
pub(crate) mod slo;
pub(crate) mod source;
mod target;
