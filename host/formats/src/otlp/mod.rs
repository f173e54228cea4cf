//! OTLP metrics over HTTP, protobuf or JSON, translated to series as Prometheus 3.5's receiver does by default: names
//! escaped with underscores and given the suffixes of their unit and type.
//!
//! Both encodings are read into the same messages. Gauges and cumulative sums and histograms become series; deltas and
//! exponential histograms are refused and counted, point by point, so that the answer can say so as a partial success.
//!
//! Invariant: a body's messages are counted before they are built, and the labels that come of them are bounded, too.

mod attributes;
mod json;
mod message;
mod names;
mod number_text;
mod response;
mod size;
mod translate;

use ballast_types::Interner;
use prost::Message as _;

pub use response::response;

use crate::Parsed;
use crate::wire::Malformed;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The encoding that a content type names; `None` where it is none of the two.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Encoding::Protobuf),
            "application/json" => Some(Encoding::Json),
            _ => None,
        }
    }

    /// As an answer in this encoding names it.
    pub fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }
}

/// Which attributes become labels besides those of the points, as Prometheus's configuration section `otlp` names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Resource attributes that every series of the resource gets as labels.
    pub promote_resource_attributes: Vec<String>,
    /// Every resource attribute but those listed above becomes a label.
    pub promote_all_resource_attributes: bool,
    /// `target_info` has the attributes that make `job` and `instance`, too.
    pub keep_identifying_resource_attributes: bool,
    /// Name, version, schema and attributes of the scope become labels `otel_scope_…`.
    pub promote_scope_metadata: bool,
}

/// What a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a body.
    pub body_bytes_max: usize,
    /// Most messages in it: points, attributes, exemplars and the like.
    pub messages_max: usize,
    /// Most labels of all samples together; points beyond are refused.
    pub label_pairs_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { body_bytes_max: 32 << 20, messages_max: 500_000, label_pairs_max: 4_000_000 }
    }
}

/// Why a body is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Too large.
    #[error("the request is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Too many messages.
    #[error("the request holds more than {limit} points, attributes and the like")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Not the message that the content type promises.
    #[error("the request is not a protobuf message of OTLP metrics: {0}")]
    NotProtobuf(String),
    /// Not JSON, or other JSON than promised.
    #[error("the request is not JSON of OTLP metrics: {0}")]
    NotJson(String),
}

impl From<Malformed> for DecodeError {
    fn from(malformed: Malformed) -> Self {
        DecodeError::NotProtobuf(malformed.to_string())
    }
}

/// Reads a body, decompressed already, and translates it.
pub fn decode(
    encoding: Encoding,
    body: &[u8],
    options: &Options,
    limits: &Limits,
    interner: &Interner,
) -> Result<Parsed, DecodeError> {
    if body.len() > limits.body_bytes_max {
        return Err(DecodeError::TooLarge { limit: limits.body_bytes_max });
    }
    let request = match encoding {
        Encoding::Protobuf => protobuf(body, limits)?,
        Encoding::Json => json(body, limits)?,
    };
    Ok(translate::translate(&request, options, limits, interner))
}

fn protobuf(body: &[u8], limits: &Limits) -> Result<message::Request, DecodeError> {
    if size::protobuf_messages(body, limits.messages_max)? > limits.messages_max {
        return Err(DecodeError::TooMany { limit: limits.messages_max });
    }
    message::Request::decode(body).map_err(|error| DecodeError::NotProtobuf(error.to_string()))
}

fn json(body: &[u8], limits: &Limits) -> Result<message::Request, DecodeError> {
    if size::json_messages(body) > limits.messages_max {
        return Err(DecodeError::TooMany { limit: limits.messages_max });
    }
    serde_json::from_slice(body).map_err(|error| DecodeError::NotJson(error.to_string()))
}

#[cfg(test)]
mod tests;
