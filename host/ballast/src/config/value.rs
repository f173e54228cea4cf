//! Single values: numbers, ratios, durations, sizes, truth values, paths. Each reports what it cannot read at its place, with
//! what would be right.

use std::path::PathBuf;
use std::time::Duration;

use ballast_types::parse_duration;

use super::closest::closest;
use super::context::Context;
use super::text::text;
use super::tree::{Content, Node};

/// A text; never empty.
pub(super) fn filled(context: &Context<'_>, node: &Node) -> Option<String> {
    let value = text(context, node)?;
    if value.is_empty() {
        context.problem(node.at, "expected a text, found an empty one");
        return None;
    }
    Some(value)
}

/// A path, relative to the configuration's folder.
pub(super) fn path(context: &Context<'_>, node: &Node) -> Option<PathBuf> {
    filled(context, node).map(|path| context.path(&path))
}

/// A path that must lead to a folder.
pub(super) fn folder(context: &Context<'_>, node: &Node) -> Option<PathBuf> {
    let path = path(context, node)?;
    if path.is_dir() {
        return Some(path);
    }
    let message = if path.exists() { "is no folder" } else { "does not exist" };
    let help = "relative paths start at the configuration's folder";
    context.problem_with_help(node.at, format!("the folder {} {message}", path.display()), help);
    None
}

/// `true` or `false`.
pub(super) fn truth(context: &Context<'_>, node: &Node) -> Option<bool> {
    let value = text(context, node)?;
    let truth = match value.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    reported(context, node, truth, || format!("expected true or false, found `{value}`"))
}

/// A whole number of at least `least`.
pub(super) fn count(least: u32) -> impl Fn(&Context<'_>, &Node) -> Option<u32> {
    move |context, node| {
        let value = text(context, node)?;
        let number = value.parse().ok().filter(|n| *n >= least);
        reported(context, node, number, || {
            format!("expected a whole number of at least {least}, found `{value}`")
        })
    }
}

/// A share between 0 and 1; 1 included, 0 only with `zero`.
fn share(context: &Context<'_>, node: &Node, zero: bool) -> Option<f64> {
    let value = text(context, node)?;
    let Ok(number) = value.parse::<f64>() else {
        context.problem(node.at, format!("expected a number between 0 and 1, found `{value}`"));
        return None;
    };
    if number <= 1.0 && (number > 0.0 || (zero && number == 0.0)) {
        return Some(number);
    }
    let message = format!("expected a number between 0 and 1, found {number}");
    match number > 1.0 && number <= 100.0 {
        true => context.problem_with_help(
            node.at,
            message,
            format!("for {number} % write {}", (number * 10_000.0).round() / 1_000_000.0),
        ),
        false => context.problem(node.at, message),
    }
    None
}

/// A share of good events: more than 0, at most 1.
pub(super) fn availability(context: &Context<'_>, node: &Node) -> Option<f64> {
    share(context, node, false)
}

/// A share of bad events: at least 0, at most 1.
pub(super) fn error_rate(context: &Context<'_>, node: &Node) -> Option<f64> {
    share(context, node, true)
}

/// A duration: a bare number is milliseconds, else as in `30s`, `5m`, `1h30m`.
pub(super) fn duration(context: &Context<'_>, node: &Node) -> Option<Duration> {
    let value = text(context, node)?;
    let read = match value.parse::<u64>() {
        Ok(millis) => Some(Duration::from_millis(millis)),
        Err(_) => parse_duration(&value).ok(),
    };
    if read.is_none() {
        let message = format!("`{value}` is no duration");
        context.problem_with_help(
            node.at,
            message,
            "write it like 30s, 5m, 1h30m or 250ms; a bare number is milliseconds",
        );
    }
    read
}

/// A duration longer than nothing.
pub(super) fn span(context: &Context<'_>, node: &Node) -> Option<Duration> {
    let value = duration(context, node)?;
    reported(context, node, Some(value).filter(|value| !value.is_zero()), || {
        "expected a duration longer than zero".to_owned()
    })
}

/// A size in bytes: a bare number, or with KiB, MiB or GiB.
pub(super) fn size(context: &Context<'_>, node: &Node) -> Option<usize> {
    let value = text(context, node)?;
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let parted = units
        .iter()
        .find_map(|(unit, factor)| value.strip_suffix(unit).map(|number| (number.trim(), *factor)));
    let (number, factor) = parted.unwrap_or((value.as_str(), 1_usize));
    let bytes =
        number.parse::<usize>().ok().and_then(|number| number.checked_mul(factor)).filter(|bytes| *bytes > 0);
    reported(context, node, bytes, || {
        format!("expected a size like 64MiB or a number of bytes, found `{value}`")
    })
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
    move |context, node| {
        let Content::List(items) = &node.content else {
            context.problem(node.at, format!("expected a list, found {}", node.kind()));
            return None;
        };
        Some(items.iter().filter_map(|item| each(context, item)).collect())
    }
}

fn reported<T>(
    context: &Context<'_>,
    node: &Node,
    value: Option<T>,
    message: impl FnOnce() -> String,
) -> Option<T> {
    if value.is_none() {
        context.problem(node.at, message());
    }
    value
}
