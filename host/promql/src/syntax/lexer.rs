//! Cuts a text into tokens. What a character means depends on where it stands: within braces every word is a name, within
//! brackets words are those of durations, and a colon ends a range.
//!
//! Where the text cannot be cut the tokens end with [`Kind::Broken`], so that an error of the grammar before that place is
//! told first. Invariant: spans rise, lie on character borders, and the last token is `End` or `Broken`.

use super::ast::{Aggregation, Arithmetic, Comparison, Operator, Span};
use super::error::Fault;
use super::numbers::scan_number;
use super::quote::unquote;
use super::token::{Keyword, Kind, Token};

/// The tokens of a text, and why they end where they are broken.
pub(super) struct Tokens {
    pub(super) all: Vec<Token>,
    pub(super) fault: Option<Fault>,
}

/// Cuts a text, up to one token more than the limit.
pub(super) fn tokenise(text: &str, limit: usize) -> Tokens {
    let mut lexer = Lexer { text, at: 0, parens: 0, place: Place::Outside, colon: false, duration: false };
    let mut all = Vec::new();
    loop {
        match lexer.next() {
            Ok(token) => {
                all.push(token);
                if token.kind == Kind::End || all.len() > limit {
                    return Tokens { all, fault: None };
                }
            }
            Err(fault) => {
                all.push(Token { kind: Kind::Broken, span: Span { start: fault.at, end: text.len() } });
                return Tokens { all, fault: Some(fault) };
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Braces,
    Brackets,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    parens: usize,
    place: Place,
    /// Whether the range between these brackets has had its colon.
    colon: bool,
    /// Whether a number has stood between these brackets.
    duration: bool,
}

type Lexed<T> = Result<T, Fault>;

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Lexed<Token> {
        self.skip_blanks();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return self.end();
        };
        let (kind, length) = match self.place {
            Place::Braces => self.in_braces(first)?,
            Place::Brackets => self.in_brackets(first)?,
            Place::Outside => self.outside(first)?,
        };
        self.at += length;
        Ok(Token { kind, span: Span { start, end: self.at } })
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let comment = match rest.get(blank..) {
                Some(behind) if behind.starts_with('#') => behind.find(['\n', '\r']).unwrap_or(behind.len()),
                _ => 0,
            };
            self.at += blank + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn fault<T>(&self, message: impl Into<String>) -> Lexed<T> {
        Err(Fault::new(self.at, message))
    }

    fn end(&self) -> Lexed<Token> {
        match self.place {
            Place::Braces => self.fault("unexpected end of input inside braces"),
            _ if self.parens > 0 => self.fault("unclosed left parenthesis"),
            Place::Brackets if self.duration => self.fault("unclosed left bracket"),
            Place::Brackets => self.fault("unexpected end of input in duration expression"),
            Place::Outside => {
                Ok(Token { kind: Kind::End, span: Span { start: self.text.len(), end: self.text.len() } })
            }
        }
    }

    /// A quoted string's length; it is read here only to see that it can be.
    fn text_literal(&self) -> Lexed<(Kind, usize)> {
        let rest = self.rest();
        let length = quoted_length(rest);
        match unquote(rest.get(..length).unwrap_or_default()) {
            Ok(_) => Ok((Kind::Text, length)),
            Err((at, message)) => Err(Fault::new(self.at + at, message)),
        }
    }

    fn in_braces(&mut self, first: char) -> Lexed<(Kind, usize)> {
        let rest = self.rest();
        Ok(match first {
            c if is_alpha(c) => (Kind::Identifier, word_length(rest, |c| is_alpha(c) || c.is_ascii_digit())),
            ',' => (Kind::Comma, 1),
            '"' | '\'' | '`' => return self.text_literal(),
            '=' if rest.starts_with("=~") => (Kind::MatchesRegex, 2),
            '=' => (Kind::Equal, 1),
            '!' if rest.starts_with("!~") => (Kind::MatchesNotRegex, 2),
            '!' if rest.starts_with("!=") => (comparison(Comparison::NotEqual), 2),
            '!' => {
                let after = rest.chars().nth(1);
                return self.fault(format!("unexpected character after '!' inside braces: {}", shown(after)));
            }
            '{' => return self.fault("unexpected left brace '{'"),
            '}' => {
                self.place = Place::Outside;
                (Kind::RightBrace, 1)
            }
            c => return self.fault(format!("unexpected character inside braces: {}", shown(Some(c)))),
        })
    }

    fn in_brackets(&mut self, first: char) -> Lexed<(Kind, usize)> {
        if let Some(kind) = arithmetic(first) {
            return Ok((kind, 1));
        }
        Ok(match first {
            ',' => (Kind::Comma, 1),
            ']' => {
                self.place = Place::Outside;
                (Kind::RightBracket, 1)
            }
            '[' => return self.fault("unexpected left bracket '['"),
            ':' if !self.duration => {
                return self.fault("unexpected colon before duration in duration expression");
            }
            ':' if self.colon => return self.fault("unexpected repeated colon in duration expression"),
            ':' => {
                self.colon = true;
                (Kind::Colon, 1)
            }
            '(' | ')' => return self.paren(first),
            c if is_digit_start(self.rest()) && (c.is_ascii_digit() || c == '.') => {
                self.duration = true;
                return self.number();
            }
            c if is_alpha(c) => match self.duration_word() {
                Some(found) => {
                    self.duration = true;
                    found
                }
                None => return self.fault(self.stray_in_brackets(c)),
            },
            c => return self.fault(self.stray_in_brackets(c)),
        })
    }

    fn stray_in_brackets(&self, c: char) -> String {
        if self.duration && !self.colon {
            format!("unexpected character: {}, expected ':'", shown(Some(c)))
        } else {
            format!("unexpected character in duration expression: {}", shown(Some(c)))
        }
    }

    /// `step`, `range`, `min`, `max` and what later versions call the last two.
    fn duration_word(&self) -> Option<(Kind, usize)> {
        let length = word_length(self.rest(), is_alpha);
        let kind = match self.rest().get(..length)?.to_ascii_lowercase().as_str() {
            "step" => Kind::Keyword(Keyword::Step),
            "range" => Kind::Keyword(Keyword::Range),
            "min" => Kind::Aggregation(Aggregation::Min),
            "max" => Kind::Aggregation(Aggregation::Max),
            "min_of" => Kind::Keyword(Keyword::MinOf),
            "max_of" => Kind::Keyword(Keyword::MaxOf),
            _ => return None,
        };
        Some((kind, length))
    }

    fn outside(&mut self, first: char) -> Lexed<(Kind, usize)> {
        let rest = self.rest();
        if let Some(kind) = arithmetic(first) {
            return Ok((kind, 1));
        }
        Ok(match first {
            ',' => (Kind::Comma, 1),
            '@' => (Kind::At, 1),
            '=' | '!' | '<' | '>' => return self.comparison(first),
            '"' | '\'' | '`' => return self.text_literal(),
            c if is_alpha(c) || c == ':' => self.word(),
            _ if is_digit_start(rest) => return self.number(),
            '(' | ')' => return self.paren(first),
            '{' => {
                self.place = Place::Braces;
                (Kind::LeftBrace, 1)
            }
            '[' => {
                (self.place, self.colon, self.duration) = (Place::Brackets, false, false);
                (Kind::LeftBracket, 1)
            }
            ']' => return self.fault("unexpected right bracket ']'"),
            c => return self.fault(format!("unexpected character: {}", shown(Some(c)))),
        })
    }

    fn comparison(&self, first: char) -> Lexed<(Kind, usize)> {
        let second = self.rest().chars().nth(1);
        Ok(match (first, second) {
            ('=', Some('=')) => (comparison(Comparison::Equal), 2),
            ('=', Some('~')) => return self.fault("unexpected character after '=': '~'"),
            ('=', _) => (Kind::Equal, 1),
            ('!', Some('=')) => (comparison(Comparison::NotEqual), 2),
            ('!', other) => {
                return self.fault(format!("unexpected character after '!': {}", shown(other)));
            }
            ('<', Some('=')) => (comparison(Comparison::LessOrEqual), 2),
            ('<', _) => (comparison(Comparison::Less), 1),
            (_, Some('=')) => (comparison(Comparison::GreaterOrEqual), 2),
            (_, _) => (comparison(Comparison::Greater), 1),
        })
    }

    fn paren(&mut self, c: char) -> Lexed<(Kind, usize)> {
        if c == '(' {
            self.parens += 1;
            return Ok((Kind::LeftParen, 1));
        }
        let Some(parens) = self.parens.checked_sub(1) else {
            return self.fault("unexpected right parenthesis ')'");
        };
        self.parens = parens;
        Ok((Kind::RightParen, 1))
    }

    /// `fill` and its like are keywords only before a parenthesis: series were called so before there were such keywords.
    fn word(&self) -> (Kind, usize) {
        let rest = self.rest();
        let length = word_length(rest, |c| is_alpha(c) || c.is_ascii_digit() || c == ':');
        let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let kind = match Kind::of_word(word) {
            Kind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)
                if !behind.trim_start().starts_with('(') =>
            {
                Kind::Identifier
            }
            kind => kind,
        };
        (kind, length)
    }

    fn number(&self) -> Lexed<(Kind, usize)> {
        scan_number(self.rest()).map_err(|seen| {
            let seen = super::quote::quote(self.rest().get(..seen).unwrap_or_default().as_bytes());
            Fault::new(self.at, format!("bad number or duration syntax: {seen}"))
        })
    }
}

fn is_alpha(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Whether a text begins as a number does.
fn is_digit_start(text: &str) -> bool {
    text.strip_prefix('.').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
}

fn word_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Length of a quoted string with its quotes, or of all that is left where it is not closed.
fn quoted_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, open)) = chars.next() else { return 0 };
    while let Some((at, c)) = chars.next() {
        if c == open {
            return at + 1;
        }
        if c == '\\' && open != '`' {
            chars.next();
        }
    }
    text.len()
}

/// A character as an error shows it.
fn shown(c: Option<char>) -> String {
    c.map_or_else(|| "end of input".to_owned(), |c| format!("'{}'", c.escape_debug()))
}

fn comparison(comparison: Comparison) -> Kind {
    Kind::Operator(Operator::Comparison(comparison))
}

fn arithmetic(c: char) -> Option<Kind> {
    let arithmetic = match c {
        '+' => Arithmetic::Add,
        '-' => Arithmetic::Subtract,
        '*' => Arithmetic::Multiply,
        '/' => Arithmetic::Divide,
        '%' => Arithmetic::Modulo,
        '^' => Arithmetic::Power,
        _ => return None,
    };
    Some(Kind::Operator(Operator::Arithmetic(arithmetic)))
}
