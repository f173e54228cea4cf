//! Templates in labels and annotations: the part of Go's template language that Prometheus rules use, with Prometheus's
//! functions. Written for this room since rule files bring Go templates with them; notifications have another language.
//!
//! A template is parsed when its file is loaded, so that unknown functions and variables are found then; while it runs it
//! reads nothing but its data and the query function. It cannot run away: output, steps and nesting are bounded.

mod ast;
mod eval;
mod float;
mod functions;
mod humanize;
mod lexer;
mod parser;
mod printf;
mod value;

use std::sync::Arc;

use ballast_types::{Labels, Timestamp};

use ast::Node;

/// Answers an instant query; the error is what a person reads.
pub type QueryFn<'a> = dyn FnMut(&str, Timestamp) -> Result<Vec<(Labels, f64)>, String> + 'a;

/// Most bytes that one template may yield.
pub const TEMPLATE_OUTPUT_BYTES_MAX: usize = 64 << 10;
/// Most steps (nodes and function calls) that one expansion may take.
pub const TEMPLATE_STEPS_MAX: usize = 100_000;
/// Deepest nesting of blocks and parentheses.
pub const TEMPLATE_DEPTH_MAX: usize = 64;

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidTemplate {
    /// Where in the text, in characters from 0.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

/// What every template of an installation may name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Externals {
    /// `$externalLabels`: labels that distinguish this installation.
    pub labels: Labels,
    /// `$externalURL`: where people reach it.
    pub url: String,
}

/// What one expansion reads.
#[derive(Clone, Copy, Debug)]
pub struct TemplateData<'a> {
    /// `$labels`: the labels of the result.
    pub labels: &'a Labels,
    /// `$value`: its value.
    pub value: f64,
    /// The installation's own.
    pub externals: &'a Externals,
    /// The instant of the evaluation, at which `query` asks.
    pub now: Timestamp,
}

/// A parsed template. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Template {
    source: Arc<str>,
    nodes: Arc<[Node]>,
}

impl Template {
    /// Parses a text; one without `{{` stands for itself.
    pub fn parse(source: &str) -> Result<Self, InvalidTemplate> {
        let nodes = parser::parse(lexer::lex(source)?)?;
        Ok(Template { source: source.into(), nodes: nodes.into() })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Expands it. The error says what went wrong, for the place where the text would have stood.
    pub fn expand(&self, data: TemplateData<'_>, query: &mut QueryFn<'_>) -> Result<String, String> {
        if let [] | [Node::Text(_)] = &*self.nodes {
            return Ok(self.source.to_string());
        }
        eval::expand(&self.nodes, data, query)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

#[cfg(test)]
mod tests;
