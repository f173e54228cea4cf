//! Regular expressions as RE2 reads them, for the regex crate: the two differ in what is a literal and in what a class holds.
//!
//! Not translated: `\B`, which stays Unicode-aware. Invariant: what comes out matches what RE2 would match, or is refused.

use std::str::Chars;

use ballast_types::{MatchOp, Matcher};

use super::regex_classes::UNICODE_CLASS_SIZE;
use super::regex_size::Size;

/// Most repetitions that RE2 allows.
const REPEAT_MAX: u32 = 1000;

/// Makes a matcher whose pattern, if it has one, is read as RE2 would. The size of the pattern with its repetitions written
/// out is taken from what is left: a short text can stand for an automaton of any size.
pub(super) fn matcher(name: String, op: MatchOp, value: String, left: &mut u64) -> Result<Matcher, String> {
    if !matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
        return Matcher::new(name, op, value).map_err(|error| error.to_string());
    }
    let refused = |reason: &str| format!("error parsing regexp: {reason}");
    let (pattern, size) = translate(&value).map_err(|reason| refused(&reason))?;
    *left = left.checked_sub(size).ok_or_else(|| refused("expression too large"))?;
    Matcher::translated(name, op, value, &pattern).map_err(|error| {
        let reason = error.reason.rsplit("error: ").next().unwrap_or_default().trim().to_owned();
        refused(&format!("{reason}: `{}`", error.pattern))
    })
}

/// The same pattern for the regex crate, and its size.
fn translate(pattern: &str) -> Result<(String, u64), String> {
    let out = String::with_capacity(pattern.len() + 8);
    let size = Size { groups: vec![0], last: 0 };
    let mut translation = Translation { pattern, rest: pattern.chars(), out, size, repeated: false };
    while let Some(c) = translation.rest.next() {
        translation.one(c)?;
    }
    match translation.size.groups.as_slice() {
        [size] => Ok((translation.out, *size)),
        _ => Err(format!("missing closing ): `{pattern}`")),
    }
}

pub(super) struct Translation<'a> {
    pub(super) pattern: &'a str,
    pub(super) rest: Chars<'a>,
    pub(super) out: String,
    pub(super) size: Size,
    /// Whether a repetition stands just before: RE2 takes no other behind it.
    repeated: bool,
}

