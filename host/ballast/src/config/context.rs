//! What reading a configuration needs beside the tree: where problems are collected, where relative paths start, and what
//! the environment holds. Nothing is read from the process here: the environment is a parameter.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use ballast_alerting::{Position, Problem};

use super::tree::{Node, Scalar};

/// A look into the environment.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One reading of one file.
pub(super) struct Context<'a> {
    file: String,
    source: &'a str,
    folder: PathBuf,
    environment: Environment<'a>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(file: &Path, source: &'a str, environment: Environment<'a>) -> Self {
        Context {
            file: file.display().to_string(),
            source,
            folder: file.parent().map(Path::to_owned).unwrap_or_default(),
            environment,
            problems: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// The file's name.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Notes what makes the file unusable.
    pub(super) fn problem(&self, at: Position, message: impl Into<String>) {
        self.problems.borrow_mut().push(self.at(at, message.into(), None));
    }

    /// Notes what makes the file unusable, and what would mend it.
    pub(super) fn problem_with_help(
        &self,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(self.at(at, message.into(), Some(help.into())));
    }

    /// Notes what is odd, but works.
    pub(super) fn warning(&self, at: Position, message: impl Into<String>, help: impl Into<String>) {
        self.warnings.borrow_mut().push(self.at(at, message.into(), Some(help.into())));
    }

    fn at(&self, at: Position, message: String, help: Option<String>) -> Problem {
        Problem { file: self.file.clone(), line: at.line, column: at.column, message, help }
    }

    /// Problems and warnings in the order of their places.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        let sorted = |found: RefCell<Vec<Problem>>| {
            let mut found = found.into_inner();
            found.sort_by_key(|problem| (problem.line, problem.column));
            found
        };
        (sorted(self.problems), sorted(self.warnings))
    }

    /// A path of the file, made relative to the file's folder.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// A variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    /// Where in a scalar a piece of its text is written; the scalar's own place where the two do not correspond.
    pub(super) fn place_of(&self, node: &Node, scalar: &Scalar, piece: &str) -> Position {
        let rest = self.source.get(scalar.offset..).unwrap_or_default();
        let Some(before) = rest.find(piece).and_then(|index| rest.get(..index)) else { return node.at };
        let column_from = before.rfind('\n').map_or(node.at.column, |_| 1);
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        let line = node.at.line + before.matches('\n').count();
        Position { line, column: column_from + last_line.chars().count() }
    }
}
