//! Series to requests: for tests, for benches, and for whoever sends on what Ballast has.

use std::collections::HashMap;

use ballast_types::ingest::Metadata;
use ballast_types::{Labels, Sample};
use prost::Message as _;

use super::WriteSeries;
use super::decode::number_of;
use super::message::*;

/// A `prometheus.WriteRequest` in a snappy block. Created timestamps have no place in it; metadata are written once for
/// each metric name.
pub fn encode_v1(series: &[WriteSeries]) -> Vec<u8> {
    let timeseries = series.iter().map(|series| TimeSeries {
        labels: labels(&series.labels),
        samples: series.samples.iter().map(sample).collect(),
        exemplars: series.exemplars.iter().map(exemplar).collect(),
        histograms: Vec::new(),
    });
    let request = WriteRequest { timeseries: timeseries.collect(), metadata: all_metadata(series) };
    pack(&request.encode_to_vec())
}

/// An `io.prometheus.write.v2.Request` in a snappy block.
pub fn encode_v2(series: &[WriteSeries]) -> Vec<u8> {
    let mut symbols = Symbols::default();
    symbols.place("");
    let timeseries = series.iter().map(|series| TimeSeriesV2 {
        labels_refs: symbols.labels(&series.labels),
        samples: series.samples.iter().map(sample).collect(),
        histograms: Vec::new(),
        exemplars: series
            .exemplars
            .iter()
            .map(|exemplar| ExemplarV2 {
                labels_refs: symbols.labels(&exemplar.labels),
                value: exemplar.value,
                timestamp: exemplar.at.as_millis(),
            })
            .collect(),
        metadata: series.metadata.as_ref().map(|metadata| MetadataV2 {
            kind: number_of(metadata.kind),
            help_ref: symbols.place(&metadata.help),
            unit_ref: symbols.place(&metadata.unit),
        }),
        created_timestamp: series.created.map_or(0, |at| at.as_millis()),
    });
    let timeseries = timeseries.collect();
    pack(&RequestV2 { symbols: symbols.texts, timeseries }.encode_to_vec())
}

/// A snappy block.
pub(crate) fn pack(message: &[u8]) -> Vec<u8> {
    // The encoder refuses only what has more than 4 GiB, which no request has.
    snap::raw::Encoder::new().compress_vec(message).unwrap_or_default()
}

fn labels(labels: &Labels) -> Vec<Label> {
    labels.iter().map(|(name, value)| Label { name: name.to_owned(), value: value.to_owned() }).collect()
}

fn sample(sample: &Sample) -> SampleMessage {
    SampleMessage { value: sample.value, timestamp: sample.at.as_millis() }
}

fn exemplar(exemplar: &ballast_types::ingest::Exemplar) -> ExemplarMessage {
    let (value, timestamp) = (exemplar.value, exemplar.at.as_millis());
    ExemplarMessage { labels: labels(&exemplar.labels), value, timestamp }
}

fn all_metadata(series: &[WriteSeries]) -> Vec<MetricMetadata> {
    let mut by_name: HashMap<&str, &Metadata> = HashMap::new();
    let mut all = Vec::new();
    for (name, metadata) in
        series.iter().filter_map(|s| Some((s.labels.metric_name()?, s.metadata.as_ref()?)))
    {
        if by_name.insert(name, metadata).is_none() {
            all.push(MetricMetadata {
                kind: number_of(metadata.kind),
                metric_family_name: name.to_owned(),
                help: metadata.help.to_string(),
                unit: metadata.unit.to_string(),
            });
        }
    }
    all
}

#[derive(Default)]
struct Symbols {
    places: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Symbols {
    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.texts.len() as u32;
        self.places.insert(text.to_owned(), place);
        self.texts.push(text.to_owned());
        place
    }

    fn labels(&mut self, labels: &Labels) -> Vec<u32> {
        labels.iter().flat_map(|(name, value)| [name, value]).map(|text| self.place(text)).collect()
    }
}
