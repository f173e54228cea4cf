//! The bounds of an expression and of an evaluation, each reached from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use ballast_promql::script::MemorySource;
use ballast_promql::{
    EXPRESSION_DEPTH_MAX, EXPRESSION_OPERATORS_MAX, EvalError, Options, Value, evaluate, evaluate_range,
    parse,
};
use ballast_types::{Labels, Sample, Series, Timestamp};

fn source() -> MemorySource {
    let samples = (0..100).map(|at| Sample { at: Timestamp::from_secs(at), value: 1.0 }).collect();
    MemorySource::of(&[Series { labels: Labels::from_pairs([("__name__", "x")]), samples }])
}

#[test]
fn the_longest_chain_of_operators_does_not_exhaust_the_stack() {
    let value = |text: &str| {
        let expression = parse(text).unwrap();
        evaluate(&expression, &source(), Timestamp::from_secs(50), &Options::default()).unwrap()
    };
    for (term, operator) in [("x", "+"), ("1", "-"), ("x", " or ")] {
        value(&vec![term; EXPRESSION_OPERATORS_MAX + 1].join(operator));
    }
    value(&vec!["x"; EXPRESSION_DEPTH_MAX + 1].join("^"));
    let deepest = EXPRESSION_DEPTH_MAX - 1;
    value(&format!("{}x{}", "abs(".repeat(deepest), ")".repeat(deepest)));
    // The deepest tree that the bounds let through: every operator nests to the right.
    value(&format!("{}x{}", "x or x and x > x + x * abs(".repeat(deepest), ")".repeat(deepest)));
}

#[test]
fn samples_read_and_made_are_limited() {
    let options = Options { samples_max: 500, ..Options::default() };
    let limited = |text: &str| evaluate(&parse(text).unwrap(), &source(), Timestamp::from_secs(99), &options);
    assert!(matches!(limited("sum_over_time(x[90s])"), Ok(Value::Vector(_))));
    for text in ["sum_over_time(vector(1)[1y:1ms])", "sum_over_time(x[60s:100ms])"] {
        assert_eq!(limited(text), Err(EvalError::TooManySamples(500)), "{text}");
    }
}

#[test]
fn a_range_without_sense_is_refused() {
    let at = Timestamp::from_secs;
    let range = |text: &str, start, end, step| {
        let step = Duration::from_millis(step);
        evaluate_range(&parse(text).unwrap(), &source(), at(start), at(end), step, &Options::default())
    };
    assert_eq!(range("x", 0, 10, 1000).unwrap()[0].samples.len(), 11);
    for refused in
        [range("x", 0, 10, 0), range("x", 10, 0, 1000), range("x[5m]", 0, 10, 1000), range("x", 0, 100, 1)]
    {
        assert!(matches!(refused, Err(EvalError::Range(_))), "{refused:?}");
    }
}
