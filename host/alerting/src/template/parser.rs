//! Builds the tree out of tokens. Unknown functions, variables that nobody set, and blocks without an end are found here,
//! when the file is loaded.

use super::ast::{Base, Block, Command, Node, Operand, Pipeline};
use super::lexer::{Piece, Token, TokenKind};
use super::value::Value;
use super::{InvalidTemplate, TEMPLATE_DEPTH_MAX, functions};

/// The variables that every template starts with.
pub(super) const GIVEN: [&str; 5] = ["$", "$labels", "$externalLabels", "$externalURL", "$value"];

/// Builds the tree of a whole template.
pub(super) fn parse(pieces: Vec<Piece>) -> Result<Vec<Node>, InvalidTemplate> {
    let mut parser = Parser {
        pieces: pieces.into_iter(),
        variables: GIVEN.map(str::to_owned).to_vec(),
        depth: 0,
        loops: 0,
    };
    let (nodes, ending) = parser.nodes()?;
    match ending {
        None => Ok(nodes),
        Some(Ending::End(at)) => Err(error(at, "this `end` has no beginning")),
        Some(Ending::Else { at, .. }) => Err(error(at, "this `else` belongs to nothing")),
    }
}

fn error(offset: usize, message: impl Into<String>) -> InvalidTemplate {
    InvalidTemplate { offset, message: message.into() }
}

/// What closed a list of nodes.
enum Ending {
    End(usize),
    /// With the tokens after `else`, as in `else if`.
    Else {
        at: usize,
        rest: Vec<Token>,
    },
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    /// Names in scope, innermost last.
    variables: Vec<String>,
    depth: usize,
    loops: usize,
}

