//! Requests and what becomes of them, both versions through the same cases.

use std::sync::Arc;

use ballast_types::Interner;
use ballast_types::ingest::MetricType;
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::{is_stale, stale_nan};
use proptest::prelude::*;
use prost::Message as _;
use rstest::rstest;

use super::encode::pack;
use super::message::*;
use super::*;
use crate::parsed::{Parsed, Reason};

fn cache() -> LabelCache {
    LabelCache::new(Interner::default(), 1 << 20)
}

fn sample(at: i64, value: f64) -> Sample {
    Sample { at: Timestamp::from_millis(at), value }
}

/// A request of version 1.0 with one series of these labels and one sample, and a good one after it.
fn v1(labels: &[(&str, &str)]) -> Vec<u8> {
    let series = |pairs: &[(&str, &str)]| TimeSeries {
        labels: pairs.iter().map(|(n, v)| Label { name: (*n).into(), value: (*v).into() }).collect(),
        samples: vec![SampleMessage { value: 1.0, timestamp: 5 }],
        ..TimeSeries::default()
    };
    let timeseries = vec![series(labels), series(&[(METRIC_NAME, "good")])];
    pack(&WriteRequest { timeseries, metadata: vec![] }.encode_to_vec())
}

/// The same in version 2.0.
fn v2(labels: &[(&str, &str)]) -> Vec<u8> {
    let mut symbols: Vec<String> = ["", METRIC_NAME, "good"].map(String::from).into();
    let mut labels_refs = Vec::new();
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        labels_refs.push(symbols.len() as u32);
        symbols.push((*text).to_owned());
    }
    let series = |labels_refs: Vec<u32>| TimeSeriesV2 {
        labels_refs,
        samples: vec![SampleMessage { value: 1.0, timestamp: 5 }],
        ..TimeSeriesV2::default()
    };
    let timeseries = vec![series(labels_refs), series(vec![1, 2])];
    pack(&RequestV2 { symbols, timeseries }.encode_to_vec())
}

fn show(parsed: &Parsed) -> String {
    let samples = parsed.samples.iter().map(|(labels, sample)| format!("{labels} {}", sample.value));
    let refused =
        parsed.refused.counts().iter().map(|(reason, count)| format!("{} {count}", reason.as_str()));
    samples.chain(refused).collect::<Vec<_>>().join("; ")
}

#[rstest]
#[case::sorted(&[("__name__", "a"), ("b", "x")], "a{b=\"x\"} 1; good 1")]
#[case::unsorted(&[("b", "x"), ("__name__", "a")], "a{b=\"x\"} 1; good 1")]
#[case::utf8(&[("__name__", "a.ü"), ("b c", "ö")], "a.ü{b c=\"ö\"} 1; good 1")]
#[case::empty_value(&[("__name__", "a"), ("b", "")], "a 1; good 1")]
#[case::empty_name(&[("", "x"), ("__name__", "a")], "good 1; invalid_label 1")]
#[case::twice(&[("__name__", "a"), ("b", "x"), ("b", "y")], "good 1; duplicate_label 1")]
#[case::the_same_twice(&[("__name__", "a"), ("b", "x"), ("b", "x")], "good 1; duplicate_label 1")]
#[case::nameless(&[("b", "x")], "good 1; missing_name 1")]
#[case::no_labels(&[], "good 1; missing_name 1")]
#[case::name_is_empty(&[("__name__", ""), ("b", "x")], "good 1; missing_name 1")]
#[case::long_name(&[("__name__", "a"), ("bbbbbbbbbbb", "x")], "good 1; label_limit 1")]
#[case::long_value(&[("__name__", "a"), ("b", "xxxxxxxxxxxxxxxxxxxxx")], "good 1; label_limit 1")]
#[case::many(&[("__name__", "a"), ("b", "x"), ("c", "x"), ("d", "x")], "good 1; label_limit 1")]
fn series_are_checked_one_by_one(#[case] labels: &[(&str, &str)], #[case] expected: &str) {
    let limits = Limits { labels_max: 3, name_bytes_max: 10, value_bytes_max: 20, ..Limits::default() };
    let mut cache = cache();
    for _ in 0..2 {
        assert_eq!(show(&decode_v1(&v1(labels), &limits, &mut cache).unwrap()), expected);
        assert_eq!(show(&decode_v2(&v2(labels), &limits, &mut cache).unwrap()), expected);
    }
}

