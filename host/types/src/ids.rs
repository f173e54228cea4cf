//! Typed identities. An id is never a bare string, so that one cannot be passed where another is meant.

use std::fmt;
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text that is already known to be such an id.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                $name(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

text_id! {
    /// A service's name, as the configuration gives it.
    ServiceName
}
text_id! {
    /// A plugin's name, as its `describe` gives it.
    PluginName
}
text_id! {
    /// SHA-256 of a component's bytes, in hexadecimal: what an execution is pinned to.
    Digest
}
text_id! {
    /// An incident, such as `INC-42`.
    IncidentId
}
text_id! {
    /// One run of a runbook or experiment, such as `EX-42`.
    ExecutionId
}
text_id! {
    /// A silence.
    SilenceId
}
text_id! {
    /// A rule by its content (name, expression, labels), not by its place: a rule that moves keeps its id.
    RuleId
}
text_id! {
    /// What makes an effect recognisable to a connector: the same key is the same effect.
    IdempotencyKey
}

impl IdempotencyKey {
    /// The key of one call of one execution.
    pub fn of(execution: &ExecutionId, sequence: u64) -> Self {
        IdempotencyKey::new(format!("{execution}-{sequence}"))
    }
}

/// Position of an event in the log; the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// Identity of a label set; stable over versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