impl Parser {
    /// Nodes up to an `end`, an `else`, or the template's end.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<Ending>), InvalidTemplate> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (at, tokens) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action { at, tokens } => (at, tokens),
            };
            let keyword = match tokens.first().map(|token| &token.kind) {
                Some(TokenKind::Word(word)) => word.clone(),
                _ => String::new(),
            };
            match keyword.as_str() {
                "end" => return self.only(&tokens).map(|()| (nodes, Some(Ending::End(at)))),
                "else" => {
                    return Ok((
                        nodes,
                        Some(Ending::Else { at, rest: tokens.into_iter().skip(1).collect() }),
                    ));
                }
                _ => nodes.push(self.action(at, &keyword, tokens)?),
            }
        }
        Ok((nodes, None))
    }

    fn action(&mut self, at: usize, keyword: &str, tokens: Vec<Token>) -> Result<Node, InvalidTemplate> {
        match keyword {
            "if" | "with" | "range" => self.block(at, keyword, tokens),
            "break" | "continue" if self.loops == 0 => {
                Err(error(at, format!("`{keyword}` outside a `range`")))
            }
            "break" => self.only(&tokens).map(|()| Node::Break),
            "continue" => self.only(&tokens).map(|()| Node::Continue),
            "define" | "template" | "block" => {
                Err(error(at, format!("`{keyword}` is not supported: a rule's template stands alone")))
            }
            _ => Ok(Node::Print(self.whole_pipeline(at, tokens, 1)?)),
        }
    }

    fn only(&self, tokens: &[Token]) -> Result<(), InvalidTemplate> {
        tokens.get(1).map_or(Ok(()), |token| Err(error(token.at, "nothing may follow here")))
    }

    fn block(&mut self, at: usize, keyword: &str, tokens: Vec<Token>) -> Result<Node, InvalidTemplate> {
        self.enter(at)?;
        let scope = self.variables.len();
        let tokens = tokens.into_iter().skip(1).collect();
        let pipeline = self.whole_pipeline(at, tokens, if keyword == "range" { 2 } else { 1 })?;
        self.loops += usize::from(keyword == "range");
        let inner_scope = self.variables.len();
        let (body, ending) = self.nodes()?;
        self.variables.truncate(inner_scope);
        self.loops -= usize::from(keyword == "range");
        let otherwise = self.otherwise(at, keyword, ending)?;
        self.variables.truncate(scope);
        self.depth -= 1;
        let block = Block { pipeline, body, otherwise };
        Ok(match keyword {
            "if" => Node::If(block),
            "with" => Node::With(block),
            _ => Node::Range(block),
        })
    }

    /// The other branch of a block whose first branch ended with `ending`.
    fn otherwise(
        &mut self,
        at: usize,
        keyword: &str,
        ending: Option<Ending>,
    ) -> Result<Vec<Node>, InvalidTemplate> {
        let unended = || error(at, format!("this `{keyword}` has no `end`"));
        match ending.ok_or_else(unended)? {
            Ending::End(_) => Ok(Vec::new()),
            Ending::Else { at: else_at, rest } => match rest.first().map(|token| token.kind.clone()) {
                None => match self.nodes()? {
                    (nodes, Some(Ending::End(_))) => Ok(nodes),
                    (_, Some(Ending::Else { at, .. })) => Err(error(at, "a second `else`")),
                    (_, None) => Err(unended()),
                },
                Some(TokenKind::Word(word)) if word == keyword && keyword != "range" => {
                    Ok(vec![self.block(else_at, keyword, rest)?])
                }
                Some(_) => Err(error(else_at, format!("after `else` comes nothing or `{keyword}`"))),
            },
        }
    }

    fn enter(&mut self, at: usize) -> Result<(), InvalidTemplate> {
        self.depth += 1;
        if self.depth > TEMPLATE_DEPTH_MAX {
            return Err(error(at, format!("nested deeper than {TEMPLATE_DEPTH_MAX}")));
        }
        Ok(())
    }

    /// A pipeline that fills its action, with at most `variables_max` variables set.
    fn whole_pipeline(
        &mut self,
        at: usize,
        tokens: Vec<Token>,
        variables_max: usize,
    ) -> Result<Pipeline, InvalidTemplate> {
        let mut reader = Reader { tokens, next: 0, end: at };
        let pipeline = self.pipeline(&mut reader, variables_max)?;
        match reader.peek() {
            None => Ok(pipeline),
            Some(token) => Err(error(token.at, "unexpected here")),
        }
    }

    fn pipeline(&mut self, reader: &mut Reader, variables_max: usize) -> Result<Pipeline, InvalidTemplate> {
        let (variables, declares) = self.assignment(reader, variables_max)?;
        let mut commands = vec![self.command(reader)?];
        while reader.take(&TokenKind::Pipe) {
            let at = reader.at();
            let command = self.command(reader)?;
            if !matches!(command, Command::Call { .. }) {
                return Err(error(at, "a function must follow `|`"));
            }
            commands.push(command);
        }
        if declares {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipeline { variables, declares, commands })
    }

    /// `$a :=`, `$a =` or, in a range, `$a, $b :=`, where one stands.
    fn assignment(&self, reader: &mut Reader, most: usize) -> Result<(Vec<String>, bool), InvalidTemplate> {
        let start = reader.next;
        let mut names = Vec::new();
        while let Some(TokenKind::Variable(name)) = reader.peek().map(|token| token.kind.clone()) {
            reader.next += 1;
            names.push(name);
            if names.len() >= most || !reader.take(&TokenKind::Comma) {
                break;
            }
        }
        let declares = !names.is_empty() && reader.take(&TokenKind::Declare);
        let assigns = !names.is_empty() && !declares && reader.take(&TokenKind::Assign);
        if !declares && !assigns {
            reader.next = start;
            return Ok((Vec::new(), false));
        }
        if assigns && let Some(unknown) = names.iter().find(|name| !self.variables.contains(name)) {
            return Err(error(reader.at(), format!("undefined variable `{unknown}`")));
        }
        Ok((names, declares))
    }

    fn command(&mut self, reader: &mut Reader) -> Result<Command, InvalidTemplate> {
        let at = reader.at();
        let first = self.operand(reader)?.ok_or_else(|| error(at, "expected a value or a function"))?;
        let mut arguments = Vec::new();
        while let Some(argument) = self.operand(reader)? {
            arguments.push(argument);
        }
        match first {
            Operand { base: Base::Function(function), fields } if fields.is_empty() => {
                Ok(Command::Call { function, arguments })
            }
            value if arguments.is_empty() => Ok(Command::Value(value)),
            _ => Err(error(at, "this is no function, so it takes no arguments")),
        }
    }

    fn operand(&mut self, reader: &mut Reader) -> Result<Option<Operand>, InvalidTemplate> {
        let Some(token) = reader.peek().cloned() else { return Ok(None) };
        let mut fields = Vec::new();
        let base = match token.kind {
            TokenKind::Pipe | TokenKind::Close => return Ok(None),
            TokenKind::Dot => Base::Dot,
            TokenKind::Field(name) => {
                fields.push(name);
                Base::Dot
            }
            TokenKind::Variable(name) if self.variables.contains(&name) => Base::Variable(name),
            TokenKind::Variable(name) => return Err(error(token.at, format!("undefined variable `{name}`"))),
            TokenKind::Literal(value) => Base::Literal(value),
            TokenKind::Word(word) => word_operand(&word, token.at)?,
            TokenKind::Open => {
                reader.next += 1;
                self.enter(token.at)?;
                let nested = self.pipeline(reader, 1)?;
                self.depth -= 1;
                if reader.peek().map(|token| &token.kind) != Some(&TokenKind::Close) {
                    return Err(error(token.at, "this `(` is not closed"));
                }
                Base::Nested(Box::new(nested))
            }
            TokenKind::Comma | TokenKind::Declare | TokenKind::Assign => {
                return Err(error(token.at, "unexpected here"));
            }
        };
        reader.next += 1;
        fields.extend(reader.adjoining_fields());
        Ok(Some(Operand { base, fields }))
    }
}

fn word_operand(word: &str, at: usize) -> Result<Base, InvalidTemplate> {
    match word {
        "true" => Ok(Base::Literal(Value::Bool(true))),
        "false" => Ok(Base::Literal(Value::Bool(false))),
        "nil" => Ok(Base::Literal(Value::Nil)),
        _ => functions::find(word)
            .map(Base::Function)
            .ok_or_else(|| error(at, format!("unknown function `{word}`"))),
    }
}

/// The tokens of one action.
struct Reader {
    tokens: Vec<Token>,
    next: usize,
    /// Where to point when nothing is left.
    end: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    fn take(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(found);
        found
    }

    /// Fields that follow without a blank between.
    fn adjoining_fields(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        while let Some(Token { kind: TokenKind::Field(name), spaced: false, .. }) = self.peek() {
            fields.push(name.clone());
            self.next += 1;
        }
        fields
    }
}
