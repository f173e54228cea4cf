//! What a regular expression says without being run: that it is a choice of fixed texts, or how every match begins.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor};

/// More texts than this are not worth a lookup each.
const LITERALS_MAX: usize = 1024;

/// What is known of the texts that a pattern matches as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Exactly these.
    Literals(Vec<String>),
    /// They all begin so; the text may be empty.
    Prefix(String),
}

/// The shape of an anchored pattern.
pub(super) fn shape(pattern: &str) -> Shape {
    if is_plain(pattern) {
        return Shape::Literals(sorted(pattern.split('|').map(str::to_owned).collect()));
    }
    let start = pattern.strip_suffix(".*").or_else(|| pattern.strip_suffix(".+"));
    match start.filter(|start| is_plain(start) && !start.contains('|')) {
        Some(start) => Shape::Prefix(start.to_owned()),
        None => parsed(pattern).unwrap_or_else(|| Shape::Prefix(String::new())),
    }
}

/// Whether nothing but `|` means anything but itself; most patterns are, and need no parser.
fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$'])
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn parsed(pattern: &str) -> Option<Shape> {
    let hir = ParserBuilder::new().dot_matches_new_line(true).build().parse(pattern).ok()?;
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_total(LITERALS_MAX).limit_literal_len(4096);
    let found = extractor.extract(&hir);
    // An assertion counts as the empty text, which is less than it says.
    if found.is_exact() && hir.properties().look_set().is_empty() {
        let texts = found.literals()?.iter().map(|literal| text(literal.as_bytes()));
        return Some(Shape::Literals(sorted(texts.collect::<Option<_>>()?)));
    }
    let prefix = found.longest_common_prefix()?;
    Some(Shape::Prefix(String::from_utf8_lossy(whole_chars(prefix)).into_owned()))
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

/// The bytes up to the last whole character.
fn whole_chars(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(error) => bytes.get(..error.valid_up_to()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a|b|c", &["a", "b", "c"])]
    #[case("api", &["api"])]
    #[case("5(00|03)", &["500", "503"])]
    #[case("(?i)ab", &["AB", "Ab", "aB", "ab"])]
    #[case("x?", &["", "x"])]
    #[case("", &[""])]
    #[case("|b|a|b", &["", "a", "b"])]
    #[case("a(b|c)|d", &["ab", "ac", "d"])]
    #[case(r"a\.b|é", &["a.b", "é"])]
    fn a_choice_of_texts_is_known(#[case] pattern: &str, #[case] expected: &[&str]) {
        let expected = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(shape(pattern), Shape::Literals(expected));
    }

    #[rstest]
    #[case("api-.*", "api-")]
    #[case("ap+", "ap")]
    #[case("(api|app).+", "ap")]
    #[case(".*", "")]
    #[case("a|b.*", "")]
    #[case(r"a\.b.+", "a.b")]
    #[case("5..", "5")]
    #[case("^api$", "api")]
    #[case("[éè].*", "")]
    #[case("(", "")]
    fn else_only_how_it_begins(#[case] pattern: &str, #[case] prefix: &str) {
        assert_eq!(shape(pattern), Shape::Prefix(prefix.to_owned()));
    }
}
