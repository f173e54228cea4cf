//! The parser from outside: the cases of tests/syntax/, its bounds, and what must hold for any text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use ballast_promql::syntax::{
    EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_OPERATORS_MAX, Expression, Features, ParseError,
    ValueType, parse, parse_selector,
};
use proptest::prelude::*;

fn all(text: &str) -> Result<Expression, ParseError> {
    parse(text, Features::all())
}

/// One case of the text files.
#[derive(Debug, Default)]
struct Case {
    input: Vec<String>,
    is_off: bool,
    verdict: String,
}

impl Case {
    fn text(&self) -> String {
        self.input.join("\n")
    }

    fn found(&self) -> String {
        let features = if self.is_off { Features::default() } else { Features::all() };
        match parse(&self.text(), features) {
            Ok(expression) if expression.to_string() == self.text() => "same".to_owned(),
            Ok(expression) => format!("out: {expression}"),
            Err(error) => format!("err: {}:{} {}", error.line, error.column, error.message),
        }
    }
}

fn cases(file: &str) -> Vec<Case> {
    let mut cases = vec![Case::default()];
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some((_, input)) = line.split_once(':').filter(|(head, _)| ["in", "off"].contains(head)) {
            if !cases.last().unwrap().verdict.is_empty() {
                cases.push(Case::default());
            }
            let case = cases.last_mut().unwrap();
            case.is_off |= line.starts_with("off");
            case.input.push(input.strip_prefix(' ').unwrap_or(input).to_owned());
        } else {
            cases.last_mut().unwrap().verdict = line.to_owned();
        }
    }
    cases
}

fn compare(file: &str) -> usize {
    let cases = cases(file);
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| case.found() != case.verdict)
        .map(|case| format!("{}\n    expected {}\n    found    {}", case.text(), case.verdict, case.found()))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

#[test]
fn what_parses_has_its_canonical_text() {
    assert!(compare(include_str!("syntax/canonical.txt")) > 90);
}

#[test]
fn what_is_refused_says_where_and_why() {
    assert!(compare(include_str!("syntax/refused.txt")) > 100);
}

/// A text whose canonical and pretty forms are the same expression.
fn round_trips(text: &str) -> Result<(), String> {
    let Ok(once) = all(text) else { return Ok(()) };
    for again in [once.to_string(), once.pretty()] {
        // Indentation makes a long chain longer than what is parsed.
        if again.len() > EXPRESSION_BYTES_MAX {
            continue;
        }
        match all(&again) {
            Ok(twice) if twice == once && twice.value_type() == once.value_type() => {}
            other => return Err(format!("{text}\n{again}\n{other:?}")),
        }
    }
    Ok(())
}

#[test]
fn canonical_and_pretty_text_parse_to_the_same() {
    for case in cases(include_str!("syntax/canonical.txt")) {
        assert!(all(&case.text()).is_ok());
        round_trips(&case.text()).unwrap();
    }
}

#[test]
fn long_expressions_are_split_at_operators_and_brackets() {
    let long = "label_replace(sum by (namespace, workload) (rate(container_cpu_usage_seconds_total{job=\"kubelet\"}[5m])) \
                / on (namespace) group_left () topk(5, kube_pod_container_resource_limits{resource=\"cpu\"}) > bool 0.5, \
                \"a\", \"$1\", \"b\", \"(.*)\")";
    insta_like(&all(long).unwrap().pretty(), include_str!("syntax/pretty.txt"));
}

fn insta_like(found: &str, expected: &str) {
    assert_eq!(found, expected.trim_end(), "\n{found}");
}

#[test]
fn selectors_tell_what_is_read() {
    let text = "rate(errors{code=~\"5..\"}[5m] offset 1m) / avg_over_time((sum(rate(all[1m])))[1h:1m] offset 1h) \
                + info(x, {a=\"b\"}) + y offset -1h";
    let read: Vec<String> = all(text)
        .unwrap()
        .selectors()
        .map(|s| {
            let matchers: Vec<String> = s.matchers.iter().map(ToString::to_string).collect();
            format!("{} {:?}", matchers.join(","), s.reach)
        })
        .collect();
    assert_eq!(
        read,
        [
            "__name__=\"errors\",code=~\"5..\" 360s",
            "__name__=\"all\" 7260s",
            "__name__=\"x\" 0ns",
            "__name__=\"target_info\",a=\"b\" 0ns",
            "__name__=\"y\" 0ns"
        ]
    );
}

