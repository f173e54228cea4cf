//! Points to samples: gauges and sums one each, histograms and summaries several, and `target_info` for each resource.

use ballast_types::ingest::{Exemplar, Metadata, MetricType};
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::stale_nan;
use ballast_types::{Interner, Labels, Sample, Timestamp};

use super::attributes::{self, Pairs, Refused, Shared};
use super::message::*;
use super::names::{self, NameKind};
use super::{Limits, Options, number_text};
use crate::EXEMPLAR_CHARS_MAX;
use crate::parsed::{Parsed, Reason, excerpt};

const CUMULATIVE: i32 = 2;
/// Bit of the flags of a point that has no value because its series ended.
const NO_RECORDED_VALUE: u32 = 1;
/// How far apart samples of `target_info` are: half of what PromQL looks back.
const TARGET_INFO_STEP_MILLIS: i64 = 150_000;
/// Most samples of `target_info` for one resource of one request.
const TARGET_INFO_SAMPLES_MAX: i64 = 100;

/// Translates a request.
pub(super) fn translate(
    request: &Request,
    options: &Options,
    limits: &Limits,
    interner: &Interner,
) -> Parsed {
    let parsed = Parsed::default();
    let mut translator = Translator { options, interner, pairs_left: limits.label_pairs_max, parsed };
    request.resource_metrics.iter().for_each(|resource| translator.resource(resource));
    translator.parsed
}

struct Translator<'o> {
    options: &'o Options,
    interner: &'o Interner,
    /// Labels that may still be made.
    pairs_left: usize,
    parsed: Parsed,
}

/// When a point is, since when it counts, and whether it ends its series.
struct When {
    at: Timestamp,
    since: Option<Timestamp>,
    is_end: bool,
}

impl When {
    fn new(time_unix_nano: u64, start_time_unix_nano: u64, flags: u32) -> Self {
        let since = Some(millis(start_time_unix_nano)).filter(|_| start_time_unix_nano > 0);
        When { at: millis(time_unix_nano), since, is_end: flags & NO_RECORDED_VALUE != 0 }
    }

    fn sample(&self, value: f64) -> Sample {
        Sample { at: self.at, value: if self.is_end { stale_nan() } else { value } }
    }
}

fn millis(nanos: u64) -> Timestamp {
    // Nanoseconds in 64 bits are milliseconds in 44.
    Timestamp::from_millis((nanos / 1_000_000) as i64)
}

