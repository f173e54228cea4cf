//! The text of a scalar: `${NAME}` and `${NAME:-default}` are taken from the environment, `$${` stands for itself. Only a
//! configuration is expanded, never a rule file: there `$` belongs to templates.

use super::context::Context;
use super::tree::{Content, Node};

/// The text of a single value, with the environment filled in. Reports what is no single value, and unset variables.
pub(super) fn text(context: &Context<'_>, node: &Node) -> Option<String> {
    let Content::Scalar(scalar) = &node.content else {
        context.problem(node.at, format!("expected a single value, found {}", node.kind()));
        return None;
    };
    match expand(&scalar.text, &|name| context.variable(name)) {
        Ok(text) => Some(text),
        Err(Unexpanded { piece, message, help }) => {
            context.problem_with_help(context.place_of(node, scalar, &piece), message, help);
            None
        }
    }
}

/// Why a text could not be expanded.
#[derive(Debug, PartialEq, Eq)]
struct Unexpanded {
    /// What stands there.
    piece: String,
    message: String,
    help: String,
}

fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Unexpanded> {
    let (mut expanded, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        expanded.push_str(before);
        let Some((inside, after)) = after.split_once('}') else {
            return Err(unexpanded(format!("${{{after}"), "`${` without a `}`".to_owned()));
        };
        expanded.push_str(&value_of(inside, variable)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn value_of(inside: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Unexpanded> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let piece = format!("${{{inside}}}");
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !is_name {
        return Err(unexpanded(piece, format!("`{name}` is no name of an environment variable")));
    }
    // As a shell does with `:-`, an empty variable counts as unset where there is a default.
    let value = variable(name).filter(|value| default.is_none() || !value.is_empty());
    value.or_else(|| default.map(str::to_owned)).ok_or_else(|| Unexpanded {
        piece,
        message: format!("the environment variable `{name}` is not set"),
        help: format!("set it, or give a default: `${{{name}:-value}}`"),
    })
}

fn unexpanded(piece: String, message: String) -> Unexpanded {
    let help = "write `${NAME}` or `${NAME:-default}`; `$${` stands for a plain `${`".to_owned();
    Unexpanded { piece, message, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("db.local".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_defaults_and_escapes() {
        for (text, expected) in [
            ("plain $HOST", "plain $HOST"),
            ("http://${HOST}:80/${PATH_X:-metrics}", "http://db.local:80/metrics"),
            ("${EMPTY}", ""),
            ("${EMPTY:-x}", "x"),
            ("${UNSET:-}", ""),
            ("${UNSET:-a:-b}", "a:-b"),
            ("$${HOST}", "${HOST}"),
        ] {
            assert_eq!(expand(text, &environment), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_named() {
        for (text, piece) in
            [("a ${UNSET}", "${UNSET}"), ("${a b}", "${a b}"), ("${", "${"), ("${1X}", "${1X}")]
        {
            assert_eq!(expand(text, &environment).unwrap_err().piece, piece, "{text}");
        }
    }
}
