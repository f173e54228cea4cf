//! Regular expressions as RE2 reads them, for the regex crate: the two differ in what is a literal and in what a class holds.
//!
//! Not translated: `\B`, which stays Unicode-aware. Invariant: what comes out matches what RE2 would match, or is refused.

use std::str::Chars;

use ballast_types::{MatchOp, Matcher};

/// Most repetitions that RE2 allows.
const REPEAT_MAX: u32 = 1000;

/// Makes a matcher whose pattern, if it has one, is read as RE2 would.
pub(super) fn matcher(name: String, op: MatchOp, value: String) -> Result<Matcher, String> {
    if !matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
        return Matcher::new(name, op, value).map_err(|error| error.to_string());
    }
    let refused = |reason: &str| format!("error parsing regexp: {reason}");
    let pattern = translate(&value).map_err(|reason| refused(&reason))?;
    Matcher::translated(name, op, value, &pattern).map_err(|error| {
        let reason = error.reason.rsplit("error: ").next().unwrap_or_default().trim().to_owned();
        refused(&format!("{reason}: `{}`", error.pattern))
    })
}

/// The same pattern for the regex crate.
fn translate(pattern: &str) -> Result<String, String> {
    let out = String::with_capacity(pattern.len() + 8);
    let mut translation = Translation { pattern, rest: pattern.chars(), out, depth: 0, repeated: false };
    while let Some(c) = translation.rest.next() {
        translation.one(c)?;
    }
    if translation.depth > 0 {
        return Err(format!("missing closing ): `{pattern}`"));
    }
    Ok(translation.out)
}

struct Translation<'a> {
    pattern: &'a str,
    rest: Chars<'a>,
    out: String,
    /// Groups that are open.
    depth: usize,
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
            ')' => {
                self.depth =
                    self.depth.checked_sub(1).ok_or_else(|| format!("unexpected ): `{}`", self.pattern))?;
                self.out.push(c);
            }
            '*' | '+' | '?' => return self.repeat(&c.to_string(), was_repeated),
            '{' => match bounds(self.rest.as_str()) {
                Some((length, largest)) if largest <= REPEAT_MAX => {
                    let inner = self.take(length);
                    return self.repeat(&format!("{{{inner}"), was_repeated);
                }
                Some((length, _)) => {
                    let inner = self.take(length);
                    return Err(format!("invalid repeat count: `{{{inner}`"));
                }
                None => self.out.push_str("\\{"),
            },
            ']' | '}' => self.literal(c),
            c => self.out.push(c),
        }
        Ok(())
    }

    /// Takes so many bytes, which end between characters.
    fn take(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.rest.as_str().split_at_checked(bytes).unwrap_or_default();
        self.rest = rest.chars();
        taken.to_owned()
    }

    fn accept(&mut self, wanted: char) -> bool {
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
        self.depth += 1;
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
                text.chars().skip(1).for_each(|c| self.literal(c));
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
                let bracketed = if class.starts_with('[') || class.starts_with('\\') {
                    class
                } else {
                    format!("[{class}]")
                };
                self.out.push_str(&bracketed);
            }
            _ => {
                let c = self.escaped_char()?;
                self.literal(c);
            }
        }
        Ok(())
    }

    /// A character that stands for itself.
    fn literal(&mut self, c: char) {
        // The regex crate gives `\<` and `\>` a meaning.
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// `\d` and its like as what stands between brackets; RE2's are ASCII.
    fn class_escape(&mut self) -> Result<String, String> {
        Ok(match self.rest.next() {
            Some('d') => "0-9".to_owned(),
            Some('D') => "[^0-9]".to_owned(),
            Some('s') => "\\t\\n\\x0c\\r ".to_owned(),
            Some('S') => "[^\\t\\n\\x0c\\r ]".to_owned(),
            Some('w') => "0-9A-Za-z_".to_owned(),
            Some('W') => "[^0-9A-Za-z_]".to_owned(),
            Some(p @ ('p' | 'P')) => return self.unicode_class(p),
            _ => return Err(format!("invalid escape sequence in `{}`", self.pattern)),
        })
    }

    /// `\pL`, `\p{Greek}`, and RE2's `\p{^Greek}`, which is `\P{Greek}`.
    fn unicode_class(&mut self, p: char) -> Result<String, String> {
        let pattern = self.pattern;
        let invalid = || format!("invalid character class range in `{pattern}`");
        let (negated, name) = match self.rest.next() {
            Some('{') => {
                let length = self.rest.as_str().find('}').ok_or_else(invalid)?;
                let name = self.take(length);
                self.rest.next();
                match name.strip_prefix('^') {
                    Some(name) => (true, name.to_owned()),
                    None => (false, name),
                }
            }
            Some(letter) => (false, letter.to_string()),
            None => return Err(invalid()),
        };
        let p = if negated == (p == 'P') { 'p' } else { 'P' };
        Ok(format!("\\{p}{{{name}}}"))
    }

    /// The character behind a backslash that stands for one.
    fn escaped_char(&mut self) -> Result<char, String> {
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

    /// `[..]`: in RE2 a bracket, `&` and `~` within are nothing special.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.accept('^') {
            self.out.push('^');
        }
        let mut is_first = true;
        while is_first || !self.accept(']') {
            is_first = false;
            self.class_item()?;
        }
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self) -> Result<(), String> {
        if let Some(named) = self.rest.as_str().strip_prefix("[:")
            && let Some(length) = named.find(":]")
        {
            let named = self.take(length + 4);
            self.out.push_str(&named);
            return Ok(());
        }
        let mut behind = self.rest.as_str().chars();
        if behind.next() == Some('\\') && behind.next().is_some_and(|c| "dDsSwWpP".contains(c)) {
            self.rest.next();
            let class = self.class_escape()?;
            self.out.push_str(&class);
            return Ok(());
        }
        let low = self.class_char()?;
        let rest = self.rest.as_str();
        self.literal(low);
        if rest.starts_with('-') && !rest.starts_with("-]") && rest.len() > 1 {
            self.rest.next();
            let high = self.class_char()?;
            if high < low {
                return Err(format!("invalid character class range: `{low}-{high}`"));
            }
            self.out.push('-');
            self.literal(high);
        }
        Ok(())
    }

    fn class_char(&mut self) -> Result<char, String> {
        match self.rest.next() {
            Some('\\') => self.escaped_char(),
            Some(c) => Ok(c),
            None => Err(format!("missing closing ]: `{}`", self.pattern)),
        }
    }
}

/// Length up to and with the brace, and the largest count, of `n}`, `n,}` or `n,m}`. Anything else behind a brace makes
/// the brace a literal.
fn bounds(text: &str) -> Option<(usize, u32)> {
    let length = text.find('}')?;
    let inner = text.get(..length)?;
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
        let matcher = matcher("l".into(), MatchOp::Regex, pattern.into()).unwrap();
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
    #[case("(?x)a", "invalid or unsupported Perl syntax: `(?x`")]
    #[case("(?=a)", "invalid or unsupported Perl syntax: `(?=a`")]
    #[case("\\1", "invalid escape sequence in `\\1`")]
    #[case("\\8", "invalid escape sequence in `\\8`")]
    #[case("a\\", "trailing backslash at end of expression: ``")]
    #[case("*", "repetition operator missing expression: `*`")]
    fn what_re2_refuses_is_refused(#[case] pattern: &str, #[case] reason: &str) {
        let error = matcher("l".into(), MatchOp::NotRegex, pattern.into()).unwrap_err();
        assert_eq!(error, format!("error parsing regexp: {reason}"));
    }
}
