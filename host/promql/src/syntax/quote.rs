//! Strings as Go writes and reads them: what PromQL's quotes mean, and how a string is shown in canonical text.
//!
//! Invariant: `unquote(quote(x)) == x` for all bytes.

use std::fmt::Write;

/// Shows bytes in double quotes; what cannot be seen is escaped, what is no UTF-8 becomes `\x..`.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len() + 2);
    shown.push('"');
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_escaped(&mut shown, c));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown.push('"');
    shown
}

fn push_escaped(shown: &mut String, c: char) {
    let named = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        c if is_visible(c) => return shown.push(c),
        _ => "",
    };
    // Writing into a string cannot fail.
    let _ = match (named, u32::from(c)) {
        ("", code) if code < 0x20 || code == 0x7f => write!(shown, "\\x{code:02x}"),
        ("", code) if code < 0x1_0000 => write!(shown, "\\u{code:04x}"),
        ("", code) => write!(shown, "\\U{code:08x}"),
        (named, _) => write!(shown, "{named}"),
    };
}

/// Whether a character is shown as itself. The standard library knows which can be printed; it is asked behind a letter,
/// since it escapes a combining mark only where nothing stands before it.
fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    let mut text = String::from("a");
    text.push(c);
    text.escape_debug().nth(1) != Some('\\')
}

/// The bytes that a quoted string stands for: `"` and `'` with Go's escapes, or a backtick without any.
/// An error says what is wrong and how many bytes into the text.
pub(crate) fn unquote(quoted: &str) -> Result<Vec<u8>, (usize, String)> {
    let mut chars = quoted.char_indices();
    let open = match chars.next() {
        Some((_, open @ ('"' | '\'' | '`'))) => open,
        _ => return Err((0, "a string opens with a quote".to_owned())),
    };
    let mut bytes = Vec::with_capacity(quoted.len());
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == open => return Ok(bytes),
            '\n' if open != '`' => return Err((0, "unterminated quoted string".to_owned())),
            '\\' if open != '`' => escape(&mut chars, open, &mut bytes).map_err(|message| (at, message))?,
            c => push_char(&mut bytes, c),
        }
    }
    let kind = if open == '`' { "raw" } else { "quoted" };
    Err((0, format!("unterminated {kind} string")))
}

/// Reads what stands behind a backslash.
fn escape(chars: &mut std::str::CharIndices<'_>, open: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let Some((_, c)) = chars.next() else {
        return Err("escape sequence not terminated".to_owned());
    };
    let byte = match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        '"' | '\'' if c == open => c as u8,
        '0'..='7' => return octal(chars, c, bytes),
        'x' => u8::try_from(digits(chars, 2)?).unwrap_or(u8::MAX),
        'u' | 'U' => return unicode(digits(chars, if c == 'u' { 4 } else { 8 })?, bytes),
        other => return Err(format!("unknown escape sequence U+{:04X} '{other}'", u32::from(other))),
    };
    bytes.push(byte);
    Ok(())
}

fn octal(chars: &mut std::str::CharIndices<'_>, first: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let mut value = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        value = value * 8 + digit(chars, 8)?;
    }
    bytes.push(u8::try_from(value).map_err(|_| INVALID_POINT.to_owned())?);
    Ok(())
}

const INVALID_POINT: &str = "escape sequence is an invalid Unicode code point";

fn unicode(value: u32, bytes: &mut Vec<u8>) -> Result<(), String> {
    push_char(bytes, char::from_u32(value).ok_or(INVALID_POINT)?);
    Ok(())
}

fn digits(chars: &mut std::str::CharIndices<'_>, count: usize) -> Result<u32, String> {
    (0..count).try_fold(0u32, |value, _| Ok(value.wrapping_mul(16) | digit(chars, 16)?))
}

fn digit(chars: &mut std::str::CharIndices<'_>, radix: u32) -> Result<u32, String> {
    let (_, c) = chars.next().ok_or("escape sequence not terminated")?;
    c.to_digit(radix)
        .ok_or_else(|| format!("illegal character U+{:04X} '{c}' in escape sequence", u32::from(c)))
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#""a\n\t\\\"'""#, b"a\n\t\\\"'")]
    #[case(r#"'\'"'"#, b"'\"")]
    #[case(r"`\n`", b"\\n")]
    #[case(r#""\xff\101\u00e9\U0001F600""#, b"\xffA\xc3\xa9\xf0\x9f\x98\x80")]
    #[case("`a\nb`", b"a\nb")]
    fn escapes_are_those_of_go(#[case] quoted: &str, #[case] bytes: &[u8]) {
        assert_eq!(unquote(quoted).unwrap(), bytes);
    }

    #[rstest]
    #[case(r#""\q""#, 1, "unknown escape sequence U+0071 'q'")]
    #[case(r#""\'""#, 1, "unknown escape sequence U+0027 '''")]
    #[case(r#""a\xg0""#, 2, "illegal character U+0067 'g' in escape sequence")]
    #[case(r#""\ud800""#, 1, "escape sequence is an invalid Unicode code point")]
    #[case(r#""\400""#, 1, "escape sequence is an invalid Unicode code point")]
    #[case(r#""\x4"#, 1, "escape sequence not terminated")]
    #[case("\"a", 0, "unterminated quoted string")]
    #[case("\"a\nb\"", 0, "unterminated quoted string")]
    #[case("`a", 0, "unterminated raw string")]
    fn what_go_refuses_is_refused(#[case] quoted: &str, #[case] at: usize, #[case] message: &str) {
        assert_eq!(unquote(quoted), Err((at, message.to_owned())));
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let shown = quote("é\u{200b}\u{301}\u{e000}\u{f0000}\u{1}\u{7f} \"".as_bytes());
        assert_eq!(shown, "\"é\\u200b\u{301}\\ue000\\U000f0000\\x01\\x7f \\\"\"");
        assert_eq!(quote(b"a\xc5z"), r#""a\xc5z""#);
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(unquote(&quote(&bytes)).unwrap(), bytes);
        }
    }
}
