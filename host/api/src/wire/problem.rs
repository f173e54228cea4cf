//! The shape of a refusal: RFC 9457. Which refusal has which status is `crate::problem`'s.

use ballast_engine::Problem as RuleProblem;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem, as a URI that never changes: `urn:ballast:problem:not-found`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind in words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What was wrong this time.
    pub(crate) detail: String,
    /// What was wrong with which part of the request or of which file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ProblemError>,
}

/// One thing that is wrong, at its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct ProblemError {
    /// The key of the body, or the name of the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// The line of the body or file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// The column of the body or file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u32>,
    /// What is wrong.
    pub(crate) message: String,
    /// What would mend it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
}

impl ProblemError {
    /// Something wrong with one key or parameter.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        ProblemError { field: Some(field.into()), message: message.into(), ..Self::default() }
    }
}

impl From<&RuleProblem> for ProblemError {
    fn from(problem: &RuleProblem) -> Self {
        ProblemError {
            field: None,
            file: Some(problem.file.clone()),
            line: narrow(problem.line),
            column: narrow(problem.column),
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }
}

/// A file that was refused, without a place in it.
pub(crate) fn of_file(file: String, message: String) -> ProblemError {
    ProblemError { file: Some(file), message, ..ProblemError::default() }
}

/// A position in a text; one beyond four thousand million is left out.
pub(crate) fn narrow(position: usize) -> Option<u32> {
    u32::try_from(position).ok()
}
