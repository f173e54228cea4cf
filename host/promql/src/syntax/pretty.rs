//! An expression over several lines, as Prometheus formats one: whatever is longer than a line is split at its operators and
//! brackets, two blanks a level.
//!
//! One thing is not as there: a subquery that fits on its line is indented like anything else.
//!
//! Invariant: the text parses to a tree with the same canonical text.

use super::ast::{Aggregate, Binary, Call, Expr};
use super::print::{AggregateHead, OperatorWithModifiers, Window, unsigned_infinity};

/// Longest expression, in bytes, that stays on one line; indentation does not count.
const LINE_BYTES_MAX: usize = 100;

/// The lines of an expression that stands so many levels deep.
pub(super) fn pretty(expr: &Expr, level: usize) -> String {
    let line = expr.to_string();
    let indent = "  ".repeat(level);
    if line.len() <= LINE_BYTES_MAX {
        return indent + &line;
    }
    match expr {
        Expr::Aggregate(aggregate) => split_aggregate(aggregate, level, &indent),
        Expr::Binary(binary) => split_binary(binary, level, &indent),
        Expr::Call(call) => split_call(call, level, &indent),
        Expr::Paren(paren) => format!("{indent}(\n{}\n{indent})", pretty(&paren.inner, level + 1)),
        Expr::Subquery(subquery) => format!("{}{}", pretty(&subquery.inner, level), Window(subquery)),
        Expr::Unary(unary) => {
            let sign = if unary.negate { '-' } else { '+' };
            format!("{indent}{sign}{}", pretty(&unary.inner, level).trim_start())
        }
        Expr::Number(_) | Expr::Text(_) | Expr::Vector(_) | Expr::Matrix(_) => indent + &line,
    }
}

fn split_aggregate(aggregate: &Aggregate, level: usize, indent: &str) -> String {
    let mut lines = format!("{indent}{}(\n", AggregateHead(aggregate));
    if let Some(parameter) = &aggregate.parameter {
        lines += &pretty(parameter, level + 1);
        lines += ",\n";
    }
    lines + &pretty(&aggregate.inner, level + 1) + "\n" + indent + ")"
}

fn split_binary(binary: &Binary, level: usize, indent: &str) -> String {
    let left = match unsigned_infinity(binary) {
        Some(infinity) => "  ".repeat(level + 1) + infinity,
        None => pretty(&binary.left, level + 1),
    };
    let right = pretty(&binary.right, level + 1);
    format!("{left}\n{indent}{}\n{right}", OperatorWithModifiers(binary))
}

fn split_call(call: &Call, level: usize, indent: &str) -> String {
    let arguments: Vec<String> = call.arguments.iter().map(|argument| pretty(argument, level + 1)).collect();
    format!("{indent}{}(\n{}\n{indent})", call.function, arguments.join(",\n"))
}
