//! The functions of PromQL as plain kernels: over the window of a series, on each element, on histograms and orders.
//!
//! Nothing here knows a plan or an evaluation; `crate::run` calls it. The parser has checked how many arguments there are
//! and of what types, so that a missing one can only mean an optional one.

pub(crate) mod buckets;
pub(crate) mod calendar;
pub(crate) mod extended;
mod halves;
pub(crate) mod math;
pub(crate) mod order;
mod over_time;
pub(crate) mod parameters;
mod rates;
pub(crate) mod ratio;
mod regression;
pub(crate) mod sliding;
pub(crate) mod window;
