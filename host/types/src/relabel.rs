//! Relabelling: rules that rewrite, keep or drop label sets, as Prometheus's configuration writes them. The same rules work on
//! targets and on series.
//!
//! Invariant: a rule that checked applies to any labels without failing; what it cannot do it leaves as it was.

mod apply;
mod builder;
mod check;
mod md5;

use regex::Regex;

pub use apply::apply;
pub use builder::LabelsBuilder;
pub use check::{InvalidRule, anchored};

/// The pattern where none is given, anchored: anything.
pub(crate) const DEFAULT_REGEX: &str = "^(?s:(.*))$";

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelabelAction {
    /// Writes the replacement to the target label where the pattern matches.
    Replace,
    /// Keeps only what the pattern matches.
    Keep,
    /// Drops what the pattern matches.
    Drop,
    /// Keeps only what has the same text in the source labels and in the target label.
    KeepEqual,
    /// Drops what has the same text in both.
    DropEqual,
    /// Writes a hash of the source labels, modulo a number, to the target label.
    HashMod,
    /// Copies the labels whose names the pattern matches to the replacement's names.
    LabelMap,
    /// Removes the labels whose names the pattern matches.
    LabelDrop,
    /// Removes the labels whose names the pattern does not match.
    LabelKeep,
    /// Writes the source labels in lower case.
    Lowercase,
    /// Writes the source labels in upper case.
    Uppercase,
}

impl RelabelAction {
    /// Every action.
    pub const ALL: [RelabelAction; 11] = [
        RelabelAction::Replace,
        RelabelAction::Keep,
        RelabelAction::Drop,
        RelabelAction::KeepEqual,
        RelabelAction::DropEqual,
        RelabelAction::HashMod,
        RelabelAction::LabelMap,
        RelabelAction::LabelDrop,
        RelabelAction::LabelKeep,
        RelabelAction::Lowercase,
        RelabelAction::Uppercase,
    ];

    /// As a configuration names it.
    pub fn as_str(self) -> &'static str {
        match self {
            RelabelAction::Replace => "replace",
            RelabelAction::Keep => "keep",
            RelabelAction::Drop => "drop",
            RelabelAction::KeepEqual => "keepequal",
            RelabelAction::DropEqual => "dropequal",
            RelabelAction::HashMod => "hashmod",
            RelabelAction::LabelMap => "labelmap",
            RelabelAction::LabelDrop => "labeldrop",
            RelabelAction::LabelKeep => "labelkeep",
            RelabelAction::Lowercase => "lowercase",
            RelabelAction::Uppercase => "uppercase",
        }
    }
}

/// One rule, checked.
#[derive(Clone, Debug)]
pub struct RelabelRule {
    /// Whose values are joined.
    pub source_labels: Vec<String>,
    /// By what.
    pub separator: String,
    /// Anchored at both ends.
    pub regex: Regex,
    /// For [`RelabelAction::HashMod`].
    pub modulus: u64,
    /// Where the result goes; may refer to groups of the pattern.
    pub target_label: String,
    /// What is written; may refer to groups of the pattern.
    pub replacement: String,
    /// What is done.
    pub action: RelabelAction,
}

impl PartialEq for RelabelRule {
    fn eq(&self, other: &Self) -> bool {
        let key = |rule: &Self| {
            (rule.source_labels.clone(), rule.separator.clone(), rule.regex.as_str().to_owned(), rule.modulus)
        };
        key(self) == key(other)
            && self.target_label == other.target_label
            && self.replacement == other.replacement
            && self.action == other.action
    }
}

impl RelabelRule {
    /// A rule of that action with what holds where nothing is said; not checked yet.
    ///
    /// # Errors
    /// Never in practice: the pattern is a constant.
    pub fn new(action: RelabelAction) -> Result<Self, InvalidRule> {
        Ok(RelabelRule {
            source_labels: Vec::new(),
            separator: ";".to_owned(),
            regex: anchored("(.*)")?,
            modulus: 0,
            target_label: String::new(),
            replacement: "$1".to_owned(),
            action,
        })
    }

    /// Whether target or replacement may refer to groups of the pattern.
    fn has_groups(&self) -> bool {
        self.target_label.contains('$') || self.replacement.contains('$')
    }
}

#[cfg(test)]
mod tests;
