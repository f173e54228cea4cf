//! Cuts a template into texts and actions, and actions into tokens. Knows trim markers (`{{-`, `-}}`) and comments, and
//! nothing of what tokens mean together.

use super::InvalidTemplate;
use super::value::Value;

/// One token of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Where it starts, in characters from 0.
    pub(super) at: usize,
    /// Whether a blank stands before it: `.a.b` is one operand, `.a .b` are two.
    pub(super) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Dot,
    /// `.name`
    Field(String),
    /// `$name`, with the dollar.
    Variable(String),
    Word(String),
    Literal(Value),
    Pipe,
    Open,
    Close,
    Comma,
    /// `:=`
    Declare,
    /// `=`
    Assign,
}

/// A text, or an action with the place where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Action { at: usize, tokens: Vec<Token> },
}

/// Cuts a whole template.
pub(super) fn lex(source: &str) -> Result<Vec<Piece>, InvalidTemplate> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0 };
    let mut pieces = Vec::new();
    let mut trim_next = false;
    while lexer.at < lexer.chars.len() {
        let start = lexer.at;
        let end = lexer.find_open();
        let trim_this = lexer.opens_with_trim(end);
        let text: String = lexer.chars.get(start..end).unwrap_or_default().iter().collect();
        let text = if trim_next { text.trim_start() } else { &text };
        let text = if trim_this { text.trim_end() } else { text };
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        trim_next = false;
        lexer.at = end;
        if end < lexer.chars.len() {
            lexer.at = end + if trim_this { 3 } else { 2 };
            let (tokens, trim) = lexer.action(end)?;
            trim_next = trim;
            if let Some(tokens) = tokens {
                pieces.push(Piece::Action { at: end, tokens });
            }
        }
    }
    Ok(pieces)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn find_open(&self) -> usize {
        let open = |n: &usize| self.chars.get(*n) == Some(&'{') && self.chars.get(n + 1) == Some(&'{');
        (self.at..self.chars.len()).find(open).unwrap_or(self.chars.len())
    }

    /// `{{-` trims only where a blank follows; `{{-3}}` is a number.
    fn opens_with_trim(&self, open: usize) -> bool {
        self.chars.get(open + 2) == Some(&'-') && self.chars.get(open + 3).is_some_and(|c| c.is_whitespace())
    }

    /// An action up to and with its `}}`; `None` for a comment. The flag tells whether the next text is trimmed.
    fn action(&mut self, open: usize) -> Result<(Option<Vec<Token>>, bool), InvalidTemplate> {
        let unclosed = || InvalidTemplate { offset: open, message: "this action has no `}}`".to_owned() };
        let mut spaced = self.blanks();
        let is_comment = self.peek(0) == Some('/') && self.peek(1) == Some('*');
        if is_comment {
            self.comment().ok_or_else(unclosed)?;
            spaced = self.blanks();
        }
        let mut tokens = Vec::new();
        loop {
            if let Some(trim) = self.close(spaced) {
                return Ok((Some(tokens).filter(|_| !is_comment), trim));
            }
            if is_comment {
                return Err(self.error("a comment must fill its action"));
            }
            let at = self.at;
            let kind = self.token(self.peek(0).ok_or_else(unclosed)?)?;
            tokens.push(Token { kind, at, spaced });
            spaced = self.blanks();
        }
    }

    /// Takes `}}` or ` -}}`, and tells whether it trims.
    fn close(&mut self, spaced: bool) -> Option<bool> {
        let trims =
            spaced && self.peek(0) == Some('-') && self.peek(1) == Some('}') && self.peek(2) == Some('}');
        let plain = self.peek(0) == Some('}') && self.peek(1) == Some('}');
        if !trims && !plain {
            return None;
        }
        self.at += if trims { 3 } else { 2 };
        Some(trims)
    }

    fn comment(&mut self) -> Option<()> {
        self.at += 2;
        while !(self.peek(0)? == '*' && self.peek(1)? == '/') {
            self.at += 1;
        }
        self.at += 2;
        Some(())
    }

    fn blanks(&mut self) -> bool {
        let start = self.at;
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at > start
    }

    fn token(&mut self, first: char) -> Result<TokenKind, InvalidTemplate> {
        let second = self.peek(1);
        let (kind, length) = match first {
            '|' => (TokenKind::Pipe, 1),
            '(' => (TokenKind::Open, 1),
            ')' => (TokenKind::Close, 1),
            ',' => (TokenKind::Comma, 1),
            ':' if second == Some('=') => (TokenKind::Declare, 2),
            '=' => (TokenKind::Assign, 1),
            '"' => return self.quoted(),
            '`' => return self.raw(),
            '\'' => return self.character(),
            '$' => {
                self.at += 1;
                return Ok(TokenKind::Variable(format!("${}", self.word())));
            }
            '.' if second.is_some_and(|c| c.is_ascii_digit()) => return self.number(),
            '.' => {
                self.at += 1;
                let name = self.word();
                return Ok(if name.is_empty() { TokenKind::Dot } else { TokenKind::Field(name) });
            }
            c if c.is_ascii_digit() => return self.number(),
            '+' | '-' if second.is_some_and(|c| c.is_ascii_digit() || c == '.') => return self.number(),
            c if c.is_alphabetic() || c == '_' => return Ok(TokenKind::Word(self.word())),
            c => return Err(self.error(format!("unexpected character `{c}`"))),
        };
        self.at += length;
        Ok(kind)
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(char) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(char);
            self.at += 1;
        }
        word
    }

    fn number(&mut self) -> Result<TokenKind, InvalidTemplate> {
        let start = self.at;
        let mut text = String::new();
        while let Some(char) = self.peek(0) {
            let exponent_sign = matches!(char, '+' | '-') && (text.is_empty() || text.ends_with(['e', 'E']));
            if !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_') || exponent_sign) {
                break;
            }
            text.push(char);
            self.at += 1;
        }
        let plain = text.replace('_', "");
        let hexadecimal = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X"));
        let whole =
            hexadecimal.map_or_else(|| plain.parse().ok(), |digits| i64::from_str_radix(digits, 16).ok());
        let value = whole.map(Value::Int).or_else(|| plain.parse().ok().map(Value::Float));
        let invalid = || InvalidTemplate { offset: start, message: format!("`{text}` is no number") };
        value.map(TokenKind::Literal).ok_or_else(invalid)
    }

    fn raw(&mut self) -> Result<TokenKind, InvalidTemplate> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(char) = self.peek(0) {
            self.at += 1;
            if char == '`' {
                return Ok(TokenKind::Literal(Value::text(text)));
            }
            text.push(char);
        }
        Err(InvalidTemplate { offset: start, message: "this raw text has no closing back quote".to_owned() })
    }

    fn quoted(&mut self) -> Result<TokenKind, InvalidTemplate> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(char) = self.peek(0).filter(|c| *c != '\n') {
            self.at += 1;
            match char {
                '"' => return Ok(TokenKind::Literal(Value::text(text))),
                '\\' => text.push(self.escape()?),
                other => text.push(other),
            }
        }
        Err(InvalidTemplate { offset: start, message: "this text has no closing quote".to_owned() })
    }

    /// `'x'`, a number in Go.
    fn character(&mut self) -> Result<TokenKind, InvalidTemplate> {
        self.at += 1;
        let char = self.peek(0).ok_or_else(|| self.error("expected a character"))?;
        self.at += 1;
        let char = if char == '\\' { self.escape()? } else { char };
        if self.peek(0) != Some('\'') {
            return Err(self.error("a text takes double quotes; single quotes hold one character"));
        }
        self.at += 1;
        Ok(TokenKind::Literal(Value::Int(i64::from(u32::from(char)))))
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, InvalidTemplate> {
        let escape = self.peek(0).unwrap_or(' ');
        self.at += 1;
        let digits = match escape {
            'n' => return Ok('\n'),
            't' => return Ok('\t'),
            'r' => return Ok('\r'),
            '"' | '\'' | '\\' => return Ok(escape),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => {
                return Err(self.error(format!("unknown escape `\\{escape}`; a backslash is written `\\\\`")));
            }
        };
        let code: String = self.chars.get(self.at..self.at + digits).unwrap_or_default().iter().collect();
        self.at += digits;
        let char = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
        char.ok_or_else(|| self.error(format!("`\\{escape}{code}` is no character")))
    }

    fn error(&self, message: impl Into<String>) -> InvalidTemplate {
        InvalidTemplate { offset: self.at.min(self.chars.len()), message: message.into() }
    }
}
