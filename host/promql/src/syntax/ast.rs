//! The tree of a query as it was written: parentheses, positions and duration expressions are kept, so that it can be
//! printed, explained and pointed at. Nothing is resolved here; the plan of an evaluation is made from it.
//!
//! Invariant: a tree that `syntax::parse` returned is well typed; every span lies within the text on character borders.

use ballast_types::Matcher;

/// A piece of the text, in bytes; the end is excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// One node of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A number, or a duration written as one (`5m` is 300).
    Number(Number),
    /// A string.
    Text(Text),
    /// The latest sample of each series.
    Vector(Box<VectorSelector>),
    /// A window of samples of each series.
    Matrix(Box<MatrixSelector>),
    /// An expression evaluated over and over, as a window.
    Subquery(Box<Subquery>),
    /// `( .. )`
    Paren(Box<Paren>),
    /// `-x`, `+x`
    Unary(Box<Unary>),
    /// An operator between two expressions.
    Binary(Box<Binary>),
    /// `sum by (..) (..)` and its like.
    Aggregate(Box<Aggregate>),
    /// A function call.
    Call(Box<Call>),
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Its value.
    pub value: f64,
    /// It was written as a duration, and is printed as one.
    pub is_duration: bool,
    /// Where.
    pub span: Span,
}

/// A string.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Its bytes after unescaping; PromQL's `"\xff"` need not be UTF-8.
    pub value: Vec<u8>,
    /// Where.
    pub span: Span,
}

/// `name{label="value"} offset 5m @ 12`
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSelector {
    /// The metric name where it stands outside the braces; it is among the matchers as well.
    pub name: Option<String>,
    /// All of them must hold, the name's first.
    pub matchers: Vec<Matcher>,
    /// `offset` and `@`
    pub shift: Shift,
    /// `anchored` or `smoothed`
    pub extension: Option<Extension>,
    /// Where.
    pub span: Span,
}

/// How a window takes in samples outside it (experimental).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// The last sample before the window stands at its start.
    Anchored,
    /// Values at both bounds are interpolated.
    Smoothed,
}

/// `selector[5m]`
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSelector {
    /// What is read; `offset` and `@` after the bracket are in its shift.
    pub selector: VectorSelector,
    /// How far back.
    pub range: DurationExpr,
    /// Where.
    pub span: Span,
}

/// `inner[range:step]`
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated at each of its steps.
    pub inner: Expr,
    /// How far it looks back.
    pub range: DurationExpr,
    /// Its own step, else the default.
    pub step: Option<DurationExpr>,
    /// `offset` and `@`
    pub shift: Shift,
    /// Where.
    pub span: Span,
}

/// How the instant that is read differs from the instant that is evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shift {
    /// `offset`; positive looks into the past.
    pub offset: Option<DurationExpr>,
    /// `@`
    pub at: Option<At>,
}

/// The instant that `@` pins a selector to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// `@ 12.5`, in milliseconds.
    Millis(i64),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// A duration: a literal, or arithmetic on such (experimental). Its value is seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    /// What it is.
    pub kind: DurationKind,
    /// Where.
    pub span: Span,
}

/// The forms of a duration.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationKind {
    /// `5m`, in seconds.
    Duration(f64),
    /// `300`, in seconds.
    Number(f64),
    /// `step()`: the step of the query, 0 at a single instant.
    Step,
    /// `range()`: from the start of the query to its end.
    Range,
    /// `-x`
    Negate(Box<DurationExpr>),
    /// `+x`
    Plus(Box<DurationExpr>),
    /// `(x)`
    Paren(Box<DurationExpr>),
    /// `x + y` and its like.
    Arithmetic(Arithmetic, Box<DurationExpr>, Box<DurationExpr>),
    /// `min(x, y)`
    Min(Box<DurationExpr>, Box<DurationExpr>),
    /// `max(x, y)`
    Max(Box<DurationExpr>, Box<DurationExpr>),
}

/// `( inner )`
#[derive(Clone, Debug, PartialEq)]
pub struct Paren {
    /// What stands within.
    pub inner: Expr,
    /// Where.
    pub span: Span,
}

/// `-inner`
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// Whether it negates; `+` does nothing.
    pub negate: bool,
    /// What it applies to.
    pub inner: Expr,
    /// Where.
    pub span: Span,
}

/// The operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+ - * / % ^ atan2`
    Arithmetic(Arithmetic),
    /// `== != > < >= <=`
    Comparison(Comparison),
    /// `and or unless`
    Set(SetOperator),
}

/// Operators that compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
}

/// Operators that filter, or yield 0 and 1 with `bool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

/// Operators on sets of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum SetOperator {
    And,
    Or,
    Unless,
}

/// Which side of a match may have several series for one of the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// One series matches one.
    OneToOne,
    /// `group_left(..)`: the left side is the many, the labels named come from the right.
    ManyToOne(Vec<String>),
    /// `group_right(..)`: the right side is the many, the labels named come from the left.
    OneToMany(Vec<String>),
    /// Set operators.
    ManyToMany,
}

/// A list of labels that are either all that count, or all that do not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelChoice {
    /// `on (..)`, `by (..)`
    Only(Vec<String>),
    /// `ignoring (..)`, `without (..)`
    AllBut(Vec<String>),
}

/// An operator between two expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Which.
    pub operator: Operator,
    /// What stands before it.
    pub left: Expr,
    /// What stands after it.
    pub right: Expr,
    /// `bool`
    pub returns_bool: bool,
    /// `on`, `ignoring`; `None` where nothing is said, which is the same as `ignoring ()`.
    pub matching: Option<LabelChoice>,
    /// `group_left`, `group_right`
    pub cardinality: Cardinality,
    /// `fill (x)`, `fill_left`, `fill_right` (experimental, later than 3.5): the value of a side that has no match.
    pub fill: Fill,
    /// Where.
    pub span: Span,
    /// Where the operator itself stands.
    pub operator_span: Span,
}

/// Values for what has no match.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fill {
    /// Where the left side lacks a series.
    pub left: Option<f64>,
    /// Where the right side does.
    pub right: Option<f64>,
}

/// The aggregations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Aggregation {
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
    Quantile,
    CountValues,
    /// Experimental.
    Limitk,
    /// Experimental.
    LimitRatio,
}

/// One aggregation over one vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub aggregation: Aggregation,
    /// The k of `topk`, the φ of `quantile`, the label of `count_values`.
    pub parameter: Option<Expr>,
    /// What is aggregated.
    pub inner: Expr,
    /// `by` or `without`; `None` where neither stands, which is the same as `by ()`.
    pub grouping: Option<LabelChoice>,
    /// Where.
    pub span: Span,
}

/// One function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function's name, one of the table of signatures.
    pub function: &'static str,
    /// Its arguments; the table has checked number and types.
    pub arguments: Vec<Expr>,
    /// Where.
    pub span: Span,
}

impl Expr {
    /// Where the node stands.
    pub fn span(&self) -> Span {
        match self {
            Expr::Number(node) => node.span,
            Expr::Text(node) => node.span,
            Expr::Vector(node) => node.span,
            Expr::Matrix(node) => node.span,
            Expr::Subquery(node) => node.span,
            Expr::Paren(node) => node.span,
            Expr::Unary(node) => node.span,
            Expr::Binary(node) => node.span,
            Expr::Aggregate(node) => node.span,
            Expr::Call(node) => node.span,
        }
    }

    /// The node without the parentheses around it.
    pub fn bare(&self) -> &Expr {
        match self {
            Expr::Paren(paren) => paren.inner.bare(),
            other => other,
        }
    }
}
