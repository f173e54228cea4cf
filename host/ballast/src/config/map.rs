//! A map with known keys. A key that nobody asked for is an error at its place: a mistyped key must not silently mean its
//! default.

use ballast_alerting::Position;

use super::closest::closest;
use super::context::Context;
use super::text::text;
use super::tree::{Content, Entry, Node};

/// Reads a map key by key.
pub(super) struct Map<'a, 'c> {
    context: &'a Context<'c>,
    entries: &'a [Entry],
    known: Vec<&'static str>,
    /// Where the map stands.
    pub(super) at: Position,
}

impl<'a, 'c> Map<'a, 'c> {
    /// The map in a node; reports what is none and then reads as an empty one.
    pub(super) fn of(context: &'a Context<'c>, node: &'a Node) -> Self {
        Map { context, entries: entries(context, node), known: Vec::new(), at: node.at }
    }

    /// The value of a key, where it is given and not null.
    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.value).filter(|node| node.content != Content::Null)
    }

    /// The value of a key, read; `None` where it is absent, or wrong and reported.
    pub(super) fn get<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&Context<'c>, &'a Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.node(key)?;
        read(self.context, node)
    }

    /// As [`Map::get`], and reports a key that is absent.
    pub(super) fn need<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&Context<'c>, &'a Node) -> Option<T>,
    ) -> Option<T> {
        match self.node(key) {
            Some(node) => read(self.context, node),
            None => {
                self.context.problem(self.at, format!("the key `{key}` is missing"));
                None
            }
        }
    }

    /// Reports keys that nobody asked for, and repeated ones.
    pub(super) fn finish(self) {
        report_repeated(self.context, self.entries);
        let unknown = self.entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str()));
        for entry in unknown {
            let help = match closest(&entry.key, self.known.iter().copied()) {
                Some(key) => format!("did you mean `{key}`?"),
                None => format!("known here are {}", self.known.join(", ")),
            };
            self.context.problem_with_help(entry.key_at, format!("unknown key `{}`", entry.key), help);
        }
    }
}

/// The entries of a map whose keys are free. Reports what is no map, and repeated keys.
pub(super) fn entries<'a>(context: &Context<'_>, node: &'a Node) -> &'a [Entry] {
    match &node.content {
        Content::Map(entries) => entries,
        Content::Null => &[],
        _ => {
            context.problem(node.at, format!("expected a map, found {}", node.kind()));
            &[]
        }
    }
}

/// Key and text of each entry of a map whose keys are free.
pub(super) fn texts<'a>(context: &Context<'_>, node: &'a Node) -> Vec<(&'a Entry, String)> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    entries.iter().filter_map(|entry| Some((entry, text(context, &entry.value)?))).collect()
}

pub(super) fn report_repeated(context: &Context<'_>, entries: &[Entry]) {
    for (index, entry) in entries.iter().enumerate() {
        let first = entries.iter().take(index).find(|earlier| earlier.key == entry.key);
        if let Some(first) = first {
            let message = format!("the key `{}` was given before, in line {}", entry.key, first.key_at.line);
            context.problem(entry.key_at, message);
        }
    }
}
