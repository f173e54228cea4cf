//! YAML as a tree whose every node knows its place, so that all problems of a file are found in one pass. Knows nothing of
//! what the keys mean. Scalars keep their text as written; a reader decides whether it is a number.

use std::fmt;

use ballast_alerting::Position;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned};

/// Most nodes of one file; stops an alias bomb.
const NODES_MAX: usize = 200_000;

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// Nothing, `null` or `~`.
    Null,
    /// A text, number or truth value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file; repeated keys are kept, for the reader to report.
    Map(Vec<Entry>),
}

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    /// The text.
    pub(super) text: String,
    /// Whether it stands in quotes or in a block, so that it is a text whatever it looks like.
    pub(super) quoted: bool,
    /// Byte offset of its source in the file.
    pub(super) offset: usize,
}

/// One entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Position,
    pub(super) value: Node,
}

/// A value at its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) content: Content,
}

impl Node {
    /// What the node is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar(_) => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }
}

/// Reads a text; an empty one is a null. The error is the parser's first complaint, which ends the reading.
pub(super) fn parse(source: &str) -> Result<Node, (Position, String)> {
    let options: Options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: NODES_MAX, max_events: NODES_MAX * 2 },
    };
    let raw: Option<Spanned<Raw>> =
        serde_saphyr::from_str_with_options(source, options).map_err(|error| complaint(&error))?;
    Ok(raw.map_or(Node { at: Position::START, content: Content::Null }, |raw| node(source, raw)))
}

fn complaint(error: &serde_saphyr::Error) -> (Position, String) {
    let at = error.location().map_or(Position::START, position);
    let text = error.to_string();
    // The parser's sentence carries the place, which is given apart.
    let message = text.split(" at line ").next().unwrap_or(&text).trim_start_matches("error: ");
    let head_is_place = |(head, _): &(&str, &str)| head.starts_with("line ");
    let message = message.split_once(": ").filter(head_is_place).map_or(message, |(_, rest)| rest);
    (at, format!("not valid YAML: {message}"))
}

fn position(location: Location) -> Position {
    let from_one = |n: u64| usize::try_from(n).unwrap_or(1).max(1);
    Position { line: from_one(location.line()), column: from_one(location.column()) }
}

fn node(source: &str, raw: Spanned<Raw>) -> Node {
    let span = raw.defined.span();
    let bytes = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let (offset, length) = (bytes(span.byte_offset()), bytes(span.byte_len()));
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Text(text) => {
            let quoted = text.contains('\n')
                || source.get(offset..).is_some_and(|rest| rest.starts_with(['"', '\'', '|', '>']));
            Content::Scalar(Scalar { text, quoted, offset })
        }
        Raw::AsWritten => {
            let text = source.get(offset..offset + length).unwrap_or_default().trim().to_owned();
            Content::Scalar(Scalar { text, quoted: false, offset })
        }
        Raw::List(items) => Content::List(items.into_iter().map(|item| node(source, item)).collect()),
        Raw::Map(entries) => {
            Content::Map(entries.into_iter().map(|(key, value)| entry(source, key, value)).collect())
        }
    };
    Node { at: position(raw.defined), content }
}

fn entry(source: &str, key: Spanned<String>, value: Spanned<Raw>) -> Entry {
    Entry { key_at: position(key.defined), key: key.value, value: node(source, value) }
}

/// What serde hands over; `AsWritten` is a number or truth value, whose text is taken from the source.
enum Raw {
    Null,
    Text(String),
    AsWritten,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::AsWritten)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::AsWritten)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::AsWritten)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::AsWritten)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::AsWritten)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::AsWritten)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
