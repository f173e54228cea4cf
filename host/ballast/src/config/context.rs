//! What reading a configuration needs beside the tree: where problems are collected, where relative paths start, and what
//! the environment holds. Nothing is read from the process here: the environment is a parameter.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use ballast_alerting::{Position, Problem};
use ballast_promql::syntax::Features;

use super::tree::{Node, Scalar};

/// A look into the environment.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One reading of one file.
pub(super) struct Context<'a> {
    file: String,
    source: &'a str,
    folder: PathBuf,
    environment: Environment<'a>,
    /// The experimental parts of PromQL that expressions may use; read before any expression is.
    pub(super) features: Cell<Features>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    /// Name and text of the files that were read besides.
    included: RefCell<Vec<(String, String)>>,
}

/// What came of reading, in the order of the places; the file itself before those that it includes.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) included: Vec<(String, String)>,
}

impl<'a> Context<'a> {
    pub(super) fn new(file: &Path, source: &'a str, environment: Environment<'a>) -> Self {
        Context {
            file: file.display().to_string(),
            source,
            folder: file.parent().map(Path::to_owned).unwrap_or_default(),
            environment,
            features: Cell::default(),
            problems: RefCell::default(),
            warnings: RefCell::default(),
            included: RefCell::default(),
        }
    }

    /// The reading of another file, with the same environment.
    pub(super) fn included<'b>(&self, file: &Path, source: &'b str) -> Context<'b>
    where
        'a: 'b,
    {
        Context::new(file, source, self.environment)
    }

    /// Takes over what the reading of another file found.
    pub(super) fn absorb(&self, other: Context<'_>) {
        self.included.borrow_mut().push((other.file.clone(), other.source.to_owned()));
        let Findings { problems, warnings, included } = other.finish();
        self.problems.borrow_mut().extend(problems);
        self.warnings.borrow_mut().extend(warnings);
        self.included.borrow_mut().extend(included);
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

    /// All that was found.
    pub(super) fn finish(self) -> Findings {
        let sorted = |found: RefCell<Vec<Problem>>| {
            let mut found = found.into_inner();
            let place = |p: &Problem| (p.file != self.file, p.file.clone(), p.line, p.column);
            found.sort_by_key(place);
            found
        };
        Findings {
            problems: sorted(self.problems),
            warnings: sorted(self.warnings),
            included: self.included.into_inner(),
        }
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

    /// Where a piece of text is written, from a place on; that place itself where it is not.
    pub(super) fn place_in(&self, from: Position, piece: &str) -> Position {
        let lines = self.source.lines().enumerate().skip(from.line.saturating_sub(1));
        let mut found = lines.filter_map(|(index, line)| {
            let before = line.get(..line.find(piece)?)?;
            Some(Position { line: index + 1, column: before.chars().count() + 1 })
        });
        found.next().unwrap_or(from)
    }
}
