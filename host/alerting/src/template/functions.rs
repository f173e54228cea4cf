//! The functions that templates may call: Go's own, and those of the template reference of Prometheus. A name that is not
//! in the table is an error when the file is loaded.

use std::cmp::Ordering;

use ballast_types::parse_duration;
use regex::Regex;

use super::value::Value;
use super::{QueryFn, TemplateData, humanize, printf};

/// What functions may reach besides their arguments.
pub(super) struct World<'a, 'q> {
    pub(super) data: TemplateData<'a>,
    pub(super) query: &'a mut QueryFn<'q>,
}

/// Names with the fewest and the most arguments that they take.
const FUNCTIONS: [(&str, usize, usize); 45] = [
    ("and", 1, MANY),
    ("or", 1, MANY),
    ("not", 1, 1),
    ("eq", 2, MANY),
    ("ne", 2, 2),
    ("lt", 2, 2),
    ("le", 2, 2),
    ("gt", 2, 2),
    ("ge", 2, 2),
    ("len", 1, 1),
    ("index", 1, MANY),
    ("print", 0, MANY),
    ("println", 0, MANY),
    ("printf", 1, MANY),
    ("html", 1, 1),
    ("urlquery", 1, 1),
    ("query", 1, 1),
    ("first", 1, 1),
    ("label", 2, 2),
    ("value", 1, 1),
    ("strvalue", 1, 1),
    ("sortByLabel", 2, 2),
    ("humanize", 1, 1),
    ("humanize1024", 1, 1),
    ("humanizeDuration", 1, 1),
    ("humanizePercentage", 1, 1),
    ("humanizeTimestamp", 1, 1),
    ("toDuration", 1, 1),
    ("toTime", 1, 1),
    ("parseDuration", 1, 1),
    ("now", 0, 0),
    ("title", 1, 1),
    ("toUpper", 1, 1),
    ("toLower", 1, 1),
    ("match", 2, 2),
    ("reReplaceAll", 3, 3),
    ("stripPort", 1, 1),
    ("stripDomain", 1, 1),
    ("safeHtml", 1, 1),
    ("graphLink", 1, 1),
    ("tableLink", 1, 1),
    ("externalURL", 0, 0),
    ("pathPrefix", 0, 0),
    ("trimSpace", 1, 1),
    ("float64", 1, 1),
];
const MANY: usize = usize::MAX;

/// The function's own name, where there is such a function.
pub(super) fn find(name: &str) -> Option<&'static str> {
    FUNCTIONS.iter().map(|(known, ..)| *known).find(|known| *known == name)
}

/// Calls a function by name.
pub(super) fn call(name: &str, arguments: &[Value], world: &mut World<'_, '_>) -> Result<Value, String> {
    let (_, least, most) = FUNCTIONS.iter().find(|(known, ..)| *known == name).ok_or("no such function")?;
    if arguments.len() < *least || arguments.len() > *most {
        return Err(format!("wrong number of arguments: got {}", arguments.len()));
    }
    match arguments {
        [] => nullary(name, world),
        [one] => unary(name, one, world),
        [first, second] if most == &2 => binary(name, first, second),
        [pattern, replacement, text] if name == "reReplaceAll" => replace_all(pattern, replacement, text),
        [first, rest @ ..] => variadic(name, first, rest),
    }
}

fn nullary(name: &str, world: &World<'_, '_>) -> Result<Value, String> {
    let url = world.data.externals.url.as_str();
    match name {
        "now" => Ok(Value::Float(world.data.now.as_secs_f64())),
        "externalURL" => Ok(Value::text(url)),
        "pathPrefix" => Ok(Value::text(url_path(url))),
        "print" => Ok(Value::text("")),
        "println" => Ok(Value::text("\n")),
        _ => Err("arguments are missing".to_owned()),
    }
}

fn url_path(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.find('/').and_then(|at| host.get(at..)).unwrap_or_default().trim_end_matches('/')
}

fn unary(name: &str, value: &Value, world: &mut World<'_, '_>) -> Result<Value, String> {
    if let Some(text) = of_number(name, value) {
        return text.map(Value::text);
    }
    if let Some(text) = of_text(name, value) {
        return text.map(Value::text);
    }
    match name {
        "not" => Ok(Value::Bool(!value.is_true())),
        "and" | "or" | "index" => Ok(value.clone()),
        "len" => length(value),
        "query" => query(value.as_text()?, world),
        "first" => value.as_list()?.first().cloned().ok_or_else(|| "the query has no result".to_owned()),
        "value" => sample(value).map(|(_, value)| Value::Float(value)),
        "strvalue" => {
            sample(value).map(|(labels, _)| Value::text(labels.get("__value__").unwrap_or_default()))
        }
        "toDuration" | "toTime" | "float64" => value.number().map(Value::Float),
        "parseDuration" => {
            let duration = parse_duration(value.as_text()?).map_err(|error| error.to_string())?;
            Ok(Value::Float(duration.as_secs_f64()))
        }
        _ => variadic(name, value, &[]),
    }
}

fn of_number(name: &str, value: &Value) -> Option<Result<String, String>> {
    let write: fn(f64) -> Result<String, String> = match name {
        "humanize" => |n| Ok(humanize::metric(n)),
        "humanize1024" => |n| Ok(humanize::binary(n)),
        "humanizeDuration" => |n| Ok(humanize::duration(n)),
        "humanizePercentage" => |n| Ok(humanize::percentage(n)),
        "humanizeTimestamp" => humanize::timestamp,
        _ => return None,
    };
    Some(value.number().and_then(write))
}

