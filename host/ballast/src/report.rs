//! How problems look at the edge: a line that editors understand, the source with the place marked, and what to do.
//!
//! On a terminal with colours and box characters; elsewhere in plain text, so that a log or a pipe stays readable.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;

use ballast_alerting::Problem;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode};

/// Lines are not broken: a place and what is wrong there stay together, for people's eyes as for grep.
const WIDTH: usize = 4096;

/// A problem with its weight.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// Whether it makes the check fail.
    pub(crate) is_error: bool,
    /// What and where.
    pub(crate) problem: Problem,
}

impl Finding {
    pub(crate) fn error(problem: Problem) -> Self {
        Finding { is_error: true, problem }
    }

    pub(crate) fn warning(problem: Problem) -> Self {
        Finding { is_error: false, problem }
    }
}

/// The texts of files by their names as problems give them.
pub(crate) type Sources = BTreeMap<String, String>;

/// All findings as text, each with its place in the source.
pub(crate) fn text(findings: &[Finding], sources: &Sources, theme: GraphicalTheme) -> String {
    let handler =
        GraphicalReportHandler::new_themed(theme).with_links(false).with_context_lines(1).with_width(WIDTH);
    let mut text = String::new();
    for finding in findings {
        let placed = Placed::new(finding, sources);
        if handler.render_report(&mut text, &placed).is_err() {
            // The handler gives up on a place that is not in the source.
            let _ = writeln!(text, "{}", finding.problem);
        }
    }
    text
}

/// One line of JSON: whether all is well, and every finding.
pub(crate) fn json(findings: &[Finding]) -> serde_json::Value {
    let finding = |finding: &Finding| {
        let Problem { file, line, column, message, help } = &finding.problem;
        let severity = if finding.is_error { "error" } else { "warning" };
        serde_json::json!({
            "severity": severity, "file": file, "line": line, "column": column, "message": message, "help": help,
        })
    };
    let is_ok = !findings.iter().any(|finding| finding.is_error);
    serde_json::json!({ "ok": is_ok, "findings": findings.iter().map(finding).collect::<Vec<_>>() })
}

/// Colours and box characters on a terminal that wants them, else plain text.
pub(crate) fn theme(output: &impl IsTerminal) -> GraphicalTheme {
    let is_plain =
        !output.is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_plain { plain() } else { GraphicalTheme::unicode() }
}

/// Plain text; the place is marked with `^`.
pub(crate) fn plain() -> GraphicalTheme {
    GraphicalTheme { styles: miette::ThemeStyles::none(), ..GraphicalTheme::ascii() }
}

/// A finding as miette wants it.
#[derive(Debug)]
struct Placed<'a> {
    finding: &'a Finding,
    source: Option<&'a String>,
    span: Option<(usize, usize)>,
}

impl<'a> Placed<'a> {
    fn new(finding: &'a Finding, sources: &'a Sources) -> Self {
        let source = sources.get(&finding.problem.file);
        let Problem { line, column, .. } = finding.problem;
        Placed { finding, source, span: source.and_then(|source| span(source, line, column)) }
    }
}

/// Byte offset and length of the word at a place.
fn span(source: &str, line: usize, column: usize) -> Option<(usize, usize)> {
    let start: usize = source.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let text = source.get(start..)?.lines().next().unwrap_or_default();
    let before: usize = text.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum();
    let rest = text.get(before..)?;
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest.get(1..)?.find(quote).map_or(rest.len(), |end| end + 2),
        _ if rest.starts_with("${") => rest.find('}').map_or(rest.len(), |end| end + 1),
        _ => rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']')).unwrap_or(rest.len()),
    };
    let length = match rest.get(..length)?.strip_suffix(':') {
        Some(key) => key.len(),
        None => length,
    };
    Some((start + before, length.max(usize::from(!rest.is_empty()))))
}

impl std::fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finding.problem.fmt(f)
    }
}

impl std::error::Error for Placed<'_> {}

impl Diagnostic for Placed<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(if self.finding.is_error { Severity::Error } else { Severity::Warning })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.finding.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.filter(|_| self.span.is_some()).map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (offset, length) = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, offset, length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_at_a_place_is_marked() {
        let source = "a: 1\nkey: \"a b\" # x\nlist: [ünï, ${X:-a b}]\n\n";
        for (line, column, expected) in
            [(1, 1, "a"), (2, 1, "key"), (2, 6, "\"a b\""), (3, 8, "ünï"), (3, 13, "${X:-a b}"), (4, 1, "")]
        {
            let (offset, length) = span(source, line, column).unwrap();
            assert_eq!(&source[offset..offset + length], expected, "{line}:{column}");
        }
        assert_eq!(span(source, 0, 1), None);
    }
}
