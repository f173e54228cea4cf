//! What the host shows of how it was started, for people and for `promtool`: texts that nothing here reads.

use std::collections::BTreeMap;

/// How the host was started. Whoever makes it hides secrets first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The configuration in force, as YAML, secrets hidden.
    pub configuration: String,
    /// What was said on the command line, and what holds where nothing was.
    pub flags: BTreeMap<String, String>,
}