#[test]
fn a_series_refused_counts_each_of_its_samples() {
    let samples = vec![SampleMessage::default(); 3];
    let series = TimeSeries { samples, ..TimeSeries::default() };
    let body = pack(&WriteRequest { timeseries: vec![series], metadata: vec![] }.encode_to_vec());
    let parsed = decode_v1(&body, &Limits::default(), &mut cache()).unwrap();
    assert_eq!(parsed.refused.counts(), [(Reason::MissingName, 3)]);
}

#[test]
fn labels_that_do_not_stand_together_are_gathered() {
    let label = |name: &str, value: &str| Label { name: name.into(), value: value.into() };
    let part = |label: Label, samples| {
        TimeSeries { labels: vec![label], samples, ..TimeSeries::default() }.encode_to_vec()
    };
    let mut series = part(label("__name__", "a"), vec![SampleMessage { value: 1.0, timestamp: 5 }]);
    series.extend(part(label("b", "x"), vec![SampleMessage { value: 2.0, timestamp: 6 }]));
    let mut message = vec![0x0a, series.len() as u8];
    message.extend(series);
    let parsed = decode_v1(&pack(&message), &Limits::default(), &mut cache()).unwrap();
    assert_eq!(show(&parsed), "a{b=\"x\"} 1; a{b=\"x\"} 2");
}

#[test]
fn native_histograms_are_counted_and_their_floats_kept() {
    let histograms = vec![HistogramMessage { timestamp: 5 }; 2];
    let name = vec![Label { name: METRIC_NAME.into(), value: "a".into() }];
    let samples = vec![SampleMessage::default()];
    let series = TimeSeries {
        labels: name,
        samples: samples.clone(),
        histograms: histograms.clone(),
        ..TimeSeries::default()
    };
    let one = pack(&WriteRequest { timeseries: vec![series], metadata: vec![] }.encode_to_vec());
    let series = TimeSeriesV2 { labels_refs: vec![1, 2], samples, histograms, ..TimeSeriesV2::default() };
    let symbols = ["", METRIC_NAME, "a"].map(String::from).into();
    let two = pack(&RequestV2 { symbols, timeseries: vec![series] }.encode_to_vec());
    for (version, body) in [(Version::V1, one), (Version::V2, two)] {
        let parsed = decode(version, &body, &Limits::default(), &mut cache()).unwrap();
        assert_eq!(show(&parsed), "a 0; native_histogram 2");
    }
}

#[rstest]
#[case::beyond(vec![1, 9], "good 1; invalid_label 1")]
#[case::odd(vec![1, 2, 0], "good 1; invalid_label 1")]
fn references_that_mean_nothing_refuse_their_series(#[case] labels_refs: Vec<u32>, #[case] expected: &str) {
    let samples = vec![SampleMessage { value: 1.0, timestamp: 5 }];
    let series =
        |labels_refs| TimeSeriesV2 { labels_refs, samples: samples.clone(), ..TimeSeriesV2::default() };
    let symbols = ["", METRIC_NAME, "good"].map(String::from).into();
    let timeseries = vec![series(labels_refs), series(vec![1, 2])];
    let body = pack(&RequestV2 { symbols, timeseries }.encode_to_vec());
    assert_eq!(show(&decode_v2(&body, &Limits::default(), &mut cache()).unwrap()), expected);
}

