//! Values of the template language, and how Go prints, compares and tests them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use ballast_types::Labels;

use super::float;

/// A value while a template runs. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    Labels(Labels),
    /// One element of a query's answer.
    Sample(Labels, f64),
    List(Arc<[Value]>),
    /// What the template was given: `$` and, at first, the dot.
    Data,
}

impl Value {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Value::Text(text.into())
    }

    /// Go's name of the type, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::Labels(_) => "map[string]string",
            Value::Sample(..) => "*template.sample",
            Value::List(_) => "template.queryResult",
            Value::Data => "template data",
        }
    }

    /// Whether an `if` takes its first branch.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Text(value) => !value.is_empty(),
            Value::Labels(value) => !value.is_empty(),
            Value::List(value) => !value.is_empty(),
            Value::Sample(..) | Value::Data => true,
        }
    }

    /// As a number, which a text may spell.
    pub(super) fn number(&self) -> Result<f64, String> {
        match self {
            Value::Int(value) => Ok(*value as f64),
            Value::Float(value) => Ok(*value),
            Value::Text(text) => text.parse().map_err(|_| format!("`{text}` is no number")),
            other => Err(format!("can't convert {} to a number", other.type_name())),
        }
    }

    /// As text, which it must be.
    pub(super) fn as_text(&self) -> Result<&str, String> {
        match self {
            Value::Text(text) => Ok(text),
            other => Err(format!("wrong type: expected string, got {}", other.type_name())),
        }
    }

    /// As the answer of a query.
    pub(super) fn as_list(&self) -> Result<&[Value], String> {
        match self {
            Value::List(items) => Ok(items),
            other => Err(format!("wrong type: expected the result of a query, got {}", other.type_name())),
        }
    }

    /// The order of two values of one kind; whole numbers and fractions may meet.
    pub(super) fn compare(&self, other: &Value) -> Result<Option<Ordering>, String> {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
                Ok(self.number()?.partial_cmp(&other.number()?))
            }
            (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
            _ => Err(format!("can't compare {} with {}", self.type_name(), other.type_name())),
        }
    }

    /// Go's equality.
    pub(super) fn equals(&self, other: &Value) -> Result<bool, String> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
            (Value::Nil, other) | (other, Value::Nil) => Ok(*other == Value::Nil),
            _ => Ok(self.compare(other)? == Some(Ordering::Equal)),
        }
    }
}

impl fmt::Display for Value {
    /// As Go's `%v`; a missing value is `<no value>` as templates write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("<no value>"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => f.write_str(&float::shortest(*value)),
            Value::Text(value) => f.write_str(value),
            Value::Labels(labels) => write_map(f, labels),
            Value::Sample(labels, value) => {
                f.write_str("{")?;
                write_map(f, labels)?;
                write!(f, " {}}}", float::shortest(*value))
            }
            Value::List(items) => {
                f.write_str("[")?;
                for (n, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if n == 0 { "" } else { " " })?;
                }
                f.write_str("]")
            }
            Value::Data => f.write_str("<template data>"),
        }
    }
}

fn write_map(f: &mut fmt::Formatter<'_>, labels: &Labels) -> fmt::Result {
    f.write_str("map[")?;
    for (n, (name, value)) in labels.iter().enumerate() {
        write!(f, "{}{name}:{value}", if n == 0 { "" } else { " " })?;
    }
    f.write_str("]")
}
