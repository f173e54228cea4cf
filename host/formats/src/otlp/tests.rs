//! Requests and what becomes of them, each in both encodings. A new case is a resource, a metric and what comes of it.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::parsed::Reason;

fn decoded(encoding: Encoding, body: &[u8], options: &Options) -> Parsed {
    decode(encoding, body, options, &Limits::default(), &Interner::default()).unwrap()
}

/// Everything that comes of a request, which must be the same in both encodings.
fn both(request: &Value, options: &Options) -> Parsed {
    let body = request.to_string();
    let parsed = decoded(Encoding::Json, body.as_bytes(), options);
    let message: message::Request = serde_json::from_str(&body).unwrap();
    let again = decoded(Encoding::Protobuf, &message.encode_to_vec(), options);
    assert_eq!(format!("{parsed:?}"), format!("{again:?}"));
    parsed
}

fn show(parsed: &Parsed) -> String {
    let mut lines = Vec::new();
    for (labels, sample) in &parsed.samples {
        let value = if ballast_types::series::is_stale(sample.value) {
            "stale".into()
        } else {
            sample.value.to_string()
        };
        lines.push(format!("{labels} {value} @{}", sample.at.as_millis()));
    }
    lines.extend(parsed.created.iter().map(|(labels, at)| format!("{labels} since {}", at.as_millis())));
    for (series, exemplar) in &parsed.exemplars {
        let at = exemplar.at.as_millis();
        lines.push(format!("exemplar of {series}: {} {} @{at}", exemplar.labels, exemplar.value));
    }
    for (name, is) in &parsed.metadata {
        lines.push(format!("{name}: {} {:?} {:?}", is.kind.as_str(), &*is.help, &*is.unit));
    }
    lines.extend(
        parsed.refused.counts().iter().map(|(reason, count)| format!("! {} {count}", reason.as_str())),
    );
    lines.extend(parsed.refused.problems().iter().map(|problem| format!("! {problem}")));
    lines.join("\n")
}

/// Attributes, all of them texts.
fn attributes(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
}

fn request(resource: &[(&str, &str)], metrics: Value) -> Value {
    let scope = json!({"name": "lib", "version": "1", "attributes": attributes(&[("a.b", "c")])});
    let scopes = json!([{"scope": scope, "schemaUrl": "u", "metrics": metrics}]);
    json!({"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": scopes}]})
}

fn check(metric: Value, expected: &str) {
    let parsed = both(&request(&[], json!([metric])), &Options::default());
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(show(&parsed), expected.join("\n"));
}

#[test]
fn a_gauge() {
    let point = json!({"timeUnixNano": "1500000000", "asDouble": 0.5, "attributes": attributes(&[("http.method", "GET")])});
    let metric =
        json!({"name": "cpu.use", "unit": "1", "description": "d", "gauge": {"dataPoints": [point]}});
    check(metric, "cpu_use_ratio{http_method=\"GET\"} 0.5 @1500\ncpu_use_ratio: gauge \"d\" \"1\"");
}

