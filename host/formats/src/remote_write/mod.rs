//! Remote write, 1.0 and 2.0: a snappy block around a protobuf message.
//!
//! The bytes are walked over, not turned into a tree: a series that was seen before costs one lookup of its encoded labels
//! in a [`LabelCache`]. Series that cannot be are refused one by one with their reason, as Prometheus's receiver does; a
//! message that is no message refuses the whole request. Native histograms are counted and not kept.
//!
//! Invariant: nothing is unpacked before its size is known to be allowed, and no request yields more items than allowed.

mod cache;
mod decode;
mod encode;
mod message;
mod series;

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Labels, Sample, Timestamp};

pub use cache::LabelCache;
pub use decode::{decode, decode_v1, decode_v2};
pub(crate) use encode::pack;
pub use encode::{encode_v1, encode_v2};

/// Which version of the protocol a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

impl Version {
    /// The version that a content type names; `None` where it is none that is understood.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        if !kind.eq_ignore_ascii_case("application/x-protobuf") {
            return None;
        }
        match parts.find_map(|part| part.strip_prefix("proto=")) {
            None | Some("prometheus.WriteRequest") => Some(Version::V1),
            Some("io.prometheus.write.v2.Request") => Some(Version::V2),
            Some(_) => None,
        }
    }

    /// As requests and answers name it.
    pub fn content_type(self) -> &'static str {
        match self {
            Version::V1 => "application/x-protobuf",
            Version::V2 => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }
}

/// What a request may be. What exceeds the first three refuses the request, what exceeds the others its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes as they come.
    pub packed_bytes_max: usize,
    /// Most bytes unpacked.
    pub unpacked_bytes_max: usize,
    /// Most samples, exemplars and metadata together.
    pub items_max: usize,
    /// Most labels of a series.
    pub labels_max: usize,
    /// Most bytes of a label's name.
    pub name_bytes_max: usize,
    /// Most bytes of a label's value.
    pub value_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            packed_bytes_max: 16 << 20,
            unpacked_bytes_max: 64 << 20,
            items_max: 1_000_000,
            labels_max: 256,
            name_bytes_max: 1 << 10,
            value_bytes_max: 64 << 10,
        }
    }
}

/// Why a request is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Too large as it comes.
    #[error("the request is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// It announces more than may be unpacked.
    #[error("the request unpacks to {size} bytes, and at most {limit} are allowed")]
    TooLargeUnpacked {
        /// What it announces.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Not a snappy block.
    #[error("the request is not a snappy block: {0}")]
    NotSnappy(String),
    /// Not the message that the content type promises.
    #[error("the request is not a protobuf message of remote write")]
    Malformed,
    /// Its references to symbols come to more than any request may.
    #[error("the labels of the request are too large once its symbols are put in their places")]
    TooLargeResolved,
    /// Too many samples, exemplars and metadata, or symbols.
    #[error("the request holds more than {limit} samples, exemplars and metadata, or symbols")]
    TooMany {
        /// The limit.
        limit: usize,
    },
}

/// A series to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteSeries {
    /// All labels, the metric name among them.
    pub labels: Labels,
    /// Its samples.
    pub samples: Vec<Sample>,
    /// Its exemplars.
    pub exemplars: Vec<Exemplar>,
    /// What its metric is; version 1.0 carries it beside the series.
    pub metadata: Option<Metadata>,
    /// Since when it counts; only version 2.0 carries it.
    pub created: Option<Timestamp>,
}

#[cfg(test)]
mod tests;
