//! What must hold of any plan: a range is its instants, summaries are their samples, and a tick is its expressions alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use ballast_promql::script::MemorySource;
use ballast_promql::syntax::{Features, parse};
use ballast_promql::{
    EvalError, Expression, Interrupt, Options, Tick, Value, answer, answer_range, evaluate,
};
use ballast_types::series::stale_nan;
use ballast_types::{Labels, Sample, Series, Timestamp};
use proptest::prelude::*;

/// Expressions over the series `a`, `b` and `h`; `%` stands for any vector of them.
const SELECTORS: [&str; 6] = ["a", "b", "a{x=\"1\"}", "a offset 40s", "b @ 200", "a @ end()"];
const SHAPES: [&str; 24] = [
    "%",
    "rate(a[2m])",
    "increase(a[45s] offset 1m)",
    "max_over_time(a[1m]) - min_over_time(a[1m])",
    "sum by (x) (%)",
    "avg without (y) (%)",
    "quantile by (x) (0.4, %)",
    "topk by (x) (1, %)",
    "count_values(\"v\", round(%, 20))",
    "% + on (x, y) %",
    "% * on (x) group_left sum by (x) (%)",
    "% > 20",
    "% > bool 20",
    "% and b",
    "% or %",
    "a unless on (x, y) (b > 30)",
    "absent(a > 60)",
    "vector(scalar(a{x=\"1\", y=\"1\"}) + time())",
    "vector(scalar(sum(%)))",
    "label_replace(%, \"z\", \"$1\", \"x\", \"(.*)\")",
    "sum_over_time((a + b)[2m:15s])",
    "avg_over_time(rate(a[1m])[90s:10s] offset 20s)",
    "histogram_quantile(0.7, sum by (le) (h))",
    "-changes(b[3m]) / (1 + resets(a[3m]))",
];

fn expression() -> impl Strategy<Value = String> {
    let selector = || proptest::sample::select(&SELECTORS[..]);
    let simple =
        (proptest::sample::select(&SHAPES[..]), selector(), selector()).prop_map(|(shape, one, two)| {
            let filled = shape.replacen('%', one, 1);
            filled.replace('%', two)
        });
    const OPERATORS: [&str; 5] = ["+", "and", "or", "unless", "<= on (x, y)"];
    (simple.clone(), simple, proptest::option::of(proptest::sample::select(&OPERATORS[..]))).prop_map(
        |(left, right, operator)| match operator {
            Some(operator) => format!("({left}) {operator} ({right})"),
            None => left,
        },
    )
}

/// Values every 10 s or so with gaps, resets, staleness markers and the odd NaN.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let value = prop_oneof![
        12 => (0..80_i32).prop_map(f64::from),
        2 => Just(stale_nan()),
        1 => Just(f64::NAN),
    ];
    proptest::collection::vec((value, 1..25_i64), 0..40).prop_map(|steps| {
        let mut at_secs = 0;
        let sample = |(value, gap): (f64, i64)| {
            at_secs += gap;
            Sample { at: Timestamp::from_secs(at_secs), value }
        };
        steps.into_iter().map(sample).collect()
    })
}

fn series() -> impl Strategy<Value = Vec<Series>> {
    let labels = |index: usize| {
        let (x, y) = ((index / 2 % 2).to_string(), (index % 2).to_string());
        let bound = ["1", "5", "+Inf", "+Inf"][index % 4];
        match index / 4 {
            0 => Labels::from_pairs([("__name__", "a"), ("x", &x), ("y", &y)]),
            1 => Labels::from_pairs([("__name__", "b"), ("x", &x), ("y", &y)]),
            _ => Labels::from_pairs([("__name__", "h"), ("le", bound), ("y", &y)]),
        }
    };
    proptest::collection::vec(samples(), 12..=12).prop_map(move |all| {
        all.into_iter()
            .enumerate()
            .map(|(index, samples)| Series { labels: labels(index), samples })
            .collect()
    })
}

fn parsed(text: &str) -> Expression {
    parse(text, Features::all()).unwrap()
}

/// Comparable: by labels, values by their bits but for NaN and the last digits.
fn vector(value: Value) -> Vec<(Labels, String)> {
    let mut all: Vec<(Labels, String)> =
        value.into_vector().into_iter().map(|s| (s.labels, format!("{:.9e}", s.value))).collect();
    all.sort();
    all
}