#[test]
fn a_counter_knows_since_when_it_counts() {
    let point = json!({"startTimeUnixNano": 1000000, "timeUnixNano": 2000000, "asInt": "7"});
    let sum = json!({"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [point]});
    let expected =
        "net_io_bytes_total 7 @2\nnet_io_bytes_total since 1\nnet_io_bytes_total: counter \"\" \"By\"";
    check(json!({"name": "net.io", "unit": "By", "sum": sum}), expected);
}

#[test]
fn a_sum_that_falls_is_a_gauge() {
    let point = json!({"startTimeUnixNano": 1000000, "timeUnixNano": 2000000, "asInt": -7});
    let sum = json!({"aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE", "dataPoints": [point]});
    check(json!({"name": "queue", "sum": sum}), "queue -7 @2\nqueue: gauge \"\" \"\"");
}

#[test]
fn a_histogram_becomes_cumulative_buckets_and_exemplars_find_theirs() {
    let exemplar = |value: f64, trace: &str| json!({"timeUnixNano": "1000000", "asDouble": value, "traceId": trace, "spanId": "00f0", "filteredAttributes": attributes(&[("k", "v")])});
    let point = json!({
        "startTimeUnixNano": "1000000", "timeUnixNano": "2000000", "count": "6", "sum": 9.5,
        "bucketCounts": ["1", 2, "3"], "explicitBounds": [0.25, 10], "exemplars": [exemplar(11.0, "0a"), exemplar(0.25, "0b")],
    });
    let histogram = json!({"aggregationTemporality": 2, "dataPoints": [point]});
    check(
        json!({"name": "rpc.duration", "unit": "s", "histogram": histogram}),
        r#"rpc_duration_seconds_sum 9.5 @2
        rpc_duration_seconds_count 6 @2
        rpc_duration_seconds_bucket{le="0.25"} 1 @2
        rpc_duration_seconds_bucket{le="10"} 3 @2
        rpc_duration_seconds_bucket{le="+Inf"} 6 @2
        rpc_duration_seconds_sum since 1
        rpc_duration_seconds_count since 1
        rpc_duration_seconds_bucket{le="0.25"} since 1
        rpc_duration_seconds_bucket{le="10"} since 1
        rpc_duration_seconds_bucket{le="+Inf"} since 1
        exemplar of rpc_duration_seconds_bucket{le="0.25"}: {k="v", span_id="00f0", trace_id="0b"} 0.25 @1
        exemplar of rpc_duration_seconds_bucket{le="+Inf"}: {k="v", span_id="00f0", trace_id="0a"} 11 @1
        rpc_duration_seconds: histogram "" "s""#,
    );
}

#[test]
fn a_histogram_without_sum_and_buckets() {
    let histogram =
        json!({"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": 1000000, "count": 6}]});
    check(
        json!({"name": "h", "histogram": histogram}),
        "h_count 6 @1\nh_bucket{le=\"+Inf\"} 6 @1\nh: histogram \"\" \"\"",
    );
}

#[test]
fn a_summary_becomes_quantiles() {
    let point = json!({"timeUnixNano": 1000000, "count": 2, "sum": 3.5, "quantileValues": [{"quantile": 0.5, "value": 1}, {"quantile": 1, "value": "NaN"}]});
    check(
        json!({"name": "s", "summary": {"dataPoints": [point]}}),
        "s_sum 3.5 @1\ns_count 2 @1\ns{quantile=\"0.5\"} 1 @1\ns{quantile=\"1\"} NaN @1\ns: summary \"\" \"\"",
    );
}

#[test]
fn a_point_without_a_recorded_value_ends_its_series() {
    let point = json!({"startTimeUnixNano": 1, "timeUnixNano": 1000000, "flags": 1});
    check(json!({"name": "g", "gauge": {"dataPoints": [point]}}), "g stale @1\ng: gauge \"\" \"\"");
    let histogram = json!({"aggregationTemporality": 2, "dataPoints": [point]});
    check(
        json!({"name": "h", "histogram": histogram}),
        "h_count stale @1\nh_bucket{le=\"+Inf\"} stale @1\nh: histogram \"\" \"\"",
    );
}

#[rstest]
#[case::delta(json!({"name": "m", "sum": {"aggregationTemporality": 1, "dataPoints": [{"asInt": 1}, {"asInt": 2}]}}),
    "! delta_temporality 2\n! `m`: only cumulative values can be kept")]
#[case::unspecified(json!({"name": "m", "histogram": {"dataPoints": [{}]}}),
    "! delta_temporality 1\n! `m`: only cumulative values can be kept")]
#[case::exponential(json!({"name": "m", "exponentialHistogram": {"dataPoints": [{}, {"scale": 1}]}}),
    "! exponential_histogram 2\n! `m`: exponential histograms are not kept")]
