//! Which series an expression reads, and how far back: what a store or a remote source must be asked for.
//!
//! `step()` and `range()` within durations count as nought, as they are at a single instant, which is how rules are evaluated.

use std::time::Duration;

use ballast_types::Matcher;
use ballast_types::labels::METRIC_NAME;

use super::ast::{Call, DurationExpr, Expr, Shift, VectorSelector};

/// What one selector reads.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) matchers: Vec<Matcher>,
    pub(super) reach: Duration,
}

/// The series that `info` takes labels from where nothing else is said.
const INFO_METRIC: &str = "target_info";

/// All selectors in the order of the text.
pub(super) fn reads(tree: &Expr) -> Vec<Read> {
    let mut reads = Vec::new();
    walk(tree, 0.0, &mut reads);
    reads
}

/// Walks a tree whose subqueries around it reach so many seconds back.
fn walk(expr: &Expr, around: f64, reads: &mut Vec<Read>) {
    match expr {
        Expr::Number(_) | Expr::Text(_) => {}
        Expr::Vector(selector) => reads.push(read(selector, around)),
        Expr::Matrix(matrix) => reads.push(read(&matrix.selector, around + secs(&matrix.range))),
        Expr::Subquery(subquery) => {
            walk(&subquery.inner, around + secs(&subquery.range) + offset(&subquery.shift), reads);
        }
        Expr::Paren(paren) => walk(&paren.inner, around, reads),
        Expr::Unary(unary) => walk(&unary.inner, around, reads),
        Expr::Binary(binary) => {
            walk(&binary.left, around, reads);
            walk(&binary.right, around, reads);
        }
        Expr::Aggregate(aggregate) => {
            aggregate.parameter.iter().for_each(|parameter| walk(parameter, around, reads));
            walk(&aggregate.inner, around, reads);
        }
        Expr::Call(call) if call.function == "info" => info(call, around, reads),
        Expr::Call(call) => call.arguments.iter().for_each(|argument| walk(argument, around, reads)),
    }
}

/// `info` reads a series of its own beside its vector, which its second argument may narrow.
fn info(call: &Call, around: f64, reads: &mut Vec<Read>) {
    let mut arguments = call.arguments.iter();
    arguments.next().into_iter().for_each(|vector| walk(vector, around, reads));
    let mut narrowed = match arguments.next() {
        Some(Expr::Vector(selector)) => read(selector, around),
        _ => Read { matchers: Vec::new(), reach: duration(around) },
    };
    if narrowed.matchers.iter().all(|matcher| matcher.name() != METRIC_NAME) {
        narrowed.matchers.insert(0, Matcher::equal(METRIC_NAME, INFO_METRIC));
    }
    reads.push(narrowed);
}

fn read(selector: &VectorSelector, around: f64) -> Read {
    Read { matchers: selector.matchers.clone(), reach: duration(around + offset(&selector.shift)) }
}

fn offset(shift: &Shift) -> f64 {
    shift.offset.as_ref().map_or(0.0, secs)
}

fn secs(duration: &DurationExpr) -> f64 {
    duration.seconds(0.0, 0.0).unwrap_or(0.0)
}

/// Whole milliseconds; what reaches into the future reaches nought.
fn duration(secs: f64) -> Duration {
    Duration::from_millis((secs * 1000.0).round() as u64)
}
