//! The entries of one map, checked: unknown and repeated keys are problems, and each value is read as what it must be.

use std::time::Duration;

use ballast_types::parse_duration;

use super::suggest::closest;
use crate::problem::Problems;
use crate::yaml::{Content, Entry, Node, Scalar};

/// The entries of a map of which each key is known and there once.
pub(super) struct Fields<'a> {
    entries: Vec<&'a Entry>,
}

impl<'a> Fields<'a> {
    /// Checks the keys of `node`, which must be a map.
    pub(super) fn of(node: &'a Node, what: &str, known: &[&str], problems: &mut Problems) -> Option<Self> {
        let Content::Map(all) = &node.content else {
            let keys: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            problems.add(node.at, format!("{what} is a map with {}, not {}", keys.join(", "), node.kind()));
            return None;
        };
        let fields = Fields { entries: unique(all, problems) };
        for entry in &fields.entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in {what}", entry.key);
            match closest(&entry.key, known) {
                Some(meant) => {
                    problems.add_with_help(entry.key_at, message, format!("did you mean `{meant}`?"))
                }
                None => {
                    problems.add_with_help(entry.key_at, message, format!("known are: {}", known.join(", ")))
                }
            }
        }
        Some(fields)
    }

    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().copied().find(|entry| entry.key == key)
    }

    /// The value under `key`; a null counts as absent.
    pub(super) fn value(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.value).filter(|node| node.content != Content::Null)
    }

    /// A single value as text.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<&'a Scalar> {
        let node = self.value(key)?;
        let scalar = scalar(node);
        if scalar.is_none() {
            problems.add(node.at, format!("`{key}` takes a single value, not {}", node.kind()));
        }
        scalar
    }

    /// A list; an absent one is empty.
    pub(super) fn list(&self, key: &str, problems: &mut Problems) -> &'a [Node] {
        match self.value(key) {
            None => &[],
            Some(Node { content: Content::List(items), .. }) => items,
            Some(node) => {
                problems.add(node.at, format!("`{key}` takes a list, not {}", node.kind()));
                &[]
            }
        }
    }

    /// A duration such as `5m`.
    pub(super) fn duration(&self, key: &str, problems: &mut Problems) -> Option<Duration> {
        let text = &self.text(key, problems)?.text;
        let at = self.value(key)?.at;
        match parse_duration(text) {
            Ok(duration) => Some(duration),
            Err(error) if text.parse::<u64>().is_ok() => {
                problems.add_with_help(
                    at,
                    format!("`{key}`: {error}"),
                    format!("a unit is missing: {text}s?"),
                );
                None
            }
            Err(error) => {
                problems.add(at, format!("`{key}`: {error}"));
                None
            }
        }
    }

    /// A whole number from zero.
    pub(super) fn count(&self, key: &str, problems: &mut Problems) -> Option<usize> {
        let text = &self.text(key, problems)?.text;
        let count = text.parse().ok();
        if count.is_none() {
            let at = self.value(key)?.at;
            problems.add(at, format!("`{key}` takes a whole number from 0, not `{text}`"));
        }
        count
    }

    /// A map of names to texts, in the order of the file.
    pub(super) fn texts(&self, key: &str, problems: &mut Problems) -> Vec<(&'a Entry, &'a Scalar)> {
        let Some(node) = self.value(key) else { return Vec::new() };
        let Content::Map(all) = &node.content else {
            problems.add(node.at, format!("`{key}` takes a map of names to texts, not {}", node.kind()));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for entry in unique(all, problems) {
            match scalar(&entry.value) {
                Some(scalar) => texts.push((entry, scalar)),
                // A null is an empty text: a label or annotation that is not there.
                None if entry.value.content == Content::Null => {}
                None => problems
                    .add(entry.value.at, format!("`{}` takes a text, not {}", entry.key, entry.value.kind())),
            }
        }
        texts
    }
}

fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.content {
        Content::Scalar(scalar) => Some(scalar),
        _ => None,
    }
}

/// The entries of which no earlier one has the key; the others are problems.
fn unique<'a>(all: &'a [Entry], problems: &mut Problems) -> Vec<&'a Entry> {
    let mut entries: Vec<&Entry> = Vec::new();
    for entry in all {
        match entries.iter().find(|earlier| earlier.key == entry.key) {
            None => entries.push(entry),
            Some(earlier) => {
                let message =
                    format!("the key `{}` is already given at line {}", entry.key, earlier.key_at.line);
                problems.add(entry.key_at, message);
            }
        }
    }
    entries
}
