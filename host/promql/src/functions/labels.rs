//! `label_replace` and `label_join`. They see the metric name even where a function before them said to drop it.

use ballast_types::labels::METRIC_NAME;
use regex::Regex;

use super::Function;
use crate::EvalError;
use crate::ast::Expr;
use crate::evaluate::refuse_duplicates;
use crate::step::{Element, Partial, Step};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(Function::Special(match name {
        "label_replace" => label_replace,
        "label_join" => label_join,
        _ => return None,
    }))
}

fn text(arguments: &[Expr], index: usize) -> &str {
    match arguments.get(index) {
        Some(Expr::Text(text)) => text,
        _ => "",
    }
}

fn label_replace(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let refuse = |reason: String| EvalError::Parameter { function: "label_replace", reason };
    let (target, template) = (text(arguments, 1), text(arguments, 2));
    let (source, pattern) = (text(arguments, 3), text(arguments, 4));
    let regex = Regex::new(&format!("^(?s:{pattern})$"))
        .map_err(|error| refuse(format!("invalid regular expression: {error}")))?;
    if target.is_empty() {
        return Err(refuse("invalid destination label name \"\"".to_owned()));
    }
    relabel(step, arguments, target, |element| {
        let captures = regex.captures(element.labels.get(source).unwrap_or_default())?;
        let mut value = String::new();
        captures.expand(template, &mut value);
        Some(value)
    })
}

fn label_join(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let (target, separator) = (text(arguments, 1), text(arguments, 2));
    let sources: Vec<&str> = (3..arguments.len()).map(|index| text(arguments, index)).collect();
    if target.is_empty() || sources.contains(&"") {
        let reason = "invalid label name \"\"".to_owned();
        return Err(EvalError::Parameter { function: "label_join", reason });
    }
    relabel(step, arguments, target, |element| {
        let values: Vec<&str> =
            sources.iter().map(|name| element.labels.get(name).unwrap_or_default()).collect();
        Some(values.join(separator))
    })
}

/// Sets the target label to what `value` yields; a name that is set stays.
fn relabel(
    step: &Step<'_>,
    arguments: &[Expr],
    target: &str,
    value: impl Fn(&Element) -> Option<String>,
) -> Result<Partial, EvalError> {
    let mut elements = arguments.first().map_or(Ok(Vec::new()), |tree| step.vector(tree))?;
    for element in &mut elements {
        if let Some(new) = value(element) {
            element.labels = element.labels.with(target, &new);
            element.drop_name &= target != METRIC_NAME;
        }
    }
    refuse_duplicates(elements.iter().map(|element| &element.labels))?;
    Ok(Partial::Vector(elements))
}