impl Translation<'_> {
    fn one(&mut self, c: char) -> Result<(), String> {
        let was_repeated = std::mem::take(&mut self.repeated);
        match c {
            '\\' => return self.escape(),
            '[' => return self.class(),
            '(' => return self.open(),
            ')' if self.size.close() => self.out.push(c),
            ')' => return Err(format!("unexpected ): `{}`", self.pattern)),
            '*' | '+' | '?' => return self.repeat(&c.to_string(), was_repeated),
            '{' => match bounds(self.rest.as_str()) {
                Some((length, largest)) if largest <= REPEAT_MAX => {
                    let inner = self.take(length);
                    self.size.repeat(largest);
                    return self.repeat(&format!("{{{inner}"), was_repeated);
                }
                Some((length, _)) => {
                    let inner = self.take(length);
                    return Err(format!("invalid repeat count: `{{{inner}`"));
                }
                None => self.single(c),
            },
            ']' | '}' => self.single(c),
            c => {
                self.size.add(1);
                self.out.push(c);
            }
        }
        Ok(())
    }

    /// Takes so many bytes, which end between characters.
    pub(super) fn take(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.rest.as_str().split_at_checked(bytes).unwrap_or_default();
        self.rest = rest.chars();
        taken.to_owned()
    }

    pub(super) fn accept(&mut self, wanted: char) -> bool {
        let is_there = self.rest.as_str().starts_with(wanted);
        if is_there {
            self.rest.next();
        }
        is_there
    }

    fn repeat(&mut self, operator: &str, was_repeated: bool) -> Result<(), String> {
        if was_repeated {
            return Err(format!("invalid nested repetition operator: `{operator}`"));
        }
        self.out.push_str(operator);
        if self.accept('?') {
            self.out.push('?');
        }
        self.repeated = true;
        Ok(())
    }

    /// A group; of the flags only those that RE2 knows.
    fn open(&mut self) -> Result<(), String> {
        self.size.groups.push(0);
        self.out.push('(');
        let Some(flags) = self.rest.as_str().strip_prefix('?') else { return Ok(()) };
        let head: String = flags.chars().take_while(|c| !matches!(c, ':' | ')' | '<')).collect();
        if head.chars().any(|c| !"imsUP-".contains(c)) {
            return Err(format!("invalid or unsupported Perl syntax: `(?{head}`"));
        }
        self.out.push('?');
        self.rest.next();
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.rest.as_str().chars().next() {
            Some('Q') => {
                let body = self.rest.as_str().get(1..).unwrap_or_default();
                let length = body.find("\\E").unwrap_or(body.len());
                let text = self.take(1 + length);
                text.chars().skip(1).for_each(|c| self.single(c));
                self.take(2);
            }
            Some('b') => {
                self.rest.next();
                self.out.push_str("(?-u:\\b)");
            }
            Some(c @ ('B' | 'A' | 'z')) => {
                self.rest.next();
                self.out.push('\\');
                self.out.push(c);
            }
            Some('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P') => {
                let class = self.class_escape()?;
                self.size.add(if class.starts_with('\\') { UNICODE_CLASS_SIZE } else { 10 });
                let bracketed = if class.starts_with('[') || class.starts_with('\\') {
                    class
                } else {
                    format!("[{class}]")
                };
                self.out.push_str(&bracketed);
            }
            _ => {
                let c = self.escaped_char()?;
                self.single(c);
            }
        }
        Ok(())
    }

    /// A character that stands for itself, outside brackets.
    fn single(&mut self, c: char) {
        self.size.add(1);
        self.literal(c);
    }

    /// A character that stands for itself.
    pub(super) fn literal(&mut self, c: char) {
        // The regex crate gives `\<` and `\>` a meaning.
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// The character behind a backslash that stands for one.
    pub(super) fn escaped_char(&mut self) -> Result<char, String> {
        let pattern = self.pattern;
        let invalid = || format!("invalid escape sequence in `{pattern}`");
        let Some(c) = self.rest.next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        Ok(match c {
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => {
                let digits = if self.accept('{') {
                    let length = self.rest.as_str().find('}').ok_or_else(invalid)?;
                    let digits = self.take(length);
                    self.rest.next();
                    digits
                } else {
                    self.rest.by_ref().take(2).collect()
                };
                let code = u32::from_str_radix(&digits, 16).map_err(|_| invalid())?;
                char::from_u32(code).ok_or_else(invalid)?
            }
            '0'..='7' => self.octal(c).ok_or_else(invalid)?,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
            _ => return Err(invalid()),
        })
    }

    /// Up to three octal digits; one alone that is no nought would be a back-reference, which RE2 has not.
    fn octal(&mut self, first: char) -> Option<char> {
        let digit = |c: char| c.to_digit(8);
        if first != '0' && !self.rest.as_str().starts_with(|c| digit(c).is_some()) {
            return None;
        }
        let mut value = digit(first)?;
        for _ in 0..2 {
            let Some(next) = self.rest.as_str().chars().next().and_then(digit) else { break };
            self.rest.next();
            value = value * 8 + next;
        }
        char::from_u32(value)
    }
}