fn of_text(name: &str, value: &Value) -> Option<Result<String, String>> {
    let change: fn(&str) -> String = match name {
        "title" => title,
        "toUpper" => str::to_uppercase,
        "toLower" => str::to_lowercase,
        "trimSpace" => |text| text.trim().to_owned(),
        "safeHtml" => str::to_owned,
        "stripPort" => |text| strip_port(text).to_owned(),
        "stripDomain" => strip_domain,
        "graphLink" => |text| format!("/graph?g0.expr={}&g0.tab=0", url_query(text)),
        "tableLink" => |text| format!("/graph?g0.expr={}&g0.tab=1", url_query(text)),
        "html" => return Some(Ok(html(&value.to_string()))),
        "urlquery" => return Some(Ok(url_query(&value.to_string()))),
        _ => return None,
    };
    Some(value.as_text().map(change))
}

fn binary(name: &str, first: &Value, second: &Value) -> Result<Value, String> {
    let ordered = |wanted: fn(Ordering) -> bool| Ok(Value::Bool(first.compare(second)?.is_some_and(wanted)));
    match name {
        "ne" => Ok(Value::Bool(!first.equals(second)?)),
        "lt" => ordered(Ordering::is_lt),
        "le" => ordered(Ordering::is_le),
        "gt" => ordered(Ordering::is_gt),
        "ge" => ordered(Ordering::is_ge),
        "label" => sample(second)
            .and_then(|(labels, _)| Ok(Value::text(labels.get(first.as_text()?).unwrap_or_default()))),
        "sortByLabel" => sort_by_label(first.as_text()?, second.as_list()?),
        "match" => Ok(Value::Bool(pattern(first)?.is_match(second.as_text()?))),
        _ => Err("wrong number of arguments".to_owned()),
    }
}

fn variadic(name: &str, first: &Value, rest: &[Value]) -> Result<Value, String> {
    match name {
        "eq" => {
            rest.iter().try_fold(false, |found, other| Ok(found || first.equals(other)?)).map(Value::Bool)
        }
        "index" => rest.iter().try_fold(first.clone(), |value, key| index(&value, key)),
        "printf" => Ok(Value::text(printf::sprintf(first.as_text()?, rest))),
        "print" => Ok(Value::text(print(first, rest))),
        "println" => {
            let words: Vec<String> = [first].into_iter().chain(rest).map(Value::to_string).collect();
            Ok(Value::text(words.join(" ") + "\n"))
        }
        _ => Err("wrong number of arguments".to_owned()),
    }
}

/// Go's `Sprint`: a blank between two operands of which neither is a text.
fn print(first: &Value, rest: &[Value]) -> String {
    let mut text = first.to_string();
    let mut before = first;
    for value in rest {
        if !matches!(before, Value::Text(_)) && !matches!(value, Value::Text(_)) {
            text.push(' ');
        }
        text.push_str(&value.to_string());
        before = value;
    }
    text
}

fn query(expression: &str, world: &mut World<'_, '_>) -> Result<Value, String> {
    let answer = (world.query)(expression, world.data.now)?;
    Ok(Value::List(answer.into_iter().map(|(labels, value)| Value::Sample(labels, value)).collect()))
}

fn sample(value: &Value) -> Result<(&ballast_types::Labels, f64), String> {
    match value {
        Value::Sample(labels, value) => Ok((labels, *value)),
        other => {
            Err(format!("wrong type: expected one element of a query's result, got {}", other.type_name()))
        }
    }
}

fn sort_by_label(label: &str, items: &[Value]) -> Result<Value, String> {
    let key = |item: &Value| sample(item).map(|(labels, _)| labels.get(label).unwrap_or_default().to_owned());
    let mut keyed =
        items.iter().map(|item| Ok((key(item)?, item.clone()))).collect::<Result<Vec<_>, String>>()?;
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Value::List(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn length(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::Labels(labels) => labels.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("{} has no length", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(value: &Value, key: &Value) -> Result<Value, String> {
    match (value, key) {
        (Value::Labels(labels), Value::Text(name)) => Ok(Value::text(labels.get(name).unwrap_or_default())),
        (Value::List(items), Value::Int(at)) => {
            let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
            item.cloned().ok_or_else(|| format!("index out of range: {at}"))
        }
        (value, key) => Err(format!("can't index {} with {}", value.type_name(), key.type_name())),
    }
}

fn pattern(value: &Value) -> Result<Regex, String> {
    let text = value.as_text()?;
    Regex::new(text).map_err(|_| format!("`{text}` is no regular expression"))
}

fn replace_all(expression: &Value, replacement: &Value, text: &Value) -> Result<Value, String> {
    Ok(Value::text(pattern(expression)?.replace_all(text.as_text()?, replacement.as_text()?)))
}

fn title(text: &str) -> String {
    let mut before = ' ';
    let mut titled = String::with_capacity(text.len());
    for char in text.chars() {
        if before.is_alphanumeric() || matches!(before, '_' | '\'') {
            titled.push(char);
        } else {
            titled.extend(char.to_uppercase());
        }
        before = char;
    }
    titled
}

/// The host of `host:port`; an address in brackets loses them with its port.
fn strip_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, _)) if host.starts_with('[') && host.ends_with(']') => host.trim_matches(['[', ']']),
        Some((host, _)) if !host.contains(':') => host,
        _ => text,
    }
}

/// The first part of a host's name, its port kept; addresses stay as they are.
fn strip_domain(text: &str) -> String {
    let host = strip_port(text);
    let port = text.rsplit_once(':').filter(|_| host.len() < text.len()).map(|(_, port)| port);
    if host.parse::<std::net::IpAddr>().is_ok() {
        return text.to_owned();
    }
    let name = host.split('.').next().unwrap_or(host);
    port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn html(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&#34;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

fn url_query(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}
