//! Annotations: what an evaluation has to say about a result that it gives all the same.
//!
//! A warning says that the result may be wrong, an info that the query may not be what was meant. Each text is kept once.

use std::collections::BTreeSet;

/// The annotations of one evaluation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    warnings: BTreeSet<String>,
    infos: BTreeSet<String>,
}

impl Notes {
    /// Notes that the result may be wrong. The text begins after `PromQL warning: `.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.insert(format!("PromQL warning: {}", text.into()));
    }

    /// Notes that the query may not be what was meant. The text begins after `PromQL info: `.
    pub fn info(&mut self, text: impl Into<String>) {
        self.infos.insert(format!("PromQL info: {}", text.into()));
    }

    /// Takes over the annotations of a part.
    pub fn merge(&mut self, other: &Notes) {
        self.warnings.extend(other.warnings.iter().cloned());
        self.infos.extend(other.infos.iter().cloned());
    }

    /// The warnings, each once.
    pub fn warnings(&self) -> impl ExactSizeIterator<Item = &str> {
        self.warnings.iter().map(String::as_str)
    }

    /// The infos, each once.
    pub fn infos(&self) -> impl ExactSizeIterator<Item = &str> {
        self.infos.iter().map(String::as_str)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.infos.is_empty()
    }
}