#[case::empty(json!({"name": "m", "gauge": {}}), "! invalid_point 1\n! `m`: a metric without points")]
#[case::nothing(json!({"name": "m"}), "! invalid_point 1\n! `m`: a metric without points")]
#[case::no_value(json!({"name": "m", "gauge": {"dataPoints": [{}]}}), "! invalid_point 1\n! `m`: a point without a value")]
#[case::nameless(json!({"name": "..", "gauge": {"dataPoints": [{"asInt": 1}]}}),
    "! missing_name 1\n! the name `..` makes no metric name")]
#[case::buckets(json!({"name": "m", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"bucketCounts": [1], "explicitBounds": [1, 2]}]}}),
    "! invalid_point 1\n! `m`: a histogram with 2 bounds and 1 buckets")]
#[case::bounds(json!({"name": "m", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"bucketCounts": [1, 1, 1], "explicitBounds": [2, 1]}]}}),
    "! invalid_point 1\n! `m`: a histogram whose bounds do not rise")]
#[case::attribute(json!({"name": "m", "gauge": {"dataPoints": [{"asInt": 1, "attributes": [{"key": "ö"}]}]}}),
    "! invalid_label 1\n! `m`: the attribute `ö` makes no label name")]
fn what_cannot_be_kept_is_counted(#[case] metric: Value, #[case] expected: &str) {
    check(metric, expected);
}

#[test]
fn a_refused_point_leaves_the_others() {
    let points = json!([{"asInt": 1, "attributes": [{"key": ""}]}, {"asInt": 2}]);
    let expected =
        "m 2 @0\nm: gauge \"\" \"\"\n! invalid_label 1\n! `m`: the attribute `` makes no label name";
    check(json!({"name": "m", "gauge": {"dataPoints": points}}), expected);
}

