//! From text to [`Expression`]: the grammar is promql-parser's, the tree and the places of errors are ours.
//!
//! The parser tells no positions, panics on some durations and recurses; so the text is bounded before it is parsed, and
//! an error's place is found afterwards from the tokens. Invariant: no text makes [`parse`] panic.

mod lower;
mod place;
mod tokens;

use std::fmt;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;

use ballast_types::Matcher;

use crate::ast::{Expr, SelectorNode};
use place::Place;

/// Most bytes of one expression.
pub const EXPRESSION_BYTES_MAX: usize = 32 << 10;
/// Most tokens of one expression.
pub const EXPRESSION_TOKENS_MAX: usize = 4_000;
/// Most operators of one expression: each may make the tree one deeper.
pub const EXPRESSION_OPERATORS_MAX: usize = 500;
/// Deepest nesting of brackets, signs and powers.
pub const EXPRESSION_DEPTH_MAX: usize = 50;

/// Why a text is no expression, and where; line and column count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse the expression at {line}:{column}: {message}")]
pub struct ParseError {
    /// Line within the expression's text, from 1.
    pub line: usize,
    /// Column within the line, in characters, from 1.
    pub column: usize,
    /// What is wrong, in words.
    pub message: String,
}

/// What evaluating an expression yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A parsed, checked query. Cheap to clone; shown in its canonical text.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: Expr,
    selectors: Vec<SelectorNode>,
    canonical: String,
    value_type: ValueType,
}

impl Expression {
    /// Which series the expression reads, and how far back.
    pub fn selectors(&self) -> impl ExactSizeIterator<Item = Selector<'_>> {
        self.0.selectors.iter().map(|node| Selector {
            matchers: &node.matchers,
            reach: Duration::from_millis(u64::try_from(node.reach_ms).unwrap_or(0)),
        })
    }

    /// What evaluating it yields.
    pub fn value_type(&self) -> ValueType {
        self.0.value_type
    }

    pub(crate) fn root(&self) -> &Expr {
        &self.0.root
    }

    pub(crate) fn nodes(&self) -> &[SelectorNode] {
        &self.0.selectors
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

/// Parses and checks an expression.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    let tokens = tokens::tokenise(text);
    if let Some((offset, message)) = tokens::out_of_bounds(text, &tokens) {
        return Err(Place::at(text, offset).error(message));
    }
    let tree = raw_parse(text).map_err(|message| place::locate(text, &tokens, &message))?;
    let lowered = lower::lower(&tree).map_err(|error| place::locate(text, &tokens, &error))?;
    Ok(Expression(Arc::new(Inner {
        root: lowered.root,
        selectors: lowered.selectors,
        canonical: tree.to_string(),
        value_type: value_type(&tree),
    })))
}

/// promql-parser's verdict. A panic inside it (it converts durations unchecked) is an error like any other.
fn raw_parse(text: &str) -> Result<promql_parser::parser::Expr, String> {
    match catch_unwind(|| promql_parser::parser::parse(text)) {
        Ok(parsed) => parsed,
        Err(_) => Err("a duration or number is out of bounds".to_owned()),
    }
}

fn value_type(tree: &promql_parser::parser::Expr) -> ValueType {
    use promql_parser::parser::value::ValueType as Theirs;
    match tree.value_type() {
        Theirs::Scalar => ValueType::Scalar,
        Theirs::Vector => ValueType::Vector,
        Theirs::Matrix => ValueType::Matrix,
        Theirs::String => ValueType::String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("sum(rate(x[5m]) by (a)", 1, 23, "unclosed left parenthesis")]
    #[case("rat(x[5m])", 1, 1, "unknown function with name 'rat'")]
    #[case("1 +\n  nope(x)", 2, 3, "unknown function with name 'nope'")]
    #[case("rate(x)", 1, 1, "expected type matrix in call to function 'rate', got vector")]
    #[case("a + * b", 1, 5, "unexpected `*`")]
    #[case("a b", 1, 3, "unexpected `b`")]
    #[case("a +", 1, 4, "unexpected end of the expression")]
    #[case("", 1, 1, "no expression")]
    #[case("x{a=~\"(\"}", 1, 6, "illegal regex for (")]
    #[case("x[1e40]", 1, 3, "a duration of more than")]
    #[case("x{a=\"b\" or c=\"d\"}", 1, 9, "`or` between matchers is not PromQL")]
    #[case("a ; b", 1, 3, "unexpected character: ';'")]
    #[case("rate(a[5m]) + rate(b)", 1, 15, "expected type matrix in call to function 'rate'")]
    #[case("a > 1 and (1 > 2)", 1, 14, "comparisons between scalars must use BOOL modifier")]
    #[case("sum(x) + integral(y[5m])", 1, 10, "the function `integral` is not supported")]
    fn errors_have_a_place(
        #[case] text: &str,
        #[case] line: usize,
        #[case] column: usize,
        #[case] message: &str,
    ) {
        let error = parse(text).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert_eq!((error.line, error.column), (line, column), "{error}");
    }

    #[test]
    fn nesting_and_length_are_bounded() {
        let deep = format!("{}1{}", "(".repeat(1_000), ")".repeat(1_000));
        assert!(parse(&deep).unwrap_err().message.contains("nested"));
        assert!(parse(&"a ".repeat(5_000)).unwrap_err().message.contains("tokens"));
        assert!(parse(&"1+".repeat(600)).unwrap_err().message.contains("operators"));
        assert!(parse(&" ".repeat(40_000)).unwrap_err().message.contains("bytes"));
        assert!(parse(&format!("{}1", "-".repeat(400))).unwrap_err().message.contains("nested"));
    }

    #[test]
    fn selectors_tell_what_is_read() {
        let text = r#"rate(errors{code=~"5.."}[5m] offset 1m) / avg_over_time((sum(rate(all[1m])))[1h:1m])"#;
        let expression = parse(text).unwrap();
        let read: Vec<String> = expression
            .selectors()
            .map(|s| {
                let matchers: Vec<String> = s.matchers.iter().map(ToString::to_string).collect();
                format!("{} {:?}", matchers.join(","), s.reach)
            })
            .collect();
        assert_eq!(read, [r#"__name__="errors",code=~"5.." 360s"#, r#"__name__="all" 3660s"#]);
        assert_eq!(expression.value_type(), ValueType::Vector);
    }

    #[test]
    fn canonical_text_parses_to_itself() {
        for text in
            ["sum by(a)(x)", "a  /  b", "x[5m] @ 10 offset -5m", "-x^2", "x > bool on(a) group_left(b) y"]
        {
            let Ok(once) = parse(text) else { panic!("{text}") };
            assert_eq!(parse(&once.to_string()).unwrap().to_string(), once.to_string());
        }
    }
}
