//! The parts of a parsed template. Plain data: the parser makes it, the evaluator walks it.

use super::value::Value;

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Text that stands for itself.
    Text(String),
    /// `{{ pipeline }}`: prints the value, unless the pipeline only sets variables.
    Print(Pipeline),
    /// `{{ if }} .. {{ else }} .. {{ end }}`
    If(Block),
    /// `{{ with }}`: as `if`, with the dot set to the value.
    With(Block),
    /// `{{ range }}`: once for each element; the other branch where there is none.
    Range(Block),
    /// `{{ break }}`
    Break,
    /// `{{ continue }}`
    Continue,
}

/// A pipeline with two branches.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) pipeline: Pipeline,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// Commands of which each takes the value of the one before as its last argument.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    /// Variables that take the value: one, or two in a `range`.
    pub(super) variables: Vec<String>,
    /// Whether they are new (`:=`) or already there (`=`).
    pub(super) declares: bool,
    pub(super) commands: Vec<Command>,
}

/// One operand, or a function with its arguments.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Value(Operand),
    Call { function: &'static str, arguments: Vec<Operand> },
}

/// A value and the fields that are taken from it in turn.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) base: Base,
    pub(super) fields: Vec<String>,
}

/// Where an operand starts.
#[derive(Clone, Debug)]
pub(super) enum Base {
    /// `.`
    Dot,
    /// `$name`; `$` alone is the data.
    Variable(String),
    Literal(Value),
    /// A function without arguments in the place of an argument.
    Function(&'static str),
    /// `( pipeline )`
    Nested(Box<Pipeline>),
}
