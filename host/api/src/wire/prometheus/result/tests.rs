//! What is written to bytes against the plain form, and what a large result costs.

use super::super::number::value_text;
use super::*;
use ballast_engine::VectorSample;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn answer(value: Value) -> Answer {
    Answer { value, warnings: Vec::new(), infos: Vec::new() }
}

fn read(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes).unwrap()
}

fn seconds(at: Timestamp) -> Json {
    match at.as_millis() % 1000 {
        0 => json!(at.as_millis() / 1000),
        _ => json!(at.as_secs_f64()),
    }
}

/// The same envelope through a tree of JSON.
fn plainly(series: &[Series]) -> Json {
    let point = |sample: &Sample| json!([seconds(sample.at), value_text(sample.value)]);
    let each = |series: &Series| {
        let metric: std::collections::BTreeMap<&str, &str> = series.labels.iter().collect();
        json!({ "metric": metric, "values": series.samples.iter().map(point).collect::<Vec<_>>() })
    };
    let result: Vec<Json> = series.iter().map(each).collect();
    json!({ "status": "success", "data": { "resultType": "matrix", "result": result } })
}

fn a_series() -> impl Strategy<Value = Series> {
    let labels = prop::collection::vec((".{0,6}", ".{0,8}"), 0..4);
    let samples = prop::collection::btree_map(-3_000i64..9_000, any::<f64>(), 0..20);
    (labels, samples).prop_map(|(labels, samples)| Series {
        labels: Labels::from_pairs(labels),
        samples: samples
            .into_iter()
            .map(|(at, value)| Sample { at: Timestamp::from_millis(at * 250), value })
            .collect(),
    })
}

proptest! {
    #[test]
    fn a_matrix_is_what_the_plain_form_says(series in prop::collection::vec(a_series(), 0..5)) {
        let bytes = envelope(&answer(Value::Matrix(series.clone())), Timestamp::default());
        prop_assert_eq!(read(&bytes), plainly(&series));
    }
}

#[test]
fn scalars_strings_and_vectors_have_their_shapes() {
    let at = Timestamp::from_millis(1_500);
    let of = |value| String::from_utf8(envelope(&answer(value), at)).unwrap();
    let sample = VectorSample { labels: Labels::from_pairs([("a", "\u{1}\"\\\n")]), at, value: 1e-7 };
    insta::assert_snapshot!(
        [of(Value::Scalar(Sample { at, value: f64::INFINITY })), of(Value::String("x".into())), of(Value::Vector(vec![sample]))].join("\n"),
        @r#"
    {"status":"success","data":{"resultType":"scalar","result":[1.500,"+Inf"]}}
    {"status":"success","data":{"resultType":"string","result":[1.500,"x"]}}
    {"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\u0001\"\\\n"},"value":[1.500,"1e-07"]}]}}
    "#
    );
}

#[test]
fn notes_are_there_only_where_there_is_something_to_say() {
    let with =
        Answer { warnings: vec!["w".into()], infos: vec!["i".into()], ..answer(Value::Vector(vec![])) };
    let text = String::from_utf8(envelope(&with, Timestamp::default())).unwrap();
    assert_eq!(
        text,
        r#"{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["w"],"infos":["i"]}"#
    );
    assert_eq!(texts(&["a", "b\""], &[]), br#"{"status":"success","data":["a","b\""]}"#);
    assert_eq!(label_sets(&[Labels::empty()], &[]), br#"{"status":"success","data":[{}]}"#);
}

/// Run in release with `--ignored`: what a hundred series of a thousand steps cost.
#[test]
#[ignore = "a measurement, meaningful in release only"]
fn a_hundred_series_of_a_thousand_steps_take_milliseconds() {
    let sample = |step: i64, each: i64| Sample {
        at: Timestamp::from_millis(1_738_324_800_000 + step * 15_000),
        value: (step * 131 + each * 17) as f64 / 7.0,
    };
    let series = |each: i64| Series {
        labels: Labels::from_pairs([("__name__", "x"), ("instance", "a"), ("n", &each.to_string())]),
        samples: (0..1000).map(|step| sample(step, each)).collect(),
    };
    let answer = answer(Value::Matrix((0..100).map(series).collect()));
    let took: Vec<_> = (0..20)
        .map(|_| {
            let begun = std::time::Instant::now();
            std::hint::black_box(envelope(&answer, Timestamp::default()));
            begun.elapsed()
        })
        .collect();
    println!("{:?} .. {:?}", took.iter().min(), took.iter().max());
}