const END_SECS: i64 = 300;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_range_is_its_instants(series in series(), text in expression(), step in 7..60_u64) {
        let (source, options) = (MemorySource::of(&series), Options::default());
        // `end()` is the end of the range, so that each instant is told it as well.
        let whole = parsed(&text);
        let alone = parsed(&text.replace("end()", &END_SECS.to_string()));
        let (start, end) = (Timestamp::from_secs(60), Timestamp::from_secs(END_SECS));
        let ranged = answer_range(&whole, &source, start, end, Duration::from_secs(step), &options);
        let mut at = start;
        while at <= end {
            match (&ranged, evaluate(&alone, &source, at, &options)) {
                (Ok(ranged), Ok(instant)) => {
                    let Value::Matrix(all) = &ranged.value else { panic!("a range is a matrix") };
                    let here = all.iter().flat_map(|s| s.samples.iter().filter(|x| x.at == at).map(|x| (s.labels.clone(), format!("{:.9e}", x.value))));
                    let mut here: Vec<(Labels, String)> = here.collect();
                    here.sort();
                    prop_assert_eq!(here, vector(instant), "{} at {}", &text, at);
                }
                // A range fails where one of its instants does.
                (Ok(_), Err(error)) => prop_assert!(false, "{text} at {at}: {error}"),
                (Err(_), _) => {}
            }
            at = at + Duration::from_secs(step);
        }
        if ranged.is_err() {
            let fails = |at: i64| evaluate(&alone, &source, Timestamp::from_secs(at), &options).is_err();
            prop_assert!((60..=END_SECS).any(fails), "{text}: {ranged:?}");
        }
    }

    #[test]
    fn summaries_are_their_samples(series in series(), text in expression(), at in 30..400_i64) {
        let source = MemorySource::of(&series);
        let value = |summaries| {
            let options = Options { summaries, ..Options::default() };
            evaluate(&parsed(&text), &source, Timestamp::from_secs(at), &options).map(vector)
        };
        prop_assert_eq!(value(true), value(false), "{}", text);
    }

    #[test]
    fn a_tick_is_its_expressions_alone(
        series in series(),
        texts in proptest::collection::vec(expression(), 1..8),
        at in 30..400_i64,
    ) {
        let (source, at) = (MemorySource::of(&series), Timestamp::from_secs(at));
        let tick = Tick::new(Arc::new(source.clone()), at, Options::default());
        for text in texts.iter().chain(&texts) {
            let together = tick.evaluate(&parsed(text)).map(|answer| (vector(answer.value), answer.notes));
            let alone = answer(&parsed(text), &source, at, &Options::default());
            prop_assert_eq!(together, alone.map(|answer| (vector(answer.value), answer.notes)), "{}", text);
        }
    }
}

#[test]
fn a_tick_forgets_what_a_recorded_series_may_change() {
    struct Changing(std::sync::Mutex<MemorySource>);
    impl ballast_types::Queryable for Changing {
        fn select(
            &self,
            matchers: &[ballast_types::Matcher],
            range: ballast_types::TimeRange,
        ) -> Result<Vec<Series>, ballast_types::QueryError> {
            self.0.lock().unwrap().select(matchers, range)
        }
    }
    let of = |name: &str, value: f64| Series {
        labels: Labels::from_pairs([("__name__", name)]),
        samples: vec![Sample { at: Timestamp::from_secs(10), value }],
    };
    let source = Arc::new(Changing(std::sync::Mutex::new(MemorySource::of(&[of("a", 1.0), of("b", 2.0)]))));
    let tick = Tick::new(source.clone(), Timestamp::from_secs(10), Options::default());
    let value = |text: &str| vector(tick.evaluate(&parsed(text)).unwrap().value).remove(0).1;
    assert_eq!((value("sum(a)"), value("sum(b)")), ("1.000000000e0".into(), "2.000000000e0".into()));
    *source.0.lock().unwrap() = MemorySource::of(&[of("a", 5.0), of("b", 6.0)]);
    tick.forget_metric("a");
    assert_eq!((value("sum(a)"), value("sum(b)")), ("5.000000000e0".into(), "2.000000000e0".into()));
    tick.forget(&Labels::from_pairs([("__name__", "b")]));
    assert_eq!(value("a + b"), "1.100000000e1");
}

#[test]
fn a_number_stands_for_the_side_that_is_not_there() {
    let of = |name: &str, x: &str, value: f64| Series {
        labels: Labels::from_pairs([("__name__", name), ("x", x)]),
        samples: vec![Sample { at: Timestamp::from_secs(10), value }],
    };
    let source =
        MemorySource::of(&[of("a", "1", 1.0), of("a", "2", 2.0), of("b", "2", 5.0), of("b", "3", 7.0)]);
    let found = |text: &str| {
        let value = evaluate(&parsed(text), &source, Timestamp::from_secs(10), &Options::default()).unwrap();
        let all: Vec<String> =
            value.into_vector().iter().map(|s| format!("{} {}", s.labels, s.value)).collect();
        all.join(", ")
    };
    assert_eq!(found("a + b"), r#"{x="2"} 7"#);
    assert_eq!(found("a + fill_right (10) b"), r#"{x="2"} 7, {x="1"} 11"#);
    assert_eq!(found("a + fill_left (10) b"), r#"{x="2"} 7, {x="3"} 17"#);
    assert_eq!(found("a - fill (0) c"), r#"{x="1"} 1, {x="2"} 2"#);
}

#[test]
fn an_interrupted_evaluation_stops() {
    let interrupt = Interrupt::default();
    let options = Options { interrupt: Some(interrupt.clone()), ..Options::default() };
    let stopped = || evaluate(&parsed("1 + 1"), &MemorySource::default(), Timestamp::from_secs(0), &options);
    assert!(stopped().is_ok());
    interrupt.time_out();
    assert_eq!(stopped(), Err(EvalError::TimedOut));
    interrupt.cancel();
    assert_eq!(stopped(), Err(EvalError::Cancelled));
}

#[test]
fn annotations_say_where_in_the_text_they_arose() {
    let text = "quantile(2, a) + sum(rate(a[1m]))";
    let notes =
        answer(&parsed(text), &source_of_a(), Timestamp::from_secs(60), &Options::default()).unwrap().notes;
    let warnings = notes.placed_warnings(text, 10);
    assert_eq!(warnings, ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]);
    let infos = notes.placed_infos(text, 10);
    assert!(infos.len() == 1 && infos[0].ends_with(": \"a\" (1:27)"), "{infos:?}");
}

fn source_of_a() -> MemorySource {
    let samples = (0..7).map(|i| Sample { at: Timestamp::from_secs(i * 10), value: i as f64 }).collect();
    MemorySource::of(&[Series { labels: Labels::from_pairs([("__name__", "a")]), samples }])
}
