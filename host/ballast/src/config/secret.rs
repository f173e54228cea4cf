//! Secrets: a key `token` may be given as `token_file` or `tokenFile` instead, with the path of a file that holds the value.
//! So a configuration can be kept where secrets must not be.

use super::context::Context;
use super::map::{entries, report_repeated};
use super::text::text;
use super::tree::{Entry, Node};
use super::value;

/// Most bytes of a secret.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// A map with free keys whose values are secrets, such as the header fields of requests.
pub(super) fn secrets(context: &Context<'_>, node: &Node) -> Option<Vec<(String, String)>> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    let mut found: Vec<(String, String)> = Vec::new();
    for entry in entries {
        let (name, value) = named(context, entry);
        let is_twice = found.iter().any(|(other, _)| other == name);
        match value {
            _ if is_twice => {
                context.problem(entry.key_at, format!("`{name}` is given twice, as a value and as a file"))
            }
            Some(value) => found.push((name.to_owned(), value)),
            None => {}
        }
    }
    Some(found)
}

fn named<'a>(context: &Context<'_>, entry: &'a Entry) -> (&'a str, Option<String>) {
    let key = entry.key.as_str();
    match key.strip_suffix("_file").or_else(|| key.strip_suffix("File")).filter(|name| !name.is_empty()) {
        Some(name) => (name, from_file(context, &entry.value)),
        None => (key, text(context, &entry.value)),
    }
}

/// The content of the file that a node names, without white space around it.
fn from_file(context: &Context<'_>, node: &Node) -> Option<String> {
    let path = value::path(context, node)?;
    let shown = path.display();
    let size = std::fs::metadata(&path).map(|metadata| metadata.len());
    let content = match size {
        Ok(size) if size > SECRET_BYTES_MAX => {
            context
                .problem(node.at, format!("the secret file {shown} is larger than {SECRET_BYTES_MAX} bytes"));
            return None;
        }
        _ => std::fs::read_to_string(&path),
    };
    match content.map(|content| content.trim().to_owned()) {
        Ok(secret) if secret.is_empty() => {
            context.problem(node.at, format!("the secret file {shown} is empty"))
        }
        Ok(secret) => return Some(secret),
        Err(error) => {
            let message = format!("cannot read the secret file {shown}: {error}");
            context.problem_with_help(node.at, message, "relative paths start at the configuration's folder");
        }
    }
    None
}
