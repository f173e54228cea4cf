//! The envelope of Prometheus's HTTP API: the value, and what says that something is missing.

use ballast_ports::RemoteValue;
use ballast_types::{Labels, Sample, Series, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;

/// An answer that was understood.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) value: RemoteValue,
    /// Why it is not the whole answer, where it is not.
    pub(super) partial: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    /// VictoriaMetrics.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Scalar(Point),
    Vector(Vec<Element>),
    Matrix(Vec<Row>),
    String((f64, String)),
}

type Point = (f64, String);

#[derive(Deserialize)]
struct Element {
    metric: BTreeMap<String, String>,
    value: Option<Point>,
}

#[derive(Deserialize)]
struct Row {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<Point>,
}

/// Reads an answer; the error is what the other side said, or what is wrong with what it said.
pub(super) fn read(body: &[u8]) -> Result<Answer, String> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| {
        let start: String = String::from_utf8_lossy(body).chars().take(120).collect();
        format!("the answer is not that of a Prometheus API ({error}): {start}")
    })?;
    if envelope.status != "success" {
        return Err(envelope.error.unwrap_or(envelope.status));
    }
    let value = value(envelope.data.ok_or("an answer without data")?)?;
    // A store that left something out says so in a warning; PromQL's own annotations speak of the query instead.
    let missing = envelope.warnings.into_iter().find(|warning| !warning.starts_with("PromQL "));
    let partial = missing.or_else(|| envelope.is_partial.then(|| "isPartial".to_owned()));
    Ok(Answer { value, partial })
}

fn value(data: Data) -> Result<RemoteValue, String> {
    Ok(match data {
        Data::Scalar(point) => RemoteValue::Scalar(sample(&point)?),
        Data::String((_, text)) => RemoteValue::Text(text),
        Data::Vector(elements) => {
            // An element without a value is a native histogram, which no rule here can judge yet.
            let floats = elements.into_iter().filter_map(|e| e.value.map(|value| (e.metric, value)));
            let element = floats.map(|(metric, value)| Ok((Labels::from_pairs(metric), sample(&value)?)));
            RemoteValue::Vector(element.collect::<Result<_, String>>()?)
        }
        Data::Matrix(rows) => {
            let row = |row: Row| {
                let samples = row.values.iter().map(sample).collect::<Result<_, _>>()?;
                Ok(Series { labels: Labels::from_pairs(row.metric), samples })
            };
            RemoteValue::Matrix(rows.into_iter().map(row).collect::<Result<_, String>>()?)
        }
    })
}

fn sample((at, value): &Point) -> Result<Sample, String> {
    let number = match value.as_str() {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().map_err(|_| format!("`{value}` is no number"))?,
    };
    Ok(Sample { at: Timestamp::from_millis((at * 1000.0).round() as i64), value: number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_found_in_each_dialect() {
        let partial = |extra: &str| {
            let body =
                format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[]}}{extra}}}"#);
            read(body.as_bytes()).unwrap().partial
        };
        assert_eq!(partial(""), None);
        assert_eq!(partial(r#","warnings":["PromQL info: metric might not be a counter"]"#), None);
        assert_eq!(partial(r#","warnings":["no store matched"]"#).as_deref(), Some("no store matched"));
        assert_eq!(partial(r#","isPartial":true"#).as_deref(), Some("isPartial"));
        assert_eq!(partial(r#","isPartial":false"#), None);
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let read_value = |data: &str| {
            let body = format!(r#"{{"status":"success","data":{data}}}"#);
            format!("{:?}", read(body.as_bytes()).map(|answer| answer.value))
        };
        insta::assert_snapshot!(read_value(r#"{"resultType":"scalar","result":[1.5,"+Inf"]}"#));
        insta::assert_snapshot!(read_value(
            r#"{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[2,"NaN"]},{"metric":{},"histogram":[2,{}]}]}"#
        ));
        insta::assert_snapshot!(read_value(
            r#"{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[2,"1e-3"],[3.25,"-Inf"]]}]}"#
        ));
        insta::assert_snapshot!(read_value(
            r#"{"resultType":"vector","result":[{"metric":{},"value":[2,"x"]}]}"#
        ));
        assert!(read(b"<html>").unwrap_err().contains("not that of a Prometheus API"));
        assert_eq!(read(br#"{"status":"error","error":"nope"}"#).unwrap_err(), "nope");
    }
}