#[test]
fn staleness_markers_keep_their_bits() {
    let labels = Labels::from_pairs([(METRIC_NAME, "a")]);
    let series = [WriteSeries { labels, samples: vec![sample(1, stale_nan())], ..WriteSeries::default() }];
    for (version, body) in [(Version::V1, encode_v1(&series)), (Version::V2, encode_v2(&series))] {
        let parsed = decode(version, &body, &Limits::default(), &mut cache()).unwrap();
        assert!(parsed.samples.iter().all(|(_, sample)| is_stale(sample.value)), "{parsed:?}");
    }
}

#[test]
fn a_bomb_is_refused_by_what_it_announces() {
    let body = pack(&vec![0; 10 << 20]);
    assert!(body.len() < 600_000);
    let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let error = decode_v1(&body, &limits, &mut cache()).unwrap_err();
    assert_eq!(error, DecodeError::TooLargeUnpacked { size: 10 << 20, limit: 1 << 20 });
    // It announces four gigabytes and has none.
    let error = decode_v1(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], &limits, &mut cache()).unwrap_err();
    assert!(matches!(error, DecodeError::TooLargeUnpacked { .. }), "{error}");
}

#[test]
fn limits_refuse_the_request() {
    let body = v1(&[(METRIC_NAME, "a")]);
    let limits = Limits { items_max: 1, ..Limits::default() };
    assert_eq!(decode_v1(&body, &limits, &mut cache()), Err(DecodeError::TooMany { limit: 1 }));
    assert_eq!(decode_v2(&v2(&[]), &limits, &mut cache()), Err(DecodeError::TooMany { limit: 1 }));
    let limits = Limits { packed_bytes_max: 10, ..Limits::default() };
    assert_eq!(decode_v1(&body, &limits, &mut cache()), Err(DecodeError::TooLarge { limit: 10 }));
}

#[test]
fn one_long_symbol_that_all_refer_to_is_bounded() {
    let symbols = vec![String::new(), METRIC_NAME.to_owned(), "x".repeat(1000)];
    let series = TimeSeriesV2 { labels_refs: vec![1, 2], ..TimeSeriesV2::default() };
    let body = pack(&RequestV2 { symbols, timeseries: vec![series; 100] }.encode_to_vec());
    let limits = Limits { unpacked_bytes_max: 2000, ..Limits::default() };
    assert_eq!(decode_v2(&body, &limits, &mut cache()), Err(DecodeError::TooLargeResolved));
}

#[rstest]
#[case::empty(b"")]
#[case::no_snappy(b"a 1\n")]
#[case::cut(&[200, 1, 0xf0])]
fn what_is_no_snappy_block(#[case] body: &[u8]) {
    let error = decode_v1(body, &Limits::default(), &mut cache()).unwrap_err();
    assert!(matches!(error, DecodeError::NotSnappy(_)), "{error}");
}

#[test]
fn what_is_no_message() {
    for message in [&b"hello"[..], &[0x0a, 0x7f], &[0x0a, 0x02, 0x08, 0x80]] {
        assert_eq!(decode_v1(&pack(message), &Limits::default(), &mut cache()), Err(DecodeError::Malformed));
    }
}

#[test]
fn content_types_name_their_version() {
    let of = Version::of_content_type;
    assert_eq!(of("application/x-protobuf"), Some(Version::V1));
    assert_eq!(of("application/x-protobuf; proto=prometheus.WriteRequest"), Some(Version::V1));
    assert_eq!(of(Version::V2.content_type()), Some(Version::V2));
    assert_eq!(of("application/x-protobuf;proto=other"), None);
    assert_eq!(of("application/json"), None);
}

fn any_labels() -> impl Strategy<Value = Labels> {
    let pairs = proptest::collection::btree_map("[^_].{0,6}", ".{1,12}", 0..5);
    (".{1,10}", pairs).prop_map(|(name, pairs)| Labels::from_pairs(pairs).with(METRIC_NAME, &name))
}

