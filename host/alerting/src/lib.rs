//! Alerting.

mod matcher_text;
mod problem;
mod silences;
mod step;
mod synthetic;
mod template;
mod yaml;

pub use matcher_text::{InvalidMatchers, parse_matchers};
pub use problem::{Position, Problem};
pub use silences::*;
pub use step::*;
pub use synthetic::*;
pub use template::*;