/// Length up to and with the brace, and the largest count, of `n}`, `n,}` or `n,m}`. Anything else behind a brace makes
/// the brace a literal.
fn bounds(text: &str) -> Option<(usize, u32)> {
    let length = text.find(|c: char| !c.is_ascii_digit() && c != ',')?;
    let inner =
        text.get(..length).filter(|_| text.get(length..).is_some_and(|rest| rest.starts_with('}')))?;
    let count = |digits: &str| {
        let is_number = !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        is_number.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let largest = match inner.split_once(',') {
        None => count(inner)?,
        Some((least, "")) => count(least)?,
        Some((least, most)) => count(least)?.max(count(most)?),
    };
    Some((length + 1, largest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("a{b}", "a{b}", true)]
    #[case("{.*}", "{x}", true)]
    #[case("a{,2}", "a{,2}", true)]
    #[case("a{,2}", "aa", false)]
    #[case("a{2,3}", "aaa", true)]
    #[case("[[a]", "[", true)]
    #[case("[a[]x", "[x", true)]
    #[case("[]a]", "]", true)]
    #[case("[^]a]", "]", false)]
    #[case("[a&&b]", "&", true)]
    #[case("[+--]", ",", true)]
    #[case("[a-]", "-", true)]
    #[case("[[:alpha:]_]+", "ab_", true)]
    #[case("[[:^digit:]]", "7", false)]
    #[case("[[:]", ":", true)]
    #[case("[\\w.-]+", "a-b.c", true)]
    #[case("[^\\d]", "7", false)]
    #[case("[\\D]", "x", true)]
    #[case("\\d+", "\u{664}", false)]
    #[case("\\d+", "42", true)]
    #[case("\\s", "\u{b}", false)]
    #[case("\\Qa.b\\E.", "a.bc", true)]
    #[case("\\Qa.b", "axb", false)]
    #[case("\\101\\x42\\x{43}", "ABC", true)]
    #[case("\\<a\\>", "<a>", true)]
    #[case("\\p{^Lu}\\PL\\pL", "a1b", true)]
    #[case("(?i:ab)+?", "aB", true)]
    #[case("(?P<n>a|b)", "b", true)]
    #[case("a.b", "a\nb", true)]
    #[case("\\bfoo\\b", "foo", true)]
    #[case("]}", "]}", true)]
    #[case("\\-\\/\\_\\\"", "-/_\"", true)]
    fn patterns_mean_what_they_mean_to_re2(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        let matcher = matcher("l".into(), MatchOp::Regex, pattern.into(), &mut 10_000).unwrap();
        assert_eq!(matcher.matches_value(text), matches);
        assert_eq!(matcher.value(), pattern, "it is shown as it was written");
    }

    #[rstest]
    #[case("(", "missing closing ): `(`")]
    #[case("a)|(b", "unexpected ): `a)|(b`")]
    #[case("a**", "invalid nested repetition operator: `*`")]
    #[case("a{1001}", "invalid repeat count: `{1001}`")]
    #[case("[a", "missing closing ]: `[a`")]
    #[case("[b-a]", "invalid character class range: `b-a`")]
    #[case("[[:foo:]]", "invalid character class range: `[:foo:]`")]
    #[case("(?x)a", "invalid or unsupported Perl syntax: `(?x`")]
    #[case("(?=a)", "invalid or unsupported Perl syntax: `(?=a`")]
    #[case("\\1", "invalid escape sequence in `\\1`")]
    #[case("\\8", "invalid escape sequence in `\\8`")]
    #[case("a\\", "trailing backslash at end of expression: ``")]
    #[case("*", "repetition operator missing expression: `*`")]
    fn what_re2_refuses_is_refused(#[case] pattern: &str, #[case] reason: &str) {
        let error = matcher("l".into(), MatchOp::NotRegex, pattern.into(), &mut 10_000).unwrap_err();
        assert_eq!(error, format!("error parsing regexp: {reason}"));
    }
    #[rstest]
    #[case("abc", 3)]
    #[case("a{10}", 10)]
    #[case("x(ab{2}){3}y", 11)]
    #[case("((a{10}){10}){10}", 1000)]
    #[case("[0-9]{3}", 9)]
    #[case("\\pL{100}", 30_000)]
    #[case("(a{1000}){1000}{3}", u64::MAX)]
    fn repetitions_count_by_what_they_repeat(#[case] pattern: &str, #[case] size: u64) {
        assert_eq!(translate(pattern).map_or(u64::MAX, |(_, size)| size), size);
        let mut left = size - 1;
        let refused = matcher("l".into(), MatchOp::Regex, pattern.into(), &mut left);
        assert!(size == u64::MAX || refused == Err("error parsing regexp: expression too large".to_owned()));
    }

    proptest! {
        #[test]
        fn a_quoted_text_matches_itself_alone(text in "[^\\\\]*", other: String) {
            let matcher = matcher("l".into(), MatchOp::Regex, format!("\\Q{text}"), &mut 10_000).unwrap();
            prop_assert!(matcher.matches_value(&text));
            prop_assert_eq!(matcher.matches_value(&other), other == text);
        }

        #[test]
        fn an_escaped_text_matches_itself(text: String) {
            let escape = |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() };
            let pattern: String = text.chars().map(escape).collect();
            prop_assert!(matcher("l".into(), MatchOp::Regex, pattern, &mut 10_000).unwrap().matches_value(&text));
            let class = |c: char| if c == '\0' { String::new() } else { format!("[{}]", escape(c)) };
            let pattern: String = text.chars().map(class).collect();
            let text = text.replace('\0', "");
            prop_assert!(matcher("l".into(), MatchOp::Regex, pattern, &mut 100_000).unwrap().matches_value(&text));
        }

        #[test]
        fn no_pattern_makes_it_panic(pattern in "[a\\\\(){}\\[\\]?*+|^$:,1dQEpPx-]{0,12}") {
            if let Err(error) = matcher("l".into(), MatchOp::Regex, pattern, &mut 10_000) {
                prop_assert!(error.starts_with("error parsing regexp: "));
            }
        }
    }
}
