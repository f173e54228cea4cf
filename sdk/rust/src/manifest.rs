//! What a plugin says of itself, and the pairs that the contract calls labels.

use crate::Capability;

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Label {
    /// A label.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Label { name: name.into(), value: value.into() }
    }
}

/// The value of the label of that name.
pub(crate) fn find<'a>(labels: &'a [Label], name: &str) -> Option<&'a str> {
    labels.iter().find(|label| label.name == name).map(|label| label.value.as_str())
}

/// A capability that a plugin asks for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The interface's name: `logs`, `services`, ...
    pub capability: String,
    /// What the plugin does with it, for the operator who grants it.
    pub reason: String,
}

impl Need {
    /// A need.
    pub fn new(capability: Capability, reason: impl Into<String>) -> Self {
        Need { capability: capability.name().to_owned(), reason: reason.into() }
    }
}

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Unique among the plugins of a host; lower case with hyphens.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of the parameters; empty where there are none.
    pub parameters_schema: String,
    /// Everything beyond `log` and `timer` that the plugin calls.
    pub needs: Vec<Need>,
}
