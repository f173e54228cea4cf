//! The tree that is evaluated: what a query means, with parentheses gone, matchers compiled and functions found.
//!
//! It knows nothing of the text that it came from nor of the parser that read it, so that either may change.
//! Invariant: every selector id in the tree is an index into the selectors of its [`crate::Expression`].

use ballast_types::Matcher;

use crate::functions::Function;

/// Index of a selector within its expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SelectorId(pub(crate) usize);

/// One node of a query.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    /// A number.
    Number(f64),
    /// A string, which only functions and aggregations take.
    Text(String),
    /// The latest sample of each series.
    Instant(SelectorId),
    /// A window of samples of each series.
    Range(SelectorId),
    /// An expression evaluated over and over, as a window.
    Subquery(Box<Subquery>),
    /// `-x`
    Negate(Box<Expr>),
    /// An operator between two expressions.
    Binary(Box<Binary>),
    /// `sum by (..) (..)` and its like.
    Aggregate(Box<Aggregate>),
    /// A function call.
    Call(Call),
}

/// The instant that `@` pins a selector to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// `@ 12.5`, in milliseconds.
    Millis(i64),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// How the instant that is read differs from the instant that is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shift {
    /// `offset`, in milliseconds; positive looks into the past.
    pub(crate) offset_ms: i64,
    /// `@`
    pub(crate) at: Option<At>,
}

/// What a selector reads, before any samples are there.
#[derive(Clone, Debug)]
pub(crate) struct SelectorNode {
    /// All of them must hold.
    pub(crate) matchers: Vec<Matcher>,
    /// `[5m]` in milliseconds; none for an instant selector.
    pub(crate) range_ms: Option<i64>,
    /// `offset` and `@`
    pub(crate) shift: Shift,
    /// How far before the evaluation it reaches through the subqueries around it, its range and its offset.
    pub(crate) reach_ms: i64,
}

/// `inner[range:step]`
#[derive(Clone, Debug)]
pub(crate) struct Subquery {
    /// What is evaluated at each of its steps.
    pub(crate) inner: Expr,
    /// How far it looks back, in milliseconds.
    pub(crate) range_ms: i64,
    /// Its own step in milliseconds, else the default of the options.
    pub(crate) step_ms: Option<i64>,
    /// `offset` and `@`
    pub(crate) shift: Shift,
}

/// The operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `+ - * / % ^ atan2`
    Arithmetic(Arithmetic),
    /// `== != > < >= <=`
    Comparison(Comparison),
    /// `and or unless`
    Set(SetOperator),
}

/// Operators that compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
}

/// Operators that filter, or yield 0 and 1 with `bool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

/// Operators on sets of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetOperator {
    And,
    Or,
    Unless,
}

/// Which side of a match may have several series for one of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    /// One series matches one.
    OneToOne,
    /// `group_left(..)`: the left side is the many, the labels named come from the right.
    ManyToOne(Vec<String>),
    /// `group_right(..)`: the right side is the many, the labels named come from the left.
    OneToMany(Vec<String>),
}

/// A list of labels that are either all that count, or all that do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelChoice {
    /// `on (..)`, `by (..)`
    Only(Vec<String>),
    /// `ignoring (..)`, `without (..)`
    AllBut(Vec<String>),
}

/// An operator between two expressions.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) operator: Operator,
    pub(crate) left: Expr,
    pub(crate) right: Expr,
    /// `bool`
    pub(crate) returns_bool: bool,
    pub(crate) matching: LabelChoice,
    pub(crate) cardinality: Cardinality,
}

/// The aggregations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregation {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    Limitk,
    LimitRatio,
    Quantile,
    CountValues,
}

/// One aggregation over one vector.
#[derive(Clone, Debug)]
pub(crate) struct Aggregate {
    pub(crate) aggregation: Aggregation,
    /// The k of `topk`, the φ of `quantile`, the label of `count_values`.
    pub(crate) parameter: Option<Expr>,
    pub(crate) inner: Expr,
    pub(crate) grouping: LabelChoice,
}

/// One function call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Expr>,
}
