//! PromQL: parses an expression and evaluates it over anything [`ballast_types::Queryable`], at one instant or over a range.
//!
//! Semantics are those of Prometheus 3: left-open windows, staleness markers, names dropped at the very end. This crate
//! knows no store, no clock and no wire format; the instant is a parameter. Invariant: no text and no samples make it
//! panic, and one evaluation touches at most [`Options::samples_max`] samples.
//!
//! The way of a query: [`parse`] makes an [`Expression`]; `fetch` reads each selector once for the whole query; `step`
//! evaluates the tree at each instant over what was read; `evaluate` drops names and refuses duplicates.

mod aggregate;
mod ast;
mod binary;
mod evaluate;
mod fetch;
mod functions;
mod notes;
mod numeric;
mod parse;
mod reserved;
pub mod script;
mod step;
mod subquery;
pub mod syntax;
mod value;

pub use evaluate::{EvalError, Options, evaluate, evaluate_noted, evaluate_range, evaluate_range_noted};
pub use notes::Notes;
pub use parse::{
    EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_OPERATORS_MAX, EXPRESSION_TOKENS_MAX, Expression,
    ParseError, Selector, ValueType, parse,
};
pub use value::{Value, VectorSample};
