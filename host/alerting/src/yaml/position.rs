//! Where a character of a scalar's text is written in the file. A scalar's text is not its source: blocks lose their
//! indentation, quotes their escapes, folded lines their breaks. The two are walked side by side; where they cannot be
//! brought together the scalar's own place is given, so a position is never further off than its scalar.

use crate::problem::Position;

/// How many characters of indentation are looked through beyond what the text's length suggests.
const INDENTATION_SLACK: usize = 4096;

/// One character that the source spells, and where the spelling starts.
struct Unit {
    at: Position,
    char: char,
}

/// Where the character at `index` of `text` is written, for a scalar whose source starts at byte `offset`.
pub(super) fn in_scalar(source: &str, offset: usize, start: Position, text: &str, index: usize) -> Position {
    let Some(rest) = source.get(offset..) else { return start };
    let units = match rest.chars().next() {
        Some('"') if !is_block(source, offset) => double_quoted(rest, start),
        Some('\'') if !is_block(source, offset) => single_quoted(rest, start),
        _ => unquoted(rest, start, text.len()),
    };
    align(&units, text, index).unwrap_or(start)
}

/// Walks both until `index`; white space may differ, since folding turns a break and an indentation into one blank.
fn align(units: &[Unit], text: &str, index: usize) -> Option<Position> {
    let mut next = 0;
    let mut last = units.first()?.at;
    for (at_index, char) in text.chars().enumerate() {
        while units.get(next).is_some_and(|unit| unit.char != char && unit.char.is_whitespace()) {
            next += 1;
        }
        let Some(unit) = units.get(next) else { break };
        last = unit.at;
        if at_index == index {
            return Some(last);
        }
        if unit.char == char {
            next += 1;
        } else if !char.is_whitespace() {
            return None;
        }
    }
    // Past the end: where the next character would be.
    Some(units.get(next).map_or(Position { column: last.column + 1, ..last }, |unit| unit.at))
}

/// Whether a scalar that starts at `offset` is the content of a block: the line with text before it ends with a header.
fn is_block(source: &str, offset: usize) -> bool {
    let Some(before) = source.get(..offset) else { return false };
    let Some((lines, "")) = before.rsplit_once('\n').map(|(lines, indentation)| (lines, indentation.trim()))
    else {
        return false;
    };
    let header = lines.trim_end().rsplit('\n').next().unwrap_or_default();
    let header = header.split(" #").next().unwrap_or_default().trim_end();
    header.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')).ends_with(['|', '>'])
}

/// The characters of `source` with their places.
fn placed(source: &str, start: Position) -> impl Iterator<Item = Unit> + '_ {
    let mut at = start;
    source.chars().map(move |char| {
        let unit = Unit { at, char };
        at = match char {
            '\n' => Position { line: at.line + 1, column: 1 },
            _ => Position { column: at.column + 1, ..at },
        };
        unit
    })
}

/// A plain scalar or a block, from its first character on. It ends somewhere; what follows it does no harm, since
/// alignment stops at the text's end.
fn unquoted(rest: &str, start: Position, text_bytes: usize) -> Vec<Unit> {
    placed(rest, start).take(text_bytes.saturating_mul(8).saturating_add(INDENTATION_SLACK)).collect()
}

fn single_quoted(rest: &str, start: Position) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut source = placed(rest, start).skip(1).peekable();
    while let Some(unit) = source.next() {
        if unit.char == '\'' && source.next_if(|next| next.char == '\'').is_none() {
            units.push(unit);
            break;
        }
        units.push(unit);
    }
    units
}

fn double_quoted(rest: &str, start: Position) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut source = placed(rest, start).skip(1).peekable();
    while let Some(unit) = source.next() {
        match unit.char {
            '"' => {
                units.push(unit);
                break;
            }
            '\\' => {
                let Some(escaped) = source.next() else { break };
                if escaped.char == '\n' {
                    // An escaped line break joins the lines and eats the indentation.
                    while source.next_if(|next| matches!(next.char, ' ' | '\t')).is_some() {}
                    continue;
                }
                let digits = match escaped.char {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                let code: String = source.by_ref().take(digits).map(|digit| digit.char).collect();
                units.push(Unit { at: unit.at, char: unescaped(escaped.char, &code) });
            }
            _ => units.push(unit),
        }
    }
    units
}

fn unescaped(escape: char, code: &str) -> char {
    match escape {
        'n' => '\n',
        't' | '\t' => '\t',
        'r' => '\r',
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' | 'u' | 'U' => u32::from_str_radix(code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::node::{Content, parse};

    /// Finds `!` in the value of the only key, and checks that its place in the file really shows a `!`.
    #[rstest]
    #[case::plain("expr: up + !x")]
    #[case::plain_over_lines("expr: up +\n  down\n    + !x\nnext: 1")]
    #[case::single("expr: 'it''s !x'")]
    #[case::single_over_lines("expr: 'a\n   b\n\n   c !'")]
    #[case::double(r#"expr: "a\n\"b\" \x41\u00e9 !x""#)]
    #[case::double_over_lines("expr: \"(\\n  a{b=\\\"c\\\",d!=\\\"\\\n    \\\"} * 3\\n)\\n\"")]
    #[case::literal("expr: |\n  sum(a)\n    /\n\n  sum(!b)\n")]
    #[case::literal_with_indicator("expr: |2-\n    sum(a)\n  sum(!b)\n")]
    #[case::folded("expr: >-\n  sum(a)\n    /\n\n  sum(b)\n  + !c\n")]
    #[case::anchored("expr: &x |\n  a\n  !b\n")]
    #[case::wide("expr: |\n  \"ünï\" !b\n")]
    #[case::carriage_returns("expr: |\r\n  a\r\n  !b\r\n")]
    fn a_character_is_found_in_the_source(#[case] source: &str) {
        let tree = parse(source).unwrap();
        let Content::Map(entries) = &tree.content else { panic!("{tree:?}") };
        let Content::Scalar(scalar) = &entries[0].value.content else { panic!("{tree:?}") };
        let index = scalar.text.chars().position(|c| c == '!').unwrap();
        let at = scalar.position_of(source, index);
        let line = source.split('\n').nth(at.line - 1).unwrap();
        assert_eq!(line.chars().nth(at.column - 1), Some('!'), "{at:?} in {source:?}");
        scalar.position_of(source, 10_000);
    }
}