impl Translator<'_> {
    fn resource(&mut self, resource: &ResourceMetrics) {
        let first = self.parsed.samples.len();
        for scope in &resource.scope_metrics {
            match Shared::new(resource.resource.as_ref(), scope, self.options) {
                Ok(shared) => scope.metrics.iter().for_each(|metric| self.metric(metric, &shared)),
                Err((reason, what)) => {
                    let points = scope.metrics.iter().map(points).sum();
                    self.parsed.refused.refuse_many(reason, points, || what);
                }
            }
        }
        if let Some(resource) = &resource.resource {
            self.target_info(resource, first);
        }
    }

    /// One sample each step from the oldest to the newest of the resource's samples, and one at the newest.
    fn target_info(&mut self, resource: &Resource, first: usize) {
        let times = || self.parsed.samples.iter().skip(first).map(|(_, sample)| sample.at.as_millis());
        let (Some(oldest), Some(newest)) = (times().min(), times().max()) else { return };
        let Some(pairs) = attributes::target_info(resource, self.options) else { return };
        let Ok(labels) = self.labels(&pairs) else { return };
        let from = oldest.max(newest.saturating_sub(TARGET_INFO_STEP_MILLIS * (TARGET_INFO_SAMPLES_MAX - 1)));
        let steps = (from..newest).step_by(TARGET_INFO_STEP_MILLIS as usize);
        let samples = steps.chain([newest]).map(|at| Sample { at: Timestamp::from_millis(at), value: 1.0 });
        self.parsed.samples.extend(samples.map(|sample| (labels.clone(), sample)));
    }

    fn metric(&mut self, metric: &Metric, shared: &Shared) {
        let (name_kind, kind) = kinds(metric);
        if let Err((reason, what)) = accepted(metric) {
            let what = || format!("{}: {what}", excerpt(&metric.name));
            return self.parsed.refused.refuse_many(reason, points(metric).max(1), what);
        }
        let Some(name) = names::metric_name(&metric.name, &metric.unit, name_kind) else {
            let what = || format!("the name {} makes no metric name", excerpt(&metric.name));
            return self.parsed.refused.refuse_many(Reason::MissingName, points(metric), what);
        };
        let before = self.parsed.samples.len();
        self.points(metric, &name, shared);
        if self.parsed.samples.len() > before {
            let text = |text: &str| self.interner.text(text);
            let metadata = Metadata { kind, help: text(&metric.description), unit: text(&metric.unit) };
            self.parsed.metadata.push((self.interner.text(&name), metadata));
        }
    }

    fn points(&mut self, metric: &Metric, name: &str, shared: &Shared) {
        let counts = metric.sum.as_ref().is_some_and(|sum| sum.is_monotonic);
        let gauges = metric.gauge.iter().flat_map(|gauge| &gauge.data_points);
        for point in gauges.chain(metric.sum.iter().flat_map(|sum| &sum.data_points)) {
            let taken = self.number(point, name, shared, counts);
            self.note(metric, taken);
        }
        for point in metric.histogram.iter().flat_map(|histogram| &histogram.data_points) {
            let taken = self.histogram(point, name, shared);
            self.note(metric, taken);
        }
        for point in metric.summary.iter().flat_map(|summary| &summary.data_points) {
            let taken = self.summary(point, name, shared);
            self.note(metric, taken);
        }
    }

    fn note(&mut self, metric: &Metric, taken: Result<(), Refused>) {
        if let Err((reason, what)) = taken {
            self.parsed.refused.refuse(reason, || format!("{}: {what}", excerpt(&metric.name)));
        }
    }

    fn number(
        &mut self,
        point: &NumberPoint,
        name: &str,
        shared: &Shared,
        counts: bool,
    ) -> Result<(), Refused> {
        let when = When::new(point.time_unix_nano, point.start_time_unix_nano, point.flags);
        let value = match (point.as_double, point.as_int) {
            (Some(value), _) => value,
            (None, Some(value)) => value as f64,
            (None, None) if when.is_end => 0.0,
            (None, None) => return Err((Reason::InvalidPoint, "a point without a value".to_owned())),
        };
        let mut pairs = shared.point(&point.attributes)?;
        let labels = self.push(&mut pairs, name, &when, value, counts)?;
        point.exemplars.iter().for_each(|exemplar| self.exemplar(exemplar, &labels));
        Ok(())
    }

    fn histogram(&mut self, point: &HistogramPoint, name: &str, shared: &Shared) -> Result<(), Refused> {
        check_buckets(point)?;
        let when = When::new(point.time_unix_nano, point.start_time_unix_nano, point.flags);
        let mut pairs = shared.point(&point.attributes)?;
        // All series of the point or none.
        let series = point.explicit_bounds.len() + 3;
        self.reserve(series.saturating_mul(pairs.len() + 2))?;
        if let Some(sum) = point.sum {
            self.push(&mut pairs, &format!("{name}_sum"), &when, sum, true)?;
        }
        self.push(&mut pairs, &format!("{name}_count"), &when, point.count as f64, true)?;
        let bucket = format!("{name}_bucket");
        let mut exemplars: Vec<&ExemplarMessage> = point.exemplars.iter().collect();
        let mut below = 0u64;
        let bounds = point.explicit_bounds.iter().zip(&point.bucket_counts);
        for (bound, count) in bounds {
            below = below.saturating_add(*count);
            pairs.insert("le".to_owned(), number_text::plain(*bound));
            let labels = self.push(&mut pairs, &bucket, &when, below as f64, true)?;
            self.exemplars_up_to(*bound, &mut exemplars, &labels);
        }
        pairs.insert("le".to_owned(), "+Inf".to_owned());
        let labels = self.push(&mut pairs, &bucket, &when, point.count as f64, true)?;
        self.exemplars_up_to(f64::INFINITY, &mut exemplars, &labels);
        Ok(())
    }

    fn summary(&mut self, point: &SummaryPoint, name: &str, shared: &Shared) -> Result<(), Refused> {
        let when = When::new(point.time_unix_nano, point.start_time_unix_nano, point.flags);
        let mut pairs = shared.point(&point.attributes)?;
        self.reserve((point.quantile_values.len() + 2).saturating_mul(pairs.len() + 2))?;
        self.push(&mut pairs, &format!("{name}_sum"), &when, point.sum, true)?;
        self.push(&mut pairs, &format!("{name}_count"), &when, point.count as f64, true)?;
        for quantile in &point.quantile_values {
            pairs.insert("quantile".to_owned(), number_text::plain(quantile.quantile));
            self.push(&mut pairs, name, &when, quantile.value, false)?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        pairs: &mut Pairs,
        name: &str,
        when: &When,
        value: f64,
        counts: bool,
    ) -> Result<Labels, Refused> {
        pairs.insert(METRIC_NAME.to_owned(), name.to_owned());
        let labels = self.labels(pairs)?;
        self.parsed.samples.push((labels.clone(), when.sample(value)));
        if let Some(since) = when.since.filter(|_| counts && !when.is_end) {
            self.parsed.created.push((labels.clone(), since));
        }
        Ok(labels)
    }

    fn labels(&mut self, pairs: &Pairs) -> Result<Labels, Refused> {
        self.reserve(pairs.len())?;
        self.pairs_left -= pairs.len();
        Ok(attributes::labels(pairs, self.interner))
    }

    /// Whether so many labels may still be made.
    fn reserve(&self, pairs: usize) -> Result<(), Refused> {
        match pairs <= self.pairs_left {
            true => Ok(()),
            false => Err((Reason::SeriesLimit, "the request comes to more labels than the limit".to_owned())),
        }
    }

    fn exemplars_up_to(&mut self, bound: f64, left: &mut Vec<&ExemplarMessage>, series: &Labels) {
        left.retain(|exemplar| {
            let fits = exemplar_value(exemplar).is_none_or(|value| value <= bound);
            if fits {
                self.exemplar(exemplar, series);
            }
            !fits
        });
    }

    fn exemplar(&mut self, exemplar: &ExemplarMessage, series: &Labels) {
        let Some(value) = exemplar_value(exemplar) else {
            return self
                .parsed
                .refused
                .refuse(Reason::InvalidExemplar, || "an exemplar without a value".to_owned());
        };
        let labels = exemplar_labels(exemplar);
        let exemplar = Exemplar { labels, value, at: millis(exemplar.time_unix_nano) };
        self.parsed.exemplars.push((series.clone(), exemplar));
    }
}

