//! Label matchers as people write them: `{job="api", code=~"5.."}`, the braces and, for plain values, the quotes left out
//! as they like. Label names that are not plain words are quoted too, as in Prometheus 3.

use std::iter::Peekable;
use std::str::CharIndices;

use ballast_types::{MatchOp, Matcher};

/// Why a text is no list of matchers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read matchers at character {column}: {message}")]
pub struct InvalidMatchers {
    /// Where, counted in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads one or more matchers, separated by commas, with or without braces around them.
pub fn parse_matchers(text: &str) -> Result<Vec<Matcher>, InvalidMatchers> {
    let mut reader = Reader { text, chars: text.char_indices().peekable() };
    reader.blanks();
    let braced = reader.take('{');
    let mut matchers = Vec::new();
    loop {
        reader.blanks();
        if matchers.is_empty() || !reader.at_end(braced) {
            matchers.push(reader.matcher()?);
            reader.blanks();
        }
        if !reader.take(',') {
            break;
        }
    }
    if braced && !reader.take('}') {
        return Err(reader.error("expected `,` or `}`"));
    }
    reader.blanks();
    match reader.chars.peek().copied() {
        None => Ok(matchers),
        Some((_, char)) => Err(reader.error(format!("expected `,`, found `{char}`"))),
    }
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn matcher(&mut self) -> Result<Matcher, InvalidMatchers> {
        let name = self.word("a label name", |c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.'))?;
        self.blanks();
        let op = self.operator()?;
        self.blanks();
        let value_at = self.column();
        let value =
            self.word_or_empty(|c| !c.is_whitespace() && !matches!(c, ',' | '{' | '}' | '"' | '='))?;
        Matcher::new(name, op, value)
            .map_err(|error| InvalidMatchers { column: value_at, message: error.to_string() })
    }

    fn operator(&mut self) -> Result<MatchOp, InvalidMatchers> {
        let second = |reader: &mut Self, plain, regex| if reader.take('~') { regex } else { plain };
        if self.take('=') {
            return Ok(second(self, MatchOp::Equal, MatchOp::Regex));
        }
        if self.take('!') {
            if self.take('=') {
                return Ok(MatchOp::NotEqual);
            }
            if self.take('~') {
                return Ok(MatchOp::NotRegex);
            }
        }
        Err(self.error("expected one of `=`, `!=`, `=~`, `!~`"))
    }

    fn word(&mut self, what: &str, part: impl Fn(char) -> bool) -> Result<String, InvalidMatchers> {
        let found = self.word_or_empty(part)?;
        if found.is_empty() { Err(self.error(format!("expected {what}"))) } else { Ok(found) }
    }

    fn word_or_empty(&mut self, part: impl Fn(char) -> bool) -> Result<String, InvalidMatchers> {
        if self.take('"') {
            return self.quoted();
        }
        let mut word = String::new();
        while let Some((_, char)) = self.chars.next_if(|(_, char)| part(*char)) {
            word.push(char);
        }
        Ok(word)
    }

    /// The rest of a quoted word; `\"`, `\\` and `\n` are escapes, any other backslash stands for itself, as patterns need it.
    fn quoted(&mut self) -> Result<String, InvalidMatchers> {
        let mut word = String::new();
        while let Some((_, char)) = self.chars.next() {
            match char {
                '"' => return Ok(word),
                '\\' => match self.chars.next_if(|(_, next)| matches!(next, '"' | '\\' | 'n')) {
                    Some((_, 'n')) => word.push('\n'),
                    Some((_, escaped)) => word.push(escaped),
                    None => word.push('\\'),
                },
                other => word.push(other),
            }
        }
        Err(self.error("the quoted text does not end"))
    }

    fn take(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, char)| *char == wanted).is_some()
    }

    fn blanks(&mut self) {
        while self.chars.next_if(|(_, char)| char.is_whitespace()).is_some() {}
    }

    fn at_end(&mut self, braced: bool) -> bool {
        self.chars.peek().is_none_or(|(_, char)| braced && *char == '}')
    }

    fn column(&mut self) -> usize {
        let offset = self.chars.peek().map_or(self.text.len(), |(offset, _)| *offset);
        self.text.get(..offset).map_or(1, |before| before.chars().count() + 1)
    }

    fn error(&mut self, message: impl Into<String>) -> InvalidMatchers {
        InvalidMatchers { column: self.column(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("job=api", r#"job="api""#)]
    #[case(r#"{job="api",code=~"5..",}"#, r#"job="api" code=~"5..""#)]
    #[case(r#" a != "x\"y" , b!~"\d+" "#, r#"a!="x\"y" b!~"\\d+""#)]
    #[case(r#"{"my.label"="ü", empty=""}"#, r#"my.label="ü" empty="""#)]
    #[case("empty=", r#"empty="""#)]
    fn matchers_are_read(#[case] text: &str, #[case] expected: &str) {
        let read: Vec<String> = parse_matchers(text).unwrap().iter().map(Matcher::to_string).collect();
        assert_eq!(read.join(" "), expected);
    }

    #[rstest]
    #[case("", 1)]
    #[case("{}", 2)]
    #[case("job", 4)]
    #[case("job==x", 5)]
    #[case(r#"job="x"#, 7)]
    #[case(r#"{job="x""#, 9)]
    #[case("a=b c=d", 5)]
    #[case(r#"ü=~"(""#, 4)]
    #[case("a=b,,c=d", 5)]
    fn what_is_none_has_its_place(#[case] text: &str, #[case] column: usize) {
        let error = parse_matchers(text).unwrap_err();
        assert_eq!(error.column, column, "{error}");
    }
}