#[test]
fn values_of_attributes_are_written_as_texts() {
    let values = json!([
        {"key": "a", "value": {"boolValue": true}}, {"key": "b", "value": {"intValue": "-5"}},
        {"key": "c", "value": {"doubleValue": 1.5}}, {"key": "d", "value": {"bytesValue": "Zm9v"}},
        {"key": "e", "value": {"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "x"}]}}},
        {"key": "f", "value": {"kvlistValue": {"values": [{"key": "z", "value": {}}, {"key": "y", "value": {"boolValue": false}}]}}},
        {"key": "g"}, {"key": "h.i", "value": {"stringValue": "1"}}, {"key": "h_i", "value": {"stringValue": "2"}},
    ]);
    check(
        json!({"name": "m", "gauge": {"dataPoints": [{"asInt": 1, "attributes": values}]}}),
        r#"m{a="true", b="-5", c="1.5", d="Zm9v", e="[1,\"x\"]", f="{\"y\":false,\"z\":null}", h_i="1;2"} 1 @0
        m: gauge "" """#,
    );
}

/// What one gauge becomes in a resource.
fn in_resource(resource: &[(&str, &str)], options: &Options) -> String {
    let points = json!([{"timeUnixNano": 1000000, "asInt": 1, "attributes": attributes(&[("job", "mine"), ("zone", "p")])}]);
    let mut parsed =
        both(&request(resource, json!([{"name": "m", "gauge": {"dataPoints": points}}])), options);
    parsed.metadata.clear();
    show(&parsed)
}

#[test]
fn resources_make_job_instance_and_target_info() {
    let resource = [
        ("service.name", "api"),
        ("service.namespace", "shop"),
        ("service.instance.id", "i1"),
        ("cloud.zone", "b"),
    ];
    assert_eq!(
        in_resource(&resource, &Options::default()),
        "m{instance=\"i1\", job=\"shop/api\", zone=\"p\"} 1 @1\ntarget_info{cloud_zone=\"b\", instance=\"i1\", job=\"shop/api\"} 1 @1"
    );
    let keep = Options { keep_identifying_resource_attributes: true, ..Options::default() };
    let shown = in_resource(&resource, &keep);
    assert!(
        shown.contains("service_instance_id=\"i1\", service_name=\"api\", service_namespace=\"shop\"} 1"),
        "{shown}"
    );
}

#[rstest]
#[case::nothing_but_identity(&[("service.name", "api")], "m{job=\"api\", zone=\"p\"} 1 @1")]
#[case::no_identity(&[("cloud.zone", "b")], "m{job=\"mine\", zone=\"p\"} 1 @1")]
fn target_info_needs_an_identity_and_more(#[case] resource: &[(&str, &str)], #[case] expected: &str) {
    assert_eq!(in_resource(resource, &Options::default()), expected);
}

#[test]
fn attributes_are_promoted_where_asked_and_lose_to_the_points_own() {
    let resource = [("cloud.zone", "b"), ("zone", "r"), ("host", "h")];
    let promote_resource_attributes = vec!["cloud.zone".to_owned(), "zone".to_owned()];
    let listed = Options { promote_resource_attributes, ..Options::default() };
    assert_eq!(in_resource(&resource, &listed), "m{cloud_zone=\"b\", job=\"mine\", zone=\"p\"} 1 @1");
    let others = Options { promote_all_resource_attributes: true, ..listed };
    assert_eq!(in_resource(&resource, &others), "m{host=\"h\", job=\"mine\", zone=\"p\"} 1 @1");
}

#[test]
fn scopes_become_labels_where_asked() {
    let options = Options { promote_scope_metadata: true, ..Options::default() };
    let expected = "m{job=\"mine\", otel_scope_a_b=\"c\", otel_scope_name=\"lib\", otel_scope_schema_url=\"u\", otel_scope_version=\"1\", zone=\"p\"} 1 @1";
    assert_eq!(in_resource(&[], &options), expected);
}

#[test]
fn target_info_spans_the_samples_and_is_bounded() {
    let gauge = |millis: &[u64]| -> Value {
        let point = |millis: &u64| json!({"timeUnixNano": millis * 1_000_000, "asInt": 1});
        json!([{"name": "m", "gauge": {"dataPoints": millis.iter().map(point).collect::<Value>()}}])
    };
    let infos = |millis: &[u64]| -> Vec<i64> {
        let resource = [("service.name", "a"), ("b", "c")];
        let parsed = both(&request(&resource, gauge(millis)), &Options::default());
        let is_info = |labels: &ballast_types::Labels| labels.metric_name() == Some("target_info");
        parsed
            .samples
            .iter()
            .filter(|(labels, _)| is_info(labels))
            .map(|(_, sample)| sample.at.as_millis())
            .collect()
    };
    assert_eq!(infos(&[1000, 301_000]), [1000, 151_000, 301_000]);
    assert_eq!(infos(&[0, 1_700_000_000_000]).len(), 100);
}

/// One field with a length, by its number.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

#[test]
fn protobuf_by_the_numbers_of_the_protocol() {
    let attribute = [field(1, b"k"), field(2, &field(1, b"v"))].concat();
    let time =
        |number: u8, millis: u64| [&[number << 3 | 1][..], &(millis * 1_000_000).to_le_bytes()].concat();
    let exemplar =
        [time(2, 5), [&[6 << 3 | 1][..], &9u64.to_le_bytes()].concat(), field(5, &[0xab])].concat();
    let number = [time(2, 1), time(3, 2), field(5, &exemplar), time(6, 0), field(7, &attribute)].concat();
    let sum = [field(1, &number), vec![2 << 3, 2, 3 << 3, 1]].concat();
    let double = |number: u8, value: f64| [&[number << 3 | 1][..], &value.to_le_bytes()].concat();
    let quantile = [double(1, 0.5), double(2, 4.0)].concat();
    let summary = field(1, &[time(3, 2), double(5, 1.5), field(6, &quantile), field(7, &attribute)].concat());
    let buckets = [1u64.to_le_bytes(), 0u64.to_le_bytes()].concat();
    let point = [
        time(3, 2),
        double(5, 1.5),
        field(6, &buckets),
        field(7, &2f64.to_le_bytes()),
        field(9, &attribute),
        vec![10 << 3, 0],
    ]
    .concat();
    let histogram = [field(1, &point), vec![2 << 3, 2]].concat();
    let metrics = [
        field(2, &[field(1, b"a"), field(2, b"help"), field(3, b"s"), field(7, &sum)].concat()),
        field(2, &[field(1, b"b"), field(11, &summary)].concat()),
        field(2, &[field(1, b"c"), field(9, &histogram)].concat()),
        field(2, &[field(1, b"d"), field(10, &field(1, b""))].concat()),
    ];
    let scope =
        [field(1, &[field(1, b"lib"), field(2, b"1")].concat()), metrics.concat(), field(3, b"u")].concat();
    // Lengths beyond 127 take two bytes.
    let long = |number: u8, bytes: &[u8]| {
        [&[number << 3 | 2, (bytes.len() & 0x7f | 0x80) as u8, (bytes.len() >> 7) as u8], bytes].concat()
    };
    let resource = field(1, &field(1, &[field(1, b"service.name"), field(2, &field(1, b"j"))].concat()));
    let body = long(1, &[resource, long(2, &scope)].concat());
    insta::assert_snapshot!(show(&decoded(Encoding::Protobuf, &body, &Options::default())), @r#"
    a_seconds_total{job="j", k="v"} 0 @2
    b_sum{job="j", k="v"} 1.5 @2
    b_count{job="j", k="v"} 0 @2
    b{job="j", k="v", quantile="0.5"} 4 @2
    c_sum{job="j", k="v"} 1.5 @2
    c_count{job="j", k="v"} 0 @2
    c_bucket{job="j", k="v", le="2"} 1 @2
    c_bucket{job="j", k="v", le="+Inf"} 0 @2
    a_seconds_total{job="j", k="v"} since 1
    exemplar of a_seconds_total{job="j", k="v"}: {trace_id="ab"} 9 @5
    a_seconds_total: counter "help" "s"
    b: summary "" ""
    c: histogram "" ""
    ! exponential_histogram 1
    ! `d`: exponential histograms are not kept
    "#);
}

#[test]
fn limits_refuse_the_request() {
    let refused = |encoding, body: &[u8], limits: &Limits| {
        decode(encoding, body, &Options::default(), limits, &Interner::default()).unwrap_err().to_string()
    };
    let small = Limits { body_bytes_max: 3, messages_max: 2, ..Limits::default() };
    assert_eq!(refused(Encoding::Json, b"{  }", &small), "the request is larger than 3 bytes");
    let few = Limits { messages_max: 2, ..Limits::default() };
    let body = request(&[("a", "b")], json!([])).to_string();
    let message: message::Request = serde_json::from_str(&body).unwrap();
    let expected = "the request holds more than 2 points, attributes and the like";
    assert_eq!(refused(Encoding::Json, body.as_bytes(), &few), expected);
    assert_eq!(refused(Encoding::Protobuf, &message.encode_to_vec(), &few), expected);
}

#[test]
fn labels_without_end_refuse_the_points_beyond() {
    let limits = Limits { label_pairs_max: 10, ..Limits::default() };
    let point = json!({"asInt": 1, "attributes": attributes(&[("a", "b"), ("c", "d")])});
    let body = request(&[], json!([{"name": "m", "gauge": {"dataPoints": [point, point, point, point]}}]))
        .to_string();
    let parsed =
        decode(Encoding::Json, body.as_bytes(), &Options::default(), &limits, &Interner::default()).unwrap();
    assert_eq!((parsed.samples.len(), parsed.refused.counts()), (3, &[(Reason::SeriesLimit, 1)][..]));
}

#[test]
fn what_is_no_request() {
    let refused = |encoding, body: &[u8]| {
        decode(encoding, body, &Options::default(), &Limits::default(), &Interner::default()).is_err()
    };
    for body in [
        "",
        "[",
        r#"{"resourceMetrics": 1}"#,
        r#"{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints": [{"asInt": "x"}]}}]}]}]}"#,
    ] {
        assert!(refused(Encoding::Json, body.as_bytes()), "{body}");
    }
    assert!(refused(Encoding::Protobuf, b"hello"));
    assert!(!refused(Encoding::Json, br#"{"resourceMetrics": null, "other": {}}"#));
}

#[test]
fn values_nested_without_end_are_refused() {
    let mut value = Vec::new();
    for _ in 0..200 {
        let mut inner = vec![5 << 3 | 2];
        let list = [&[1 << 3 | 2][..], &varint(value.len()), &value].concat();
        inner.extend([varint(list.len()), list].concat());
        value = inner;
    }
    let mut body = value;
    for number in [2, 1, 1, 1] {
        body = [&[number << 3 | 2][..], &varint(body.len()), &body].concat();
    }
    let options = Options::default();
    let error =
        decode(Encoding::Protobuf, &body, &options, &Limits::default(), &Interner::default()).unwrap_err();
    assert!(matches!(error, DecodeError::NotProtobuf(_)), "{error}");
}

fn varint(number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::wire::put_varint(number as u64, &mut bytes);
    bytes
}

#[test]
fn answers_say_what_was_refused() {
    let mut refused = crate::Refusals::default();
    assert_eq!(response(Encoding::Json, &refused, None), b"{}");
    assert_eq!(response(Encoding::Protobuf, &refused, None), b"");
    refused.refuse_many(Reason::DeltaTemporality, 2, || "why".to_owned());
    let answer =
        |encoding| String::from_utf8_lossy(&response(encoding, &refused, Some((1, "too old")))).into_owned();
    assert_eq!(
        answer(Encoding::Json),
        r#"{"partialSuccess":{"errorMessage":"delta_temporality 2; too old; why","rejectedDataPoints":"3"}}"#
    );
    assert_eq!(answer(Encoding::Protobuf), "\n%\x08\x03\x12!delta_temporality 2; too old; why");
}

#[test]
fn content_types_name_their_encoding() {
    assert_eq!(Encoding::of_content_type("application/json; charset=utf-8"), Some(Encoding::Json));
    assert_eq!(Encoding::of_content_type("application/x-protobuf"), Some(Encoding::Protobuf));
    assert_eq!(Encoding::of_content_type("text/plain"), None);
}

proptest! {
    #[test]
    fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let _ = decode(encoding, &bytes, &Options::default(), &Limits::default(), &Interner::default());
        }
    }

    #[test]
    fn never_panics_on_a_request_with_a_flipped_byte(at: prop::sample::Index, to: u8) {
        let point = json!({"timeUnixNano": 5, "count": 2, "sum": 1, "bucketCounts": [1, 1], "explicitBounds": [1], "exemplars": [{"asInt": 1}]});
        let metrics = json!([{"name": "h", "histogram": {"aggregationTemporality": 2, "dataPoints": [point]}}]);
        let body = request(&[("service.name", "a"), ("b", "c")], metrics).to_string();
        let message: message::Request = serde_json::from_str(&body).unwrap();
        for (encoding, mut bytes) in [(Encoding::Json, body.into_bytes()), (Encoding::Protobuf, message.encode_to_vec())] {
            let place = at.index(bytes.len());
            bytes[place] = to;
            let options = Options { promote_scope_metadata: true, ..Options::default() };
            let _ = decode(encoding, &bytes, &options, &Limits::default(), &Interner::default());
        }
    }
}
