//! Instants, floats, labels and fingerprints on disk.
//!
//! Invariant: every float survives bit by bit, whatever NaN it is; so floats are text here, as JSON knows no NaN.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ballast_types::{Fingerprint, Labels, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Coded;

/// Milliseconds since the epoch, as a number.
impl Coded for Timestamp {
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.as_millis())
    }
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}

/// Sixteen hexadecimal digits.
impl Coded for Fingerprint {
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Fingerprint).map_err(D::Error::custom)
    }
}

/// An object of strings, in the order of its names.
impl Coded for Labels {
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, String>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The shortest text that reads as the same float; for a NaN its bits.
impl Coded for f64 {
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        let written = match self.is_nan() {
            true => write!(text, "nan:{:016x}", self.to_bits()),
            false => write!(text, "{self:?}"),
        };
        written.map_err(serde::ser::Error::custom)?;
        text.serialize(serializer)
    }
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix("nan:") {
            Some(bits) => u64::from_str_radix(bits, 16).map(f64::from_bits).map_err(D::Error::custom),
            None => text.parse().map_err(D::Error::custom),
        }
    }
}