#[test]
fn a_bare_selector_is_its_matchers() {
    let matchers = parse_selector("up{job=~\"a|b\"}").unwrap();
    assert_eq!(
        matchers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["__name__=\"up\"", "job=~\"a|b\""]
    );
    for text in ["up[5m]", "sum(up)", "up offset 5m", "up @ 1", "{}"] {
        assert!(parse_selector(text).is_err(), "{text}");
    }
}

#[test]
fn types_are_told() {
    let of = |text| all(text).unwrap().value_type();
    assert_eq!(of("1 + time()"), ValueType::Scalar);
    assert_eq!(of("1 + x"), ValueType::Vector);
    assert_eq!(of("(x[5m])"), ValueType::Matrix);
    assert_eq!(of("x[5m:]"), ValueType::Matrix);
    assert_eq!(of("\"x\""), ValueType::String);
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "sum(rate(x{a=\"é\"}[5m] offset 1m)) by (b) > on (c) group_left y # end";
    let expression = all(text).unwrap();
    let ballast_promql::syntax::ast::Expr::Binary(binary) = expression.tree() else { panic!() };
    let shown = |span: ballast_promql::syntax::ast::Span| &text[span.start..span.end];
    assert_eq!(shown(binary.span), text.strip_suffix(" # end").unwrap());
    assert_eq!(shown(binary.operator_span), ">");
    assert_eq!(shown(binary.left.span()), "sum(rate(x{a=\"é\"}[5m] offset 1m)) by (b)");
    assert_eq!(shown(binary.right.span()), "y");
    let ballast_promql::syntax::ast::Expr::Aggregate(sum) = &binary.left else { panic!() };
    assert_eq!(shown(sum.inner.span()), "rate(x{a=\"é\"}[5m] offset 1m)");
    let ballast_promql::syntax::ast::Expr::Call(rate) = &sum.inner else { panic!() };
    let ballast_promql::syntax::ast::Expr::Matrix(matrix) = &rate.arguments[0] else { panic!() };
    assert_eq!(shown(matrix.span), "x{a=\"é\"}[5m] offset 1m");
    assert_eq!(shown(matrix.selector.span), "x{a=\"é\"}");
    assert_eq!(shown(matrix.range.span), "5m");
    assert_eq!(expression.text(), text);
}

/// Runs on a stack as small as a thread's may be.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    #[allow(clippy::disallowed_methods, reason = "a test of stacks needs one")]
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn the_deepest_and_longest_expressions_do_not_exhaust_the_stack() {
    on_a_small_stack(|| {
        for (term, operator) in [("x", "+"), ("1", "-"), ("x", " or "), ("1s", "+")] {
            round_trips(&vec![term; EXPRESSION_OPERATORS_MAX + 1].join(operator)).unwrap();
        }
        let deepest = EXPRESSION_DEPTH_MAX;
        let texts = [
            vec!["x"; deepest + 1].join("^"),
            format!("{}x{}", "x or x and x > x + x * abs(".repeat(deepest), ")".repeat(deepest)),
            format!("{}x{}", "abs(sum(".repeat(deepest / 2), "))".repeat(deepest / 2)),
            format!("{}x{}", "(".repeat(deepest), ")".repeat(deepest)),
            format!("{}x", "- x ^ ".repeat(deepest / 2)),
            format!("x[{}1m{}]", "(".repeat(deepest), ")".repeat(deepest)),
            format!("x[{}]", vec!["1s"; EXPRESSION_OPERATORS_MAX + 1].join("+")),
        ];
        for text in texts {
            assert!(all(&text).is_ok(), "{text}: {:?}", all(&text));
            round_trips(&text).unwrap();
        }
    });
}

