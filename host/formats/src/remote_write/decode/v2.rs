//! Series of version 2.0: labels and metadata refer to the symbols of the request.

use ballast_types::ingest::Metadata;
use ballast_types::labels::LabelPair;
use ballast_types::{Labels, Timestamp};

use super::{Decoder, kind_of};
use crate::parsed::Reason;
use crate::remote_write::series::{self, Refused, put_label};
use crate::remote_write::{DecodeError, Limits};
use crate::wire::{Field, Fields, Malformed};

impl Decoder<'_, '_> {
    pub(super) fn series_v2(&mut self, series: &[u8], symbols: &[&[u8]]) -> Result<(), DecodeError> {
        self.numbers.clear();
        let mut fields = Fields(series);
        while let Some((number, field)) = fields.next()? {
            if number == 1 {
                references(field, self.limits.labels_max, &mut self.numbers)?;
            }
        }
        if series::is_text(self.cache.foretold(), &self.numbers, symbols)
            && let Some(labels) = self.cache.get_foretold()
        {
            return self.pieces_v2(&labels, series, symbols);
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
    pub(super) fn resolve(&mut self, symbols: &[&[u8]]) -> Result<Result<(), Refused>, DecodeError> {
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

    fn created(&mut self, labels: &Labels, field: Field<'_>) -> Result<(), DecodeError> {
        let at = field.varint()? as i64;
        if at > 0 {
            self.parsed.created.push((labels.clone(), Timestamp::from_millis(at)));
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

/// The numbers of a field that is packed or not; no more than show that there are too many.
pub(super) fn references(field: Field<'_>, pairs_max: usize, out: &mut Vec<u32>) -> Result<(), Malformed> {
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

/// The texts that version 2.0's series refer to. They may stand anywhere in the message.
pub(super) fn symbols<'b>(message: &'b [u8], limits: &Limits) -> Result<Vec<&'b [u8]>, DecodeError> {
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
