//! Why a text is no expression, and where. Inside the parser a place is a byte; a reader gets a line and a column.
//!
//! Invariant: the place lies within the text, at most one past its end.

/// Why a text is no expression, and where; line and column count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse the expression at {line}:{column}: {message}")]
pub struct ParseError {
    /// Line within the expression's text, from 1.
    pub line: usize,
    /// Column within the line, in characters, from 1.
    pub column: usize,
    /// What is wrong, in words.
    pub message: String,
}

/// An error as the parser knows it: the byte it is about, and the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

/// What a piece of the parser yields.
pub(super) type Parsed<T> = Result<T, Fault>;

impl Fault {
    /// A fault about the byte.
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Fault { at, message: message.into() }
    }

    /// The same with line and column.
    pub(super) fn placed_in(self, text: &str) -> ParseError {
        let mut end = self.at.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        ParseError { line: before.matches('\n').count() + 1, column, message: self.message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines_from_one() {
        let place = |at| {
            let error = Fault::new(at, "").placed_in("é+\n ü");
            (error.line, error.column)
        };
        assert_eq!([place(0), place(2), place(4), place(5)], [(1, 1), (1, 2), (2, 1), (2, 2)]);
        assert_eq!((place(6), place(99)), ((2, 2), (2, 3)), "within a character, and beyond the end");
    }
}
