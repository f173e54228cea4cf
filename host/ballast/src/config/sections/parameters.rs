//! `parameters`: what a runbook is told, from YAML to the JSON object that it reads.

use serde_json::{Map, Value};

use crate::config::context::Context;
use crate::config::map::{entries, report_repeated};
use crate::config::text::text;
use crate::config::tree::{Content, Node};

/// A map as a JSON object.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Option<String> {
    Some(Value::Object(object(context, node)).to_string())
}

fn object(context: &Context<'_>, node: &Node) -> Map<String, Value> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    entries.iter().filter_map(|entry| Some((entry.key.clone(), value(context, &entry.value)?))).collect()
}

fn value(context: &Context<'_>, node: &Node) -> Option<Value> {
    Some(match &node.content {
        Content::Null => Value::Null,
        Content::Map(_) => Value::Object(object(context, node)),
        Content::List(items) => Value::Array(items.iter().filter_map(|item| value(context, item)).collect()),
        Content::Scalar(scalar) => {
            let text = text(context, node)?;
            if scalar.quoted { Value::String(text) } else { plain(text) }
        }
    })
}

/// A text without quotes is a number or a truth value where JSON would read it as one.
fn plain(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
        _ => Value::String(text),
    }
}