fn any_series() -> impl Strategy<Value = WriteSeries> {
    let samples =
        proptest::collection::vec((any::<i64>(), -1e9..1e9).prop_map(|(at, value)| sample(at, value)), 0..3);
    let exemplar = (proptest::collection::btree_map(".{1,4}", ".{1,4}", 0..3), -1e9..1e9, any::<i64>());
    let exemplars = proptest::collection::vec(
        exemplar.prop_map(|(labels, value, at)| Exemplar {
            labels: Labels::from_pairs(labels),
            value,
            at: Timestamp::from_millis(at),
        }),
        0..3,
    );
    let metadata = proptest::option::of((".{0,5}", ".{1,5}").prop_map(|(help, unit)| Metadata {
        kind: MetricType::Summary,
        help: help.into(),
        unit: unit.into(),
    }));
    let created = proptest::option::of((1..i64::MAX).prop_map(Timestamp::from_millis));
    (any_labels(), samples, exemplars, metadata, created).prop_map(
        |(labels, samples, exemplars, metadata, created)| WriteSeries {
            labels,
            samples,
            exemplars,
            metadata,
            created,
        },
    )
}

/// What a decoder must yield of series.
fn expected(series: &[WriteSeries]) -> Parsed {
    let mut parsed = Parsed::default();
    for one in series {
        parsed.samples.extend(one.samples.iter().map(|sample| (one.labels.clone(), *sample)));
        parsed.exemplars.extend(one.exemplars.iter().map(|exemplar| (one.labels.clone(), exemplar.clone())));
        let name: Arc<str> = one.labels.metric_name().unwrap().into();
        parsed.metadata.extend(one.metadata.clone().map(|metadata| (name, metadata)));
        parsed.created.extend(one.created.map(|at| (one.labels.clone(), at)));
    }
    parsed
}

proptest! {
    #[test]
    fn gives_back_what_was_written(series in proptest::collection::vec(any_series(), 0..6)) {
        let mut seen = std::collections::HashSet::new();
        let series: Vec<_> = series.into_iter().filter(|one| seen.insert(one.labels.metric_name().unwrap().to_owned())).collect();
        let mut cache = cache();
        for _ in 0..2 {
            let two = decode_v2(&encode_v2(&series), &Limits::default(), &mut cache).unwrap();
            prop_assert_eq!(&two, &expected(&series));
            let one = decode_v1(&encode_v1(&series), &Limits::default(), &mut cache).unwrap();
            prop_assert_eq!(one, Parsed { created: vec![], ..two });
        }
    }

    #[test]
    fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for body in [&bytes, &pack(&bytes)] {
            let _ = decode_v1(body, &Limits::default(), &mut cache());
            let _ = decode_v2(body, &Limits::default(), &mut cache());
        }
    }

    #[test]
    fn never_panics_on_a_request_with_a_flipped_byte(series in proptest::collection::vec(any_series(), 1..3), at: prop::sample::Index, to: u8) {
        for body in [encode_v1(&series), encode_v2(&series)] {
            let mut message = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
            let place = at.index(message.len());
            message[place] = to;
            let body = pack(&message);
            let _ = decode_v1(&body, &Limits::default(), &mut cache());
            let _ = decode_v2(&body, &Limits::default(), &mut cache());
        }
    }
}

#[test]
fn a_series_that_is_only_like_the_one_foretold_is_another() {
    let series = |pairs: &[(&str, &str)]| {
        let labels = Labels::from_pairs(pairs.iter().copied()).with(METRIC_NAME, "a");
        WriteSeries { labels, samples: vec![sample(1, 1.0)], ..WriteSeries::default() }
    };
    let long = "x".repeat(200);
    let mut cache = cache();
    for pairs in [
        &[("b", "x")][..],
        &[("b", "x")],
        &[("b", "y")],
        &[],
        &[("b", "x"), ("c", "y")],
        &[("b", &long)],
        &[("b", &long)],
    ] {
        let written = [series(pairs)];
        let parsed = decode_v2(&encode_v2(&written), &Limits::default(), &mut cache).unwrap();
        assert_eq!(parsed, expected(&written));
    }
}
