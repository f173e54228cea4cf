//! The contract's interfaces, a file each: a guest's call becomes a [`Call`](ballast_types::call::Call), the door's
//! answer becomes what the interface returns. Nothing is decided here, and nothing is remembered.

mod approval;
mod database;
mod http;
mod incident;
mod log;
mod logs;
mod metrics;
mod services;
mod state;
mod timer;
mod traces;

use crate::bindings::interfaces::{shapes, types};
use crate::run::Run;

impl types::Host for Run {}
impl shapes::Host for Run {}