#[test]
fn nesting_and_length_are_bounded() {
    on_a_small_stack(|| {
        let said = |text: &str| all(text).unwrap_err().message;
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
        for (open, close) in [("(", ")"), ("-", ""), ("sum(", ")"), ("1 ^ ", ""), ("x[", ":]"), ("x[(", "")] {
            let message = said(deep(open, close).get(..6_000).unwrap_or(&deep(open, close)));
            assert!(
                ["nested deeper", "tokens", "unexpected", "operators"].iter().any(|m| message.contains(m)),
                "{message}"
            );
        }
        assert!(said(&"(".repeat(100)).contains("nested deeper than 50"));
        assert!(said(&"a ".repeat(5_000)).contains("tokens"));
        assert!(said(&"1+".repeat(600)).contains("more than 500 operators"));
        assert!(said(&" ".repeat(40_000)).contains("bytes"));
        assert!(said(&format!("x{}", "[5m:]".repeat(500))).contains("subquery is only allowed"));
    });
}

/// Pieces of the language, for texts that are nearly right.
const PIECES: [&str; 60] = [
    "sum",
    "by",
    "without",
    "(",
    ")",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "x",
    "up",
    "{a=\"b\"}",
    "[5m]",
    "[5m:1m]",
    ",",
    "offset",
    "5m",
    "1h30m",
    "@",
    "start()",
    "end()",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "==",
    "!=",
    ">",
    "bool",
    "on",
    "ignoring",
    "(a, b)",
    "group_left",
    "and",
    "or",
    "unless",
    "atan2",
    "1",
    "0.5",
    "Inf",
    "NaN",
    "\"s\"",
    "rate(",
    "topk(1, ",
    "step()",
    "max(",
    "anchored",
    "smoothed",
    "fill(1)",
    "info(",
    "=~",
    "\"a|b\"",
    "#\n",
    "'\\x41'",
    ":",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_it_panic(text: String) {
        let _ = all(&text).map_err(|error| prop_assert_place(&text, &error));
    }

    #[test]
    fn whatever_parses_round_trips(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 1..14)) {
        for text in [pieces.join(" "), pieces.concat()] {
            round_trips(&text).map_err(TestCaseError::fail)?;
            let _ = all(&text).map_err(|error| prop_assert_place(&text, &error));
        }
    }

    #[test]
    fn expressions_made_of_parts_parse_and_round_trip(text in expressions()) {
        prop_assert!(all(&text).is_ok(), "{text}: {:?}", all(&text));
        round_trips(&text).map_err(TestCaseError::fail)?;
    }
}

/// An error's place lies within the text.
fn prop_assert_place(text: &str, error: &ParseError) {
    let line = text.split('\n').nth(error.line - 1).expect("the line is there");
    assert!(error.column >= 1 && error.column <= line.chars().count() + 1, "{error} in {text:?}");
}

/// Instant vectors of all shapes.
fn expressions() -> impl Strategy<Value = String> {
    let modifiers = prop::sample::select(vec![
        "",
        " offset 5m",
        " @ 12.5",
        " offset -1h @ end()",
        " @ start() offset 90",
    ]);
    let name =
        prop::sample::select(vec!["x", "a:b", "sum", "offset", "{\"m.n\", l=~\"a.*\"}", "x{l!=\"é\\n\"}"]);
    let leaf = (name, modifiers).prop_map(|(name, modifiers)| format!("{name}{modifiers}"));
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = prop::sample::select(vec![
            "+",
            "- on (a)",
            "* ignoring (b) group_left (c)",
            "^",
            "atan2",
            "== bool",
            "> on () group_right ()",
            "!=",
            "% fill (0)",
            "/ on (z) fill_right (-1)",
        ]);
        let set = prop::sample::select(vec!["and", "or on (a)", "unless ignoring (b)"]);
        let range = prop::sample::select(vec![
            "[5m:]",
            "[1h:step() * 2]",
            "[30m:30] @ 5",
            "[300 + 2m:1m] offset -5m",
        ]);
        let around = prop::sample::select(vec![
            "abs(",
            "sum by (a) (",
            "topk(3, ",
            "(",
            "-(",
            "quantile without () (0.9, ",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(l, o, r)| format!("{l} {o} {r}")),
            (inner.clone(), set, inner.clone()).prop_map(|(l, o, r)| format!("({l}) {o} {r}")),
            (inner.clone(), range).prop_map(|(i, r)| format!("rate(({i}){r})")),
            (around, inner.clone()).prop_map(|(a, i)| format!("{a}{i})")),
            inner.prop_map(|i| format!("-{i} ^ 2 * 1e-3")),
        ]
    })
}
