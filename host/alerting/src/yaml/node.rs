//! The tree: scalars, lists and maps with positions. Built through serde, so aliases and merge keys are resolved and the
//! parser's budget stops alias bombs. Scalars keep their text as written: an expression `1.0` or a label `0x10` is
//! text to us, whatever YAML would make of it. Repeated keys are kept, for the reader to report.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned};

use super::position;
use crate::problem::Position;

/// Most nodes of one file; 10,000 rules need about 300,000.
const NODES_MAX: usize = 3_000_000;

/// A scalar: its text and where the text lies in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    /// The text that the scalar stands for.
    pub(crate) text: String,
    /// Byte offset of the scalar's first character in the file: its quote, or the first character of a block's content.
    offset: usize,
    /// Where that is.
    start: Position,
}

impl Scalar {
    /// Where in the file the character at `index` of the text is written.
    pub(crate) fn position_of(&self, source: &str, index: usize) -> Position {
        position::in_scalar(source, self.offset, self.start, &self.text, index)
    }
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Nothing, `null` or `~`.
    Null,
    /// A text, number or truth value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Position,
    pub(crate) value: Node,
}

/// A value at its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) content: Content,
}

impl Node {
    /// What the node is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar(_) => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }
}

/// Reads a text; an empty one is a null. The error is the parser's first complaint.
pub(crate) fn parse(source: &str) -> Result<Node, (Position, String)> {
    let options: Options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: NODES_MAX, max_events: NODES_MAX * 2 },
    };
    let raw: Option<Spanned<Raw>> = serde_saphyr::from_str_with_options(source, options).map_err(describe)?;
    Ok(raw.map_or(Node { at: Position::START, content: Content::Null }, |raw| node(source, raw)))
}

fn describe(error: serde_saphyr::Error) -> (Position, String) {
    let at = error.location().map_or(Position::START, position_of);
    let text = error.to_string();
    // The parser ends its sentence with the place, which we give ourselves.
    let message = text.split(" at line ").next().unwrap_or(&text).trim_start_matches("error: ");
    let message = message
        .split_once(": ")
        .filter(|(head, _)| head.starts_with("line "))
        .map_or(message, |(_, rest)| rest);
    (at, format!("not valid YAML: {message}"))
}

fn position_of(location: Location) -> Position {
    let one = |n: u64| usize::try_from(n).unwrap_or(1).max(1);
    Position { line: one(location.line()), column: one(location.column()) }
}

fn node(source: &str, raw: Spanned<Raw>) -> Node {
    let at = position_of(raw.defined);
    let offset = raw.defined.span().byte_offset().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let length = raw.defined.span().byte_len().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Text(text) => Content::Scalar(Scalar { text, offset, start: at }),
        Raw::AsWritten => {
            let text = source.get(offset..offset + length).unwrap_or_default().trim().to_owned();
            Content::Scalar(Scalar { text, offset, start: at })
        }
        Raw::List(items) => Content::List(items.into_iter().map(|item| node(source, item)).collect()),
        Raw::Map(entries) => {
            Content::Map(entries.into_iter().map(|entry| map_entry(source, entry)).collect())
        }
    };
    Node { at, content }
}

fn map_entry(source: &str, (key, value): (Spanned<String>, Spanned<Raw>)) -> Entry {
    Entry { key_at: position_of(key.defined), key: key.value, value: node(source, value) }
}

/// What serde hands us; `AsWritten` is a number or truth value, whose text is taken from the source.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Each scalar as `line:column text`, in the order of the file.
    fn scalars(source: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&parse(source).unwrap(), &mut found);
        found
    }

    fn collect(node: &Node, found: &mut Vec<String>) {
        match &node.content {
            Content::Null => found.push(format!("{}:{} null", node.at.line, node.at.column)),
            Content::Scalar(scalar) => {
                found.push(format!("{}:{} {}", node.at.line, node.at.column, scalar.text))
            }
            Content::List(items) => items.iter().for_each(|item| collect(item, found)),
            Content::Map(entries) => entries.iter().for_each(|entry| {
                found.push(format!("{}:{} {}:", entry.key_at.line, entry.key_at.column, entry.key));
                collect(&entry.value, found);
            }),
        }
    }

    #[test]
    fn scalars_keep_their_text_and_place() {
        let source = "a: 1.0\nb: [0x10, yes, ~, 'it''s']\nü: é 1\nc: NaN\n";
        insta::assert_snapshot!(scalars(source).join(", "), @"1:1 a:, 1:4 1.0, 2:1 b:, 2:5 0x10, 2:11 yes, 2:16 null, 2:19 it's, 3:1 ü:, 3:4 é 1, 4:1 c:, 4:4 NaN");
    }

    #[test]
    fn aliases_and_merges_are_resolved_to_where_they_are_defined() {
        let source = "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n";
        insta::assert_snapshot!(scalars(source).join(", "), @"1:1 x:, 1:8 a:, 1:11 1, 1:14 b:, 1:17 2, 2:1 y:, 4:3 b:, 4:6 3, 1:8 a:, 1:11 1");
    }

    #[test]
    fn repeated_keys_are_kept() {
        insta::assert_snapshot!(scalars("a: 1\na: 2\n").join(", "), @"1:1 a:, 1:4 1, 2:1 a:, 2:4 2");
    }

    #[test]
    fn what_is_no_yaml_has_a_place() {
        for source in ["a: [1,\nb: 2", "a: b: c", "a: 'x", "- 1\nb: 2", "a: *nowhere"] {
            let (at, message) = parse(source).unwrap_err();
            assert!(at.line >= 1 && message.starts_with("not valid YAML: "), "{source:?}: {at:?} {message}");
        }
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut source = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..12 {
            let refs = vec![format!("*a{}", n - 1); 10].join(", ");
            source.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
        }
        assert!(parse(&source).is_err());
    }
}
