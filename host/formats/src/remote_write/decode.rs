//! Requests to samples: unpacks, walks over the series, and puts the pieces of each where they belong.

use std::sync::Arc;

use ballast_types::ingest::{Exemplar, Metadata, MetricType};
use ballast_types::labels::LabelPair;
use ballast_types::{Labels, Sample, Timestamp};

use super::series::{self, FIRST, Refused, put_label};
use super::{DecodeError, LabelCache, Limits, Version};
use crate::parsed::{Parsed, Reason};
use crate::wire::{Field, Fields, Malformed};

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
    let symbols = symbols(&message, limits)?;
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

/// The texts that version 2.0's series refer to. They may stand anywhere in the message.
fn symbols<'b>(message: &'b [u8], limits: &Limits) -> Result<Vec<&'b [u8]>, DecodeError> {
    let mut symbols = Vec::new();
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        if number == 4 {
            symbols.push(field.bytes()?);
        }
        if symbols.len() > limits.items_max {
            return Err(DecodeError::TooMany { limit: limits.items_max });
        }
    }
    Ok(symbols)
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

    fn series_v1(&mut self, series: &[u8]) -> Result<(), DecodeError> {
        let (length, is_whole) = label_span(series)?;
        let labels = match (is_whole, series.split_at_checked(length)) {
            (true, Some((key, _))) => series::labels(key, self.cache, self.limits)?,
            _ => {
                self.gather_labels(series)?;
                series::labels(&self.key, self.cache, self.limits)?
            }
        };
        let labels = match labels {
            Ok(labels) => labels,
            Err(refused) => return self.refuse_all(refused, series, 2),
        };
        let mut fields = Fields(series.get(length..).unwrap_or_default());
        while let Some((number, field)) = fields.next()? {
            match number {
                2 => self.sample(&labels, field)?,
                3 => self.exemplar(&labels, field.bytes()?, None)?,
                4 => self.histogram(&labels),
                _ => {}
            }
        }
        Ok(())
    }

    /// Labels that do not stand together at the beginning.
    fn gather_labels(&mut self, series: &[u8]) -> Result<(), DecodeError> {
        self.key.clear();
        let mut fields = Fields(series);
        while let Some((number, field)) = fields.next()? {
            if number == 1 {
                let label = field.bytes()?;
                self.key.push(FIRST);
                crate::wire::put_varint(label.len() as u64, &mut self.key);
                self.key.extend_from_slice(label);
            }
        }
        Ok(())
    }

    fn series_v2(&mut self, series: &[u8], symbols: &[&[u8]]) -> Result<(), DecodeError> {
        self.numbers.clear();
        let mut fields = Fields(series);
        while let Some((number, field)) = fields.next()? {
            if number == 1 {
                references(field, self.limits.labels_max, &mut self.numbers)?;
            }
        }
        let labels = match self.resolve(symbols)? {
            Ok(()) => series::labels(&self.key, self.cache, self.limits)?,
            Err(refused) => Err(refused),
        };
        match labels {
            Ok(labels) => self.pieces_v2(&labels, series, symbols),
            Err(refused) => self.refuse_all(refused, series, 2),
        }
    }

    fn pieces_v2(&mut self, labels: &Labels, series: &[u8], symbols: &[&[u8]]) -> Result<(), DecodeError> {
        let mut fields = Fields(series);
        while let Some((number, field)) = fields.next()? {
            match number {
                2 => self.sample(labels, field)?,
                3 => self.histogram(labels),
                4 => self.exemplar(labels, field.bytes()?, Some(symbols))?,
                5 => self.metadata_v2(labels, field.bytes()?, symbols)?,
                6 => self.created(labels, field)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Brings references into the form of version 1.0. `Err` inside where they cannot be labels.
    fn resolve(&mut self, symbols: &[&[u8]]) -> Result<Result<(), Refused>, DecodeError> {
        self.key.clear();
        if self.numbers.len() / 2 > self.limits.labels_max {
            let what = format!("a series with more than {} labels", self.limits.labels_max);
            return Ok(Err((Reason::LabelLimit, what)));
        }
        for pair in self.numbers.chunks(2) {
            let (name, value) = match referred(pair, symbols, self.limits) {
                Ok(found) => found,
                Err(refused) => return Ok(Err(refused)),
            };
            // Few bytes may refer to a long symbol often: what all of them come to is bounded, too.
            let size = name.len() + value.len() + size_of::<LabelPair>();
            self.resolved_left = self.resolved_left.checked_sub(size).ok_or(DecodeError::TooLargeResolved)?;
            put_label(name, value, &mut self.key);
        }
        Ok(Ok(()))
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
                1 if symbols.is_some() => references(field, self.limits.labels_max, &mut self.numbers)?,
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

    fn created(&mut self, labels: &Labels, field: Field<'_>) -> Result<(), DecodeError> {
        let at = field.varint()? as i64;
        if at > 0 {
            self.parsed.created.push((labels.clone(), Timestamp::from_millis(at)));
        }
        Ok(())
    }

    fn metadata_v1(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        self.count_item()?;
        let (mut kind, mut name, mut help, mut unit) = (0, &[][..], &[][..], &[][..]);
        let mut fields = Fields(message);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => kind = field.varint()?,
                2 => name = field.bytes()?,
                4 => help = field.bytes()?,
                5 => unit = field.bytes()?,
                _ => {}
            }
        }
        if let (false, Ok(name)) = (name.is_empty(), std::str::from_utf8(name)) {
            let text = |bytes| String::from_utf8_lossy(bytes).into();
            let found = Metadata { kind: kind_of(kind), help: text(help), unit: text(unit) };
            self.parsed.metadata.push((name.into(), found));
        }
        Ok(())
    }

    fn metadata_v2(&mut self, labels: &Labels, message: &[u8], symbols: &[&[u8]]) -> Result<(), DecodeError> {
        let mut said = [0; 3];
        let mut fields = Fields(message);
        while let Some((number, field)) = fields.next()? {
            match (number, &mut said) {
                (1, [kind, _, _]) => *kind = field.varint()?,
                (3, [_, help, _]) => *help = field.varint()?,
                (4, [_, _, unit]) => *unit = field.varint()?,
                _ => {}
            }
        }
        let name = labels.metric_name().unwrap_or_default();
        let is_told = self.told.as_ref().is_some_and(|(told, what)| **told == *name && *what == said);
        if said == [0; 3] || is_told {
            return Ok(());
        }
        self.count_item()?;
        let [kind, help, unit] = said;
        let text = |place: u64| usize::try_from(place).ok().and_then(|place| symbols.get(place)).copied();
        let shared = |place: u64| {
            let bytes = text(place).filter(|bytes| bytes.len() <= self.limits.value_bytes_max);
            self.cache.interner().text(&String::from_utf8_lossy(bytes.unwrap_or_default()))
        };
        let found = Metadata { kind: kind_of(kind), help: shared(help), unit: shared(unit) };
        let name = self.cache.interner().text(name);
        self.told = Some((name.clone(), said));
        self.parsed.metadata.push((name, found));
        Ok(())
    }
}

/// The label that a pair of references means.
fn referred<'b>(
    pair: &[u32],
    symbols: &[&'b [u8]],
    limits: &Limits,
) -> Result<(&'b [u8], &'b [u8]), Refused> {
    let [name, value] = pair else {
        return Err((Reason::InvalidLabel, "a label name without its value".to_owned()));
    };
    let (Some(name), Some(value)) = (symbols.get(*name as usize), symbols.get(*value as usize)) else {
        let what = format!("a label that refers beyond the {} symbols", symbols.len());
        return Err((Reason::InvalidLabel, what));
    };
    if name.len() > limits.name_bytes_max || value.len() > limits.value_bytes_max {
        return Err((Reason::LabelLimit, format!("a label of {} bytes", name.len() + value.len())));
    }
    Ok((name, value))
}

/// How long the labels at the beginning of a series are, and whether there are no others behind.
fn label_span(series: &[u8]) -> Result<(usize, bool), Malformed> {
    let mut fields = Fields(series);
    let (mut length, mut in_front, mut is_whole) = (0, true, true);
    while let Some((number, _)) = fields.next()? {
        match number {
            1 if in_front => length = series.len() - fields.0.len(),
            1 => is_whole = false,
            _ => in_front = false,
        }
    }
    Ok((length, is_whole))
}

/// The numbers of a field that is packed or not; no more than show that there are too many.
fn references(field: Field<'_>, pairs_max: usize, out: &mut Vec<u32>) -> Result<(), Malformed> {
    let mut push = |number: u64| {
        let number = u32::try_from(number).map_err(|_| Malformed)?;
        if out.len() / 2 <= pairs_max {
            out.push(number);
        }
        Ok(())
    };
    match field {
        Field::Varint(number) => push(number),
        Field::Bytes(packed) => {
            let mut numbers = Fields(packed);
            while !numbers.0.is_empty() {
                push(numbers.varint()?)?;
            }
            Ok(())
        }
        _ => Err(Malformed),
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
