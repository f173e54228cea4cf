//! Annotations: what an evaluation has to say about a result that it gives all the same.
//!
//! A warning says that the result may be wrong, an info that the query may not be what was meant. Each text is kept once,
//! with one place in the query where it arose. What the texts are lies in [`wording`].

#[allow(
    dead_code,
    reason = "some are for native histograms and typed metrics, which evaluation does not know yet"
)]
pub(crate) mod wording;

use std::collections::BTreeMap;

/// The annotations of one evaluation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    warnings: BTreeMap<String, Option<usize>>,
    infos: BTreeMap<String, Option<usize>>,
}

impl Notes {
    /// Notes that the result may be wrong. The text begins after `PromQL warning: `.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warn_at(None, text);
    }

    /// Notes that the query may not be what was meant. The text begins after `PromQL info: `.
    pub fn info(&mut self, text: impl Into<String>) {
        self.info_at(None, text);
    }

    /// As [`Notes::warn`], with the byte of the query where it arose.
    pub fn warn_at(&mut self, place: Option<usize>, text: impl Into<String>) {
        self.warnings.insert(format!("PromQL warning: {}", text.into()), place);
    }

    /// As [`Notes::info`], with the byte of the query where it arose.
    pub fn info_at(&mut self, place: Option<usize>, text: impl Into<String>) {
        self.infos.insert(format!("PromQL info: {}", text.into()), place);
    }

    /// Takes over the annotations of a part.
    pub fn merge(&mut self, other: &Notes) {
        self.warnings.extend(other.warnings.iter().map(|(text, place)| (text.clone(), *place)));
        self.infos.extend(other.infos.iter().map(|(text, place)| (text.clone(), *place)));
    }

    /// The same with other places.
    pub(crate) fn placed_by(&self, place: impl Fn(usize) -> Option<usize>) -> Notes {
        let moved = |notes: &BTreeMap<String, Option<usize>>| {
            notes.iter().map(|(text, at)| (text.clone(), at.and_then(&place))).collect()
        };
        Notes { warnings: moved(&self.warnings), infos: moved(&self.infos) }
    }

    /// The warnings, each once.
    pub fn warnings(&self) -> impl ExactSizeIterator<Item = &str> {
        self.warnings.keys().map(String::as_str)
    }

    /// The infos, each once.
    pub fn infos(&self) -> impl ExactSizeIterator<Item = &str> {
        self.infos.keys().map(String::as_str)
    }

    /// The warnings with their line and column in the query, as Prometheus's API shows them; beyond `max` only counted.
    pub fn placed_warnings(&self, query: &str, max: usize) -> Vec<String> {
        placed(&self.warnings, query, max, "warning")
    }

    /// The infos with their line and column in the query, as Prometheus's API shows them; beyond `max` only counted.
    pub fn placed_infos(&self, query: &str, max: usize) -> Vec<String> {
        placed(&self.infos, query, max, "info")
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.infos.is_empty()
    }
}

fn placed(notes: &BTreeMap<String, Option<usize>>, query: &str, max: usize, kind: &str) -> Vec<String> {
    let shown = |(text, place): (&String, &Option<usize>)| match place {
        Some(place) => format!("{text} ({})", line_and_column(query, *place)),
        None => text.clone(),
    };
    let mut texts: Vec<String> = notes.iter().take(max).map(shown).collect();
    let omitted = notes.len().saturating_sub(max);
    if omitted > 0 {
        texts.push(format!("{omitted} more {kind} annotations omitted"));
    }
    texts
}

/// Both from 1; the column in bytes.
fn line_and_column(query: &str, place: usize) -> String {
    let before = query.as_bytes().get(..place).unwrap_or(query.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    format!("{line}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_kept_once_and_shown_with_their_place() {
        let mut notes = Notes::default();
        notes.warn_at(Some(7), "a");
        notes.warn_at(Some(7), "a");
        notes.warn("b");
        notes.info_at(Some(2), "c");
        assert_eq!(notes.warnings().collect::<Vec<_>>(), ["PromQL warning: a", "PromQL warning: b"]);
        assert_eq!(notes.placed_warnings("sum(\nx)", 10), ["PromQL warning: a (2:3)", "PromQL warning: b"]);
        assert_eq!(notes.placed_warnings("", 1).last().unwrap(), "1 more warning annotations omitted");
        assert_eq!(notes.placed_infos("sum(x)", 10), ["PromQL info: c (1:3)"]);
    }
}
