//! Series and metadata of version 1.0: labels stand in each series.

use ballast_types::ingest::Metadata;

use super::{Decoder, kind_of};
use crate::remote_write::DecodeError;
use crate::remote_write::series::{self, FIRST};
use crate::wire::{Fields, Malformed, put_varint};

impl Decoder<'_, '_> {
    pub(super) fn series_v1(&mut self, series: &[u8]) -> Result<(), DecodeError> {
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
    pub(super) fn gather_labels(&mut self, series: &[u8]) -> Result<(), DecodeError> {
        self.key.clear();
        let mut fields = Fields(series);
        while let Some((number, field)) = fields.next()? {
            if number == 1 {
                let label = field.bytes()?;
                self.key.push(FIRST);
                put_varint(label.len() as u64, &mut self.key);
                self.key.extend_from_slice(label);
            }
        }
        Ok(())
    }

    pub(super) fn metadata_v1(&mut self, message: &[u8]) -> Result<(), DecodeError> {
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