fn exemplar_value(exemplar: &ExemplarMessage) -> Option<f64> {
    exemplar.as_double.or(exemplar.as_int.map(|value| value as f64))
}

/// Ids first; the attributes only where all together stay within what an exemplar may have.
fn exemplar_labels(exemplar: &ExemplarMessage) -> Labels {
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ids = [("trace_id", &exemplar.trace_id), ("span_id", &exemplar.span_id)];
    let set = |id: &[u8]| id.len() <= 16 && id.iter().any(|byte| *byte != 0);
    let mut pairs: Vec<(String, String)> =
        ids.into_iter().filter(|(_, id)| set(id)).map(|(name, id)| (name.to_owned(), hex(id))).collect();
    let size = |pairs: &[(String, String)]| -> usize {
        pairs.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum()
    };
    let mut left = EXEMPLAR_CHARS_MAX.saturating_sub(size(&pairs));
    let mut own = Vec::new();
    for attribute in &exemplar.filtered_attributes {
        let pair = [(attribute.key.clone(), attributes::value_of(attribute))];
        let Some(rest) = left.checked_sub(size(&pair)) else { return Labels::from_pairs(pairs) };
        left = rest;
        own.extend(pair);
    }
    pairs.extend(own.into_iter().filter(|(name, _)| !name.is_empty()));
    Labels::from_pairs(pairs)
}

fn check_buckets(point: &HistogramPoint) -> Result<(), Refused> {
    let (bounds, counts) = (point.explicit_bounds.len(), point.bucket_counts.len());
    if counts != 0 && counts != bounds + 1 {
        return Err((Reason::InvalidPoint, format!("a histogram with {bounds} bounds and {counts} buckets")));
    }
    match point.explicit_bounds.is_sorted_by(|one, other| one < other) {
        true => Ok(()),
        false => Err((Reason::InvalidPoint, "a histogram whose bounds do not rise".to_owned())),
    }
}

/// Whether a metric can be kept at all.
fn accepted(metric: &Metric) -> Result<(), Refused> {
    let sum = metric.sum.as_ref().map(|sum| sum.aggregation_temporality);
    let histogram = metric.histogram.as_ref().map(|histogram| histogram.aggregation_temporality);
    if metric.exponential_histogram.is_some() {
        return Err((Reason::ExponentialHistogram, "exponential histograms are not kept".to_owned()));
    }
    if sum.or(histogram).is_some_and(|temporality| temporality != CUMULATIVE) {
        return Err((Reason::DeltaTemporality, "only cumulative values can be kept".to_owned()));
    }
    match points(metric) {
        0 => Err((Reason::InvalidPoint, "a metric without points".to_owned())),
        _ => Ok(()),
    }
}

fn points(metric: &Metric) -> usize {
    metric.gauge.as_ref().map_or(0, |gauge| gauge.data_points.len())
        + metric.sum.as_ref().map_or(0, |sum| sum.data_points.len())
        + metric.histogram.as_ref().map_or(0, |histogram| histogram.data_points.len())
        + metric.exponential_histogram.as_ref().map_or(0, |histogram| histogram.data_points.len())
        + metric.summary.as_ref().map_or(0, |summary| summary.data_points.len())
}

fn kinds(metric: &Metric) -> (NameKind, MetricType) {
    match metric {
        Metric { gauge: Some(_), .. } => (NameKind::Gauge, MetricType::Gauge),
        Metric { sum: Some(Sum { is_monotonic: true, .. }), .. } => (NameKind::Counter, MetricType::Counter),
        Metric { sum: Some(_), .. } => (NameKind::Other, MetricType::Gauge),
        Metric { histogram: Some(_), .. } => (NameKind::Other, MetricType::Histogram),
        Metric { summary: Some(_), .. } => (NameKind::Other, MetricType::Summary),
        _ => (NameKind::Other, MetricType::Unknown),
    }
}
