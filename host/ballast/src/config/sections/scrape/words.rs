//! Single values as Prometheus reads them: nothing is filled in from the environment, durations have a unit, sizes are
//! powers of 1024.

use std::path::PathBuf;
use std::time::Duration;

use ballast_ports::http_client::{Credential, Secret};
use ballast_types::{Labels, parse_duration};

use crate::config::closest::closest;
use crate::config::context::Context;
use crate::config::map::{entries, report_repeated};
use crate::config::tree::{Content, Entry, Node};

/// A text as it stands.
pub(super) fn text(context: &Context<'_>, node: &Node) -> Option<String> {
    match &node.content {
        Content::Scalar(scalar) => Some(scalar.text.clone()),
        _ => {
            context.problem(node.at, format!("expected a single value, found {}", node.kind()));
            None
        }
    }
}

/// A text that may be left empty by writing nothing.
pub(super) fn text_or_empty(context: &Context<'_>, node: &Node) -> Option<String> {
    if node.content == Content::Null { Some(String::new()) } else { text(context, node) }
}

/// A text; never empty.
pub(super) fn filled(context: &Context<'_>, node: &Node) -> Option<String> {
    let value = text(context, node)?;
    if value.is_empty() {
        context.problem(node.at, "expected a text, found an empty one");
        return None;
    }
    Some(value)
}

/// A path, relative to the file's folder.
pub(super) fn path(context: &Context<'_>, node: &Node) -> Option<PathBuf> {
    filled(context, node).map(|path| context.path(&path))
}

/// What is never shown.
pub(super) fn secret(context: &Context<'_>, node: &Node) -> Option<Secret> {
    text(context, node).map(Secret::new)
}

/// A secret as such.
pub(super) fn inline(context: &Context<'_>, node: &Node) -> Option<Credential> {
    secret(context, node).map(Credential::Inline)
}

/// A secret in a file, which is read when it is needed.
pub(super) fn file(context: &Context<'_>, node: &Node) -> Option<Credential> {
    path(context, node).map(Credential::File)
}

/// `true` or `false`.
pub(super) fn truth(context: &Context<'_>, node: &Node) -> Option<bool> {
    let value = text(context, node)?;
    match value.as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => {
            context.problem(node.at, format!("expected true or false, found `{value}`"));
            None
        }
    }
}

/// A whole number; 0 stands for no limit where it is one.
pub(super) fn count(context: &Context<'_>, node: &Node) -> Option<usize> {
    let value = text(context, node)?;
    let number = value.parse().ok();
    if number.is_none() {
        context.problem(node.at, format!("expected a whole number, found `{value}`"));
    }
    number
}

/// A duration with its unit.
pub(super) fn duration(context: &Context<'_>, node: &Node) -> Option<Duration> {
    let value = text(context, node)?;
    let read = parse_duration(&value).ok();
    if read.is_none() {
        let help = "write it like 30s, 5m, 1h30m or 250ms";
        context.problem_with_help(node.at, format!("`{value}` is no duration"), help);
    }
    read
}

/// A duration longer than nothing.
pub(super) fn span(context: &Context<'_>, node: &Node) -> Option<Duration> {
    let value = duration(context, node)?;
    if value.is_zero() {
        context.problem(node.at, "expected a duration longer than zero");
        return None;
    }
    Some(value)
}

/// A size in bytes: `10MB` and `10MiB` are the same, as in Prometheus.
pub(super) fn size(context: &Context<'_>, node: &Node) -> Option<usize> {
    let value = text(context, node)?;
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => Some(0),
        "KB" | "KiB" | "K" => Some(10),
        "MB" | "MiB" | "M" => Some(20),
        "GB" | "GiB" | "G" => Some(30),
        "TB" | "TiB" | "T" => Some(40),
        _ => None,
    };
    let factor = shift.and_then(|shift| 1_usize.checked_shl(shift));
    let bytes =
        number.parse::<usize>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    if bytes.is_none() {
        context.problem(node.at, format!("expected a size like 10MB, found `{value}`"));
    }
    bytes
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(
    context: &Context<'_>,
    node: &Node,
    what: &str,
    known: &[(&str, T)],
) -> Option<T> {
    let value = text(context, node)?;
    let found = known.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        let help = match closest(&value, words.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("known are {}", words.join(", ")),
        };
        context.problem_with_help(node.at, format!("unknown {what} `{value}`"), help);
    }
    found
}

/// The entries of a list, read one by one; those that cannot be read are reported and left out.
pub(super) fn list<T>(
    each: impl Fn(&Context<'_>, &Node) -> Option<T>,
) -> impl Fn(&Context<'_>, &Node) -> Option<Vec<T>> {
    crate::config::value::list(each)
}

/// Labels of a group of targets: any name, any text.
pub(super) fn labels(context: &Context<'_>, node: &Node) -> Option<Labels> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    let pair = |entry: &Entry| {
        if entry.key.is_empty() {
            context.problem(entry.key_at, "a label's name cannot be empty");
        }
        Some((entry.key.clone(), text_or_empty(context, &entry.value)?))
    };
    Some(Labels::from_pairs(entries.iter().filter_map(pair)))
}
