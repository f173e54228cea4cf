//! Relabelling: rules that rewrite, keep or drop label sets, as Prometheus's configuration writes them.

use regex::Regex;

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
