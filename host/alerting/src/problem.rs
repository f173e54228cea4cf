//! A problem in a file that people write: where it is, what is wrong, and what to do about it. Positions count lines and
//! characters from 1, so that an editor jumps to them. Nothing here decides whether a problem is fatal.

use std::fmt;

/// A place in a text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Position {
    /// The first character of a text.
    pub const START: Position = Position { line: 1, column: 1 };
}

/// Something wrong in a file, at its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// The file as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What would mend it, where that is known.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    /// `file:line:col: message`, as compilers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Collects the problems of one file.
#[derive(Debug)]
pub(crate) struct Problems {
    file: String,
    found: Vec<Problem>,
}

impl Problems {
    pub(crate) fn of(file: &str) -> Self {
        Problems { file: file.to_owned(), found: Vec::new() }
    }

    pub(crate) fn add(&mut self, at: Position, message: impl Into<String>) {
        self.push(at, message.into(), None);
    }

    pub(crate) fn add_with_help(
        &mut self,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(at, message.into(), Some(help.into()));
    }

    fn push(&mut self, at: Position, message: String, help: Option<String>) {
        self.found.push(Problem { file: self.file.clone(), line: at.line, column: at.column, message, help });
    }

    /// How many were found so far.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// All of them in the order of their places.
    pub(crate) fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| (problem.line, problem.column));
        self.found
    }
}
