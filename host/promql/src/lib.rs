//! PromQL: parses an expression and evaluates it over anything [`ballast_types::Queryable`], at one instant or over a range.
//!
//! Semantics are those of Prometheus 3: left-open windows, staleness markers, names dropped at the very end. This crate
//! knows no store, no clock and no wire format; the instant is a parameter. Invariant: no text and no samples make it
//! panic, and one evaluation holds at most [`Options::samples_max`] samples.
//!
//! The way of a query: [`parse`] makes an [`Expression`]; `plan` makes nodes of it that each say a thing once, and a
//! schedule of what is read and evaluated in which order; `run` reads everything in one call and evaluates each node over
//! all its instants at once (`columns`); `finish` drops names and refuses duplicates. A [`Tick`] keeps the values of nodes
//! for the other expressions of the same instant.

mod aggregate;
mod binary;
mod columns;
mod evaluate;
mod finish;
mod functions;
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod notes;
mod numeric;
mod options;
mod plan;
mod reserved;
mod run;
pub mod script;
pub mod syntax;
mod tick;
mod unify;
mod value;

pub use evaluate::{EvalError, answer, answer_range, evaluate, evaluate_range};
pub use notes::Notes;
pub use options::{Interrupt, Options};
pub use syntax::{
    EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_OPERATORS_MAX, EXPRESSION_TOKENS_MAX, Expression,
    Features, ParseError, Selector, ValueType,
};
pub use tick::Tick;
pub use value::{Answer, Value, VectorSample};

/// Parses and checks an expression; what is experimental is refused.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    syntax::parse(text, Features::default())
}
