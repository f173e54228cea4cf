//! Encoded labels, `prometheus.Label` one after another as version 1.0 has them: what they are cached by, and what they
//! mean. Version 2.0's are brought into the same form first, so that both share one cache and one set of checks.

use std::sync::Arc;

use ballast_types::Labels;
use ballast_types::labels::{LabelPair, METRIC_NAME};

use super::{DecodeError, LabelCache, Limits};
use crate::parsed::{Reason, excerpt};
use crate::wire::{Fields, Malformed, put_varint};

/// Key of field 1 with a length: a label in a series, and a name in a label.
pub(super) const FIRST: u8 = 0x0a;
/// Key of field 2 with a length: a value in a label.
const SECOND: u8 = 0x12;

/// Why a series is refused, and in words.
pub(super) type Refused = (Reason, String);

impl From<Malformed> for DecodeError {
    fn from(_: Malformed) -> Self {
        DecodeError::Malformed
    }
}

/// Appends a label in the form of version 1.0.
pub(super) fn put_label(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let size = 2 + varint_size(name.len()) + name.len() + varint_size(value.len()) + value.len();
    out.reserve(size + 12);
    if size < 0x80 {
        out.extend_from_slice(&[FIRST, size as u8, FIRST, name.len() as u8]);
        out.extend_from_slice(name);
        out.extend_from_slice(&[SECOND, value.len() as u8]);
        out.extend_from_slice(value);
        return;
    }
    out.push(FIRST);
    put_varint(size as u64, out);
    out.push(FIRST);
    put_varint(name.len() as u64, out);
    out.extend_from_slice(name);
    out.push(SECOND);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Whether `text` is what [`put_label`] would make of references, found without making it. Labels too long for a length
/// of one byte are left to the other way.
pub(super) fn is_text(mut text: &[u8], references: &[u32], symbols: &[&[u8]]) -> bool {
    let mut strip = |pair: &[u32]| -> Option<()> {
        let [name, value] = pair else { return None };
        let (name, value) = (*symbols.get(*name as usize)?, *symbols.get(*value as usize)?);
        let size = u8::try_from(name.len() + value.len() + 4).ok().filter(|size| *size < 0x80)?;
        let rest = text.strip_prefix(&[FIRST, size, FIRST, name.len() as u8])?.strip_prefix(name)?;
        text = rest.strip_prefix(&[SECOND, value.len() as u8])?.strip_prefix(value)?;
        Some(())
    };
    let all = references.chunks(2).all(|pair| strip(pair).is_some());
    all && text.is_empty() && !references.is_empty()
}

fn varint_size(number: usize) -> usize {
    let bits = (usize::BITS - (number | 1).leading_zeros()) as usize;
    bits.div_ceil(7)
}

/// The labels of a series by its encoded ones; `Err` inside where they cannot be.
pub(super) fn labels(
    key: &[u8],
    cache: &mut LabelCache,
    limits: &Limits,
) -> Result<Result<Labels, Refused>, DecodeError> {
    if let Some(labels) = cache.get(key) {
        return Ok(Ok(labels));
    }
    let pairs = match pairs(key, limits)? {
        Ok(pairs) => pairs,
        Err(refused) => return Ok(Err(refused)),
    };
    let intern = |(name, value): &(&str, &str)| -> LabelPair {
        (cache.interner().text(name), cache.interner().text(value))
    };
    let shared: Arc<[LabelPair]> = pairs.iter().map(intern).collect();
    let labels = Labels::from_sorted(shared);
    cache.put(key, labels.clone());
    Ok(Ok(labels))
}

type Pairs<'b> = Vec<(&'b str, &'b str)>;

/// Sorted pairs without empty ones. Prometheus sorts, too, although senders must: so no order is refused.
fn pairs<'b>(key: &'b [u8], limits: &Limits) -> Result<Result<Pairs<'b>, Refused>, DecodeError> {
    let mut pairs: Pairs<'b> = Vec::with_capacity(16);
    let mut fields = Fields(key);
    while let Some((_, label)) = fields.next()? {
        let (name, value) = pair(label.bytes()?)?;
        match checked(name, value, limits) {
            Ok(pair) => pairs.push(pair),
            Err(refused) => return Ok(Err(refused)),
        }
        if pairs.len() > limits.labels_max {
            let what = format!("a series with more than {} labels", limits.labels_max);
            return Ok(Err((Reason::LabelLimit, what)));
        }
    }
    Ok(in_order(pairs))
}

fn pair(label: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (mut name, mut value): (&[u8], &[u8]) = (&[], &[]);
    let mut fields = Fields(label);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => name = field.bytes()?,
            2 => value = field.bytes()?,
            _ => {}
        }
    }
    Ok((name, value))
}

fn checked<'b>(name: &'b [u8], value: &'b [u8], limits: &Limits) -> Result<(&'b str, &'b str), Refused> {
    if name.len() > limits.name_bytes_max || value.len() > limits.value_bytes_max {
        let name = String::from_utf8_lossy(name.get(..60).unwrap_or(name)).into_owned();
        let what = format!("the label {} of {} bytes", excerpt(&name), value.len());
        return Err((Reason::LabelLimit, what));
    }
    let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) else {
        return Err((Reason::InvalidLabel, "a label that is not UTF-8".to_owned()));
    };
    match name.is_empty() {
        true => Err((
            Reason::InvalidLabel,
            format!("a label without a name and with the value {}", excerpt(value)),
        )),
        false => Ok((name, value)),
    }
}

fn in_order(mut pairs: Pairs<'_>) -> Result<Pairs<'_>, Refused> {
    if !pairs.is_sorted() {
        pairs.sort_unstable();
    }
    let twice = pairs.windows(2).find_map(|two| match two {
        [(one, _), (other, _)] if one == other => Some(*one),
        _ => None,
    });
    if let Some(name) = twice {
        return Err((Reason::DuplicateLabel, format!("the label {} twice", excerpt(name))));
    }
    pairs.retain(|(_, value)| !value.is_empty());
    match pairs.iter().any(|(name, _)| *name == METRIC_NAME) {
        true => Ok(pairs),
        false => Err((Reason::MissingName, "a series without a metric name".to_owned())),
    }
}

/// Labels of an exemplar: no metric name, few characters.
pub(super) fn exemplar_labels(key: &[u8], limits: &Limits) -> Result<Result<Labels, Refused>, DecodeError> {
    let mut pairs: Pairs<'_> = Vec::new();
    let mut fields = Fields(key);
    let mut chars = 0;
    while let Some((_, label)) = fields.next()? {
        let (name, value) = pair(label.bytes()?)?;
        match checked(name, value, limits) {
            Ok((name, value)) => {
                chars += name.chars().count() + value.chars().count();
                pairs.push((name, value));
            }
            Err((_, what)) => return Ok(Err((Reason::InvalidExemplar, format!("an exemplar with {what}")))),
        }
        if chars > crate::EXEMPLAR_CHARS_MAX {
            let what =
                format!("an exemplar with labels of more than {} characters", crate::EXEMPLAR_CHARS_MAX);
            return Ok(Err((Reason::InvalidExemplar, what)));
        }
    }
    Ok(Ok(Labels::from_pairs(pairs)))
}
