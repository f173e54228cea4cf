//! How domain types look on disk: a format byte, then JSON. Each domain type has a mirror here that serde derives from;
//! the domain types themselves know nothing of it.
//!
//! Invariant: what format 1 wrote, every later version reads. A field that is added to a domain type gets
//! `#[serde(default)]` in its mirror; a change that old readers would misread gets a new format byte and keeps the old
//! mirror for reading. JSON, because a log that only its writer can read is no help on a bad day.

mod alert;
mod event;
mod execution;
mod incident;
mod journal;
mod record;
mod scalar;
mod silence;

#[cfg(test)]
mod roundtrip;
#[cfg(test)]
mod strategies;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use journal::{decode_journal, encode_journal, journal_execution};
pub(crate) use record::key_bytes;

/// The format that this version writes.
const FORMAT: u8 = 1;

/// Why bytes are not what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    /// Written by a later version, or not by Ballast at all.
    #[error("format {0} is unknown to this version")]
    UnknownFormat(u8),
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// The parts around the JSON do not fit.
    #[error("it is malformed")]
    Malformed,
    /// The JSON does not fit its mirror.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// A domain type that has a mirror.
pub(crate) trait Coded: Sized {
    /// Writes the mirror.
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    /// Reads the mirror.
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Names the mirror of a domain type.
macro_rules! coded {
    ($($domain:ty => $mirror:ident),* $(,)?) => {$(
        impl $crate::codec::Coded for $domain {
            fn code<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $mirror::serialize(self, serializer)
            }
            fn uncode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $mirror::deserialize(deserializer)
            }
        }
    )*};
}
use coded;

/// A borrowed value, written through its mirror.
struct Written<'a, T>(&'a T);

impl<T: Coded> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.code(serializer)
    }
}

/// A value read through its mirror.
struct Read<T>(T);

impl<'de, T: Coded> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::uncode(deserializer).map(Read)
    }
}

impl<T: Coded> Coded for Box<T> {
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).code(serializer)
    }
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::uncode(deserializer).map(Box::new)
    }
}

/// `#[serde(with = "one")]`: a field whose type has a mirror.
mod one {
    use super::*;

    pub(super) fn serialize<T: Coded, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.code(serializer)
    }

    pub(super) fn deserialize<'de, T: Coded, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::uncode(deserializer)
    }
}

/// `#[serde(with = "option")]`: one or none.
mod option {
    use super::*;

    pub(super) fn serialize<T: Coded, S: Serializer>(value: &Option<T>, s: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Written).serialize(s)
    }

    pub(super) fn deserialize<'de, T: Coded, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<Read<T>>::deserialize(d)?.map(|read| read.0))
    }
}

/// `#[serde(with = "list")]`: any number, in order.
mod list {
    use super::*;

    pub(super) fn serialize<T: Coded, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(Written))
    }

    pub(super) fn deserialize<'de, T: Coded, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
        Ok(Vec::<Read<T>>::deserialize(d)?.into_iter().map(|read| read.0).collect())
    }
}

/// The bytes of a value: the format, then JSON.
pub(crate) fn encode<T: Coded>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut bytes = vec![FORMAT];
    serde_json::to_writer(&mut bytes, &Written(value))?;
    Ok(bytes)
}

/// The value of some bytes.
pub(crate) fn decode<T: Coded>(bytes: &[u8]) -> Result<T, CodecError> {
    let Read(value) = from_json(after_format(bytes)?)?;
    Ok(value)
}

fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, CodecError> {
    Ok(serde_json::from_slice(json)?)
}

fn after_format(bytes: &[u8]) -> Result<&[u8], CodecError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        Some((&other, _)) => Err(CodecError::UnknownFormat(other)),
        None => Err(CodecError::Empty),
    }
}
