//! Why a call to the host failed. One type for everything that a plugin may return.

use std::fmt;

/// A result whose error is the contract's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. Each case carries what was attempted and why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The operator did not grant it.
    Denied(String),
    /// There is no such thing.
    NotFound(String),
    /// The request makes no sense.
    Invalid(String),
    /// What was asked does not answer.
    Unavailable(String),
    /// It took too long.
    TimedOut(String),
    /// It is not in the state that the request supposes.
    Conflict(String),
    /// A guard forbids it now: too many effects, a cool-down, an exhausted error budget.
    Refused(String),
    /// An effect's result was lost and nobody can tell whether it happened. Look at the world before going on.
    Uncertain(String),
}

impl Error {
    /// The case's name as the contract writes it, such as `not-found`.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Denied(_) => "denied",
            Error::NotFound(_) => "not-found",
            Error::Invalid(_) => "invalid",
            Error::Unavailable(_) => "unavailable",
            Error::TimedOut(_) => "timed-out",
            Error::Conflict(_) => "conflict",
            Error::Refused(_) => "refused",
            Error::Uncertain(_) => "uncertain",
        }
    }

    /// What was attempted and why it failed.
    pub fn text(&self) -> &str {
        match self {
            Error::Denied(text)
            | Error::NotFound(text)
            | Error::Invalid(text)
            | Error::Unavailable(text)
            | Error::TimedOut(text)
            | Error::Conflict(text)
            | Error::Refused(text)
            | Error::Uncertain(text) => text,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind(), self.text())
    }
}

impl std::error::Error for Error {}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Invalid(error.to_string())
    }
}
