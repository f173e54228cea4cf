//! Requests to samples: unpacks, walks over the series, and puts the pieces of each where they belong.

mod v1;
mod v2;

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, MetricType};
use ballast_types::{Labels, Sample, Timestamp};

use super::series::{self, Refused};
use super::{DecodeError, LabelCache, Limits, Version};
use crate::parsed::{Parsed, Reason};
use crate::wire::{Field, Fields};

/// How much larger the labels of version 2.0 may be than an unpacked request, symbols put in their places.
const RESOLVED_FACTOR: usize = 4;

/// Reads a request of either version.
pub fn decode(
    version: Version,
    body: &[u8],
    limits: &Limits,
    cache: &mut LabelCache,
) -> Result<Parsed, DecodeError> {
    match version {
        Version::V1 => decode_v1(body, limits, cache),
        Version::V2 => decode_v2(body, limits, cache),
    }
}

/// Reads a `prometheus.WriteRequest` in a snappy block.
pub fn decode_v1(body: &[u8], limits: &Limits, cache: &mut LabelCache) -> Result<Parsed, DecodeError> {
    let message = unpack(body, limits)?;
    let mut decoder = Decoder::new(limits, cache);
    let mut fields = Fields(&message);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => decoder.series_v1(field.bytes()?)?,
            3 => decoder.metadata_v1(field.bytes()?)?,
            _ => {}
        }
    }
    Ok(decoder.parsed)
}

/// Reads an `io.prometheus.write.v2.Request` in a snappy block.
pub fn decode_v2(body: &[u8], limits: &Limits, cache: &mut LabelCache) -> Result<Parsed, DecodeError> {
    let message = unpack(body, limits)?;
    let mut decoder = Decoder::new(limits, cache);
    let symbols = v2::symbols(&message, limits)?;
    let mut fields = Fields(&message);
    while let Some((number, field)) = fields.next()? {
        if number == 5 {
            decoder.series_v2(field.bytes()?, &symbols)?;
        }
    }
    Ok(decoder.parsed)
}

/// Unpacks a snappy block whose announced size is allowed.
fn unpack(body: &[u8], limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    if body.len() > limits.packed_bytes_max {
        return Err(DecodeError::TooLarge { limit: limits.packed_bytes_max });
    }
    let not_snappy = |error: snap::Error| DecodeError::NotSnappy(error.to_string());
    let size = snap::raw::decompress_len(body).map_err(not_snappy)?;
    if size > limits.unpacked_bytes_max {
        return Err(DecodeError::TooLargeUnpacked { size, limit: limits.unpacked_bytes_max });
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(not_snappy)
}

struct Decoder<'l, 'c> {
    limits: &'l Limits,
    cache: &'c mut LabelCache,
    parsed: Parsed,
    items_left: usize,
    /// Bytes of labels that references may still come to.
    resolved_left: usize,
    /// Encoded labels that do not lie in one piece, or that come as references.
    key: Vec<u8>,
    numbers: Vec<u32>,
    /// What was last said of a metric.
    told: Option<(Arc<str>, [u64; 3])>,
}

impl<'l, 'c> Decoder<'l, 'c> {
    fn new(limits: &'l Limits, cache: &'c mut LabelCache) -> Self {
        cache.begin();
        let (parsed, key, numbers) = (Parsed::default(), Vec::new(), Vec::new());
        let resolved_left = limits.unpacked_bytes_max.saturating_mul(RESOLVED_FACTOR);
        let items_left = limits.items_max;
        Decoder { limits, cache, parsed, items_left, resolved_left, key, numbers, told: None }
    }

    fn count_item(&mut self) -> Result<(), DecodeError> {
        let left = self.items_left.checked_sub(1);
        self.items_left = left.ok_or(DecodeError::TooMany { limit: self.limits.items_max })?;
        Ok(())
    }

    fn refuse_all(
        &mut self,
        (reason, what): Refused,
        series: &[u8],
        samples: u32,
    ) -> Result<(), DecodeError> {
        let mut count = 0;
        let mut fields = Fields(series);
        while let Some((number, _)) = fields.next()? {
            count += usize::from(number == samples);
        }
        self.parsed.refused.refuse_many(reason, count.max(1), || what);
        Ok(())
    }

    fn sample(&mut self, labels: &Labels, field: Field<'_>) -> Result<(), DecodeError> {
        self.count_item()?;
        let (mut at, mut value) = (0, 0.0);
        let mut fields = Fields(field.bytes()?);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => value = field.double()?,
                2 => at = field.varint()? as i64,
                _ => {}
            }
        }
        self.parsed.samples.push((labels.clone(), Sample { at: Timestamp::from_millis(at), value }));
        Ok(())
    }

    fn histogram(&mut self, labels: &Labels) {
        self.parsed.refused.refuse(Reason::NativeHistogram, || format!("a native histogram of {labels}"));
    }

    fn exemplar(
        &mut self,
        series: &Labels,
        message: &[u8],
        symbols: Option<&[&[u8]]>,
    ) -> Result<(), DecodeError> {
        self.count_item()?;
        let (mut at, mut value) = (0, 0.0);
        self.numbers.clear();
        let mut fields = Fields(message);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 if symbols.is_some() => v2::references(field, self.limits.labels_max, &mut self.numbers)?,
                2 => value = field.double()?,
                3 => at = field.varint()? as i64,
                _ => {}
            }
        }
        let resolved = match symbols {
            None => self.gather_labels(message).map(Ok)?,
            Some(symbols) => self.resolve(symbols)?,
        };
        let labels = match resolved {
            Ok(()) => series::exemplar_labels(&self.key, self.limits)?,
            Err(refused) => Err(refused),
        };
        match labels {
            Ok(labels) => {
                let exemplar = Exemplar { labels, value, at: Timestamp::from_millis(at) };
                self.parsed.exemplars.push((series.clone(), exemplar));
            }
            Err((_, what)) => self.parsed.refused.refuse(Reason::InvalidExemplar, || what),
        }
        Ok(())
    }
}

/// Types as both versions number them.
const KINDS: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
];

fn kind_of(number: u64) -> MetricType {
    usize::try_from(number).ok().and_then(|place| KINDS.get(place)).copied().unwrap_or_default()
}

/// The number of a type in both versions.
pub(super) fn number_of(kind: MetricType) -> i32 {
    KINDS.iter().position(|known| *known == kind).map_or(0, |place| place as i32)
}
