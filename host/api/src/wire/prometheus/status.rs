//! What the store holds and how the host was started, in the shape of Prometheus's API.

use std::collections::BTreeMap;
use std::time::Duration;

use ballast_types::format_duration;
use ballast_types::ingest::SeriesStatistics;
use serde_json::{Value as Json, json};

/// Most entries of a list.
pub(crate) const LIST_MAX: usize = 10_000;

/// What Prometheus's flags would be, where they mean something here.
pub(crate) fn flags(retention: Duration) -> BTreeMap<String, String> {
    let timeout = format_duration(ballast_engine::query::TIMEOUT_MAX);
    let pairs = [
        ("query.lookback-delta", "5m".to_owned()),
        ("query.max-samples", "50000000".to_owned()),
        ("query.timeout", timeout),
        ("storage.tsdb.retention.time", format_duration(retention)),
        ("web.enable-admin-api", "false".to_owned()),
        ("web.enable-otlp-receiver", "true".to_owned()),
        ("web.enable-remote-write-receiver", "true".to_owned()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The head and the longest lists.
pub(crate) fn tsdb(statistics: &SeriesStatistics) -> Json {
    let pair = |name: &str, value: usize| json!({ "name": name, "value": value });
    let list = |of: &[(std::sync::Arc<str>, usize)]| -> Json {
        of.iter().map(|(name, value)| pair(name, *value)).collect()
    };
    json!({
        "headStats": {
            "numSeries": statistics.series,
            "numLabelPairs": statistics.label_pairs,
            "chunkCount": statistics.chunks,
            // Where there is nothing, Prometheus says so by bounds that are turned round.
            "minTime": statistics.oldest.map_or(i64::MAX, |at| at.as_millis()),
            "maxTime": statistics.newest.map_or(i64::MIN, |at| at.as_millis()),
        },
        "seriesCountByMetricName": list(&statistics.series_by_metric),
        "labelValueCountByLabelName": list(&statistics.values_by_label),
        "memoryInBytesByLabelName": list(&statistics.bytes_by_label),
        "seriesCountByLabelValuePair": statistics.series_by_pair.iter()
            .map(|(name, value)| pair(name, *value)).collect::<Vec<_>>(),
    })
}
