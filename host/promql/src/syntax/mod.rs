//! From a text to a checked tree and back: lexer, grammar, types, canonical text and its split over lines.
//!
//! What an expression yields is not known here. Invariant: no text makes [`parse`] panic or nest deeper than a thread's
//! stack; what it returns is well typed, and its canonical text parses to itself.
//!
//! The way of a text: `lexer` cuts it into tokens, `grammar` (with `binary`, `calls`, `selectors` and `durations`) makes a
//! tree of them, `check` types it against `signatures`, `print` writes it.

pub mod ast;
mod binary;
mod calls;
mod check;
mod cursor;
mod durations;
mod error;
mod features;
mod grammar;
mod lexer;
mod numbers;
mod pretty;
mod print;
pub(crate) mod quote;
mod reads;
mod regex_classes;
mod regex_size;
mod regexes;
mod selectors;
mod signatures;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ballast_types::Matcher;

pub use error::ParseError;
pub use features::Features;
pub use signatures::{SIGNATURES, Signature, Variadic, signature};

use ast::{Expr, Shift};
use cursor::Parser;
use error::{Fault, Parsed};
use reads::Read;

/// Most bytes of one expression.
pub const EXPRESSION_BYTES_MAX: usize = 32 << 10;
/// Most tokens of one expression.
pub const EXPRESSION_TOKENS_MAX: usize = 4_000;
/// Most operators and signs of one expression: each may make the tree one deeper.
pub const EXPRESSION_OPERATORS_MAX: usize = 500;
/// Deepest nesting of brackets, signs and powers.
pub const EXPRESSION_DEPTH_MAX: usize = 50;

/// Largest size of all regular expressions of one expression together, in characters with repetitions written out.
pub const EXPRESSION_REGEX_SIZE_MAX: u64 = 100_000;

/// What evaluating an expression yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number without labels.
    Scalar,
    /// One sample for each of several series.
    Vector,
    /// A window of samples for each of several series.
    Matrix,
    /// A string.
    String,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::Scalar => "scalar",
            ValueType::Vector => "instant vector",
            ValueType::Matrix => "range vector",
            ValueType::String => "string",
        })
    }
}

/// A parsed, checked query. Cheap to clone; shown in its canonical text, by which it is compared.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    canonical: String,
    tree: Expr,
    reads: Vec<Read>,
    value_type: ValueType,
}

impl Expression {
    /// The tree; its spans are bytes of [`Expression::text`].
    pub fn tree(&self) -> &Expr {
        &self.0.tree
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Which series the expression reads, and how far back, in the order of the text.
    pub fn selectors(&self) -> impl ExactSizeIterator<Item = Selector<'_>> {
        self.0.reads.iter().map(|read| Selector { matchers: &read.matchers, reach: read.reach })
    }

    /// What evaluating it yields.
    pub fn value_type(&self) -> ValueType {
        self.0.value_type
    }

    /// The canonical text over several lines, where it is longer than one.
    pub fn pretty(&self) -> String {
        pretty::pretty(&self.0.tree, 0)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.canonical)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.canonical == other.0.canonical
    }
}

impl Eq for Expression {}

/// One selector of an expression.
#[derive(Clone, Copy, Debug)]
pub struct Selector<'a> {
    /// All of them must hold; the metric name is among them as `__name__`.
    pub matchers: &'a [Matcher],
    /// How far before the evaluation it reads: its range, its offset and the subqueries around it, without the look-back.
    pub reach: Duration,
}

/// Parses and checks an expression. What is experimental is refused unless its switch is on.
pub fn parse(text: &str, features: Features) -> Result<Expression, ParseError> {
    let (tree, value_type) = checked(text, features).map_err(|fault| fault.placed_in(text))?;
    let (canonical, reads) = (tree.to_string(), reads::reads(&tree));
    Ok(Expression(Arc::new(Inner { text: text.to_owned(), canonical, tree, reads, value_type })))
}

fn checked(text: &str, features: Features) -> Parsed<(Expr, ValueType)> {
    let mut tree = Parser::new(text, features)?.whole()?;
    let value_type = check::check(&mut tree)?;
    Ok((tree, value_type))
}

/// Parses a bare selector, as `match[]` parameters hold one: no range, offset or `@`.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    let (tree, _) = checked(text, Features::default()).map_err(|fault| fault.placed_in(text))?;
    match tree {
        Expr::Vector(selector) if selector.shift == Shift::default() => Ok(selector.matchers),
        other => Err(Fault::new(other.span().start, "expected a series selector").placed_in(text)),
    }
}
