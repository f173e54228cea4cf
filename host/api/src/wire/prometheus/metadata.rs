//! What metrics are and exemplars, in the shape of Prometheus's API.

use std::collections::BTreeSet;
use std::sync::Arc;

use ballast_types::Labels;
use ballast_types::ingest::{Exemplar, Metadata};
use serde_json::{Map, Value as Json, json};

use super::number::value_text;
use crate::wire::scalar::{LabelMap, labels};

/// What the series of a metric may end in besides its own name.
const SUFFIXES: [&str; 8] = ["", "_total", "_bucket", "_count", "_sum", "_info", "_gsum", "_gcount"];

/// What is known of metrics, by name; at most so many names, and lines a name, where that is not 0.
pub(crate) fn by_name(all: &[(Arc<str>, Vec<Metadata>)], limit: usize, limit_per_metric: usize) -> Json {
    let most = |limit: usize| if limit == 0 { usize::MAX } else { limit };
    let entry = |(name, of): &(Arc<str>, Vec<Metadata>)| {
        let lines: Vec<Json> = of.iter().take(most(limit_per_metric)).map(line).collect();
        (name.to_string(), Json::from(lines))
    };
    Json::Object(all.iter().take(most(limit)).map(entry).collect::<Map<_, _>>())
}

fn line(metadata: &Metadata) -> Json {
    json!({ "type": metadata.kind.as_str(), "unit": &*metadata.unit, "help": &*metadata.help })
}

/// What a metric of a target is. The name is left out where it was asked for.
pub(crate) fn of_target(target: &LabelMap, name: &str, with_name: bool, metadata: &Metadata) -> Json {
    let mut entry = line(metadata);
    if let Some(map) = entry.as_object_mut() {
        map.insert("target".into(), json!(target));
        if with_name {
            map.insert("metric".into(), json!(name));
        }
    }
    entry
}

/// Whether one of the series' names belongs to the metric.
pub(crate) fn is_shown(metric: &str, names: &BTreeSet<Arc<str>>) -> bool {
    SUFFIXES.iter().any(|suffix| names.contains(format!("{metric}{suffix}").as_str()))
}

/// The exemplars of series.
pub(crate) fn exemplars(all: &[(Labels, Vec<Exemplar>)]) -> Json {
    let one = |exemplar: &Exemplar| {
        json!({
            "labels": labels(&exemplar.labels),
            "value": value_text(exemplar.value),
            "timestamp": exemplar.at.as_secs_f64(),
        })
    };
    let series = |(of, exemplars): &(Labels, Vec<Exemplar>)| json!({ "seriesLabels": labels(of), "exemplars": exemplars.iter().map(one).collect::<Vec<_>>() });
    all.iter().map(series).collect()
}
