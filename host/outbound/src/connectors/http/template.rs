//! Declared requests with their templates: checked when the connector is made, filled when it acts.
//!
//! Invariant: a value cannot change the request around it. In a path it is percent-encoded, in a query it is encoded by
//! the address, in a body it is written as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use ballast_types::call::LogQuery;
use ballast_types::{IdempotencyKey, ServiceName};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Output, Value};
use reqwest::Method;

use super::HttpConnectorError;
use super::arguments::EffectArguments;
use super::contract::{DeclaredRequest, Operation};

const NAMES: [&str; 10] =
    ["service", "instance", "to", "replicas", "name", "value", "since_ms", "limit", "contains", "key"];

/// What templates are filled with. A name without a value is `none`.
#[derive(Clone)]
pub(super) struct Variables(BTreeMap<&'static str, Value>);

impl Variables {
    pub(super) fn of_service(service: &ServiceName) -> Self {
        let mut values: BTreeMap<_, _> = NAMES.into_iter().map(|name| (name, Value::from(()))).collect();
        values.insert("service", Value::from(service.as_str()));
        Variables(values)
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    pub(super) fn with_key(self, key: &IdempotencyKey) -> Self {
        self.with("key", key.as_str())
    }

    pub(super) fn with_query(self, query: &LogQuery) -> Self {
        let with = self.with("since_ms", query.since_ms).with("limit", query.limit);
        with.with("contains", query.contains.as_str())
    }

    pub(super) fn with_arguments(self, arguments: &EffectArguments) -> Self {
        match arguments {
            EffectArguments::Restart { instance } => self.with_optional("instance", instance.as_deref()),
            EffectArguments::Rollback { to } => self.with_optional("to", to.as_deref()),
            EffectArguments::Scale { replicas } => self.with("replicas", *replicas),
            EffectArguments::SetParameter { name, value } => {
                self.with("name", name.as_str()).with("value", value.as_str())
            }
            EffectArguments::SwitchOver { to } => self.with("to", to.as_str()),
        }
    }

    fn with_optional(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn context(&self) -> Value {
        // Not `collect()`: that would make a list of pairs.
        Value::from_object(
            self.0
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect::<BTreeMap<String, Value>>(),
        )
    }

    /// Values such as an operation gets: with everything that is optional, or without.
    fn sample(operation: Operation, with_optional: bool) -> Self {
        let text = |text: &str| with_optional.then(|| text.to_owned());
        let variables = Variables::of_service(&ServiceName::new("service"));
        let Operation::Effect(verb) = operation else {
            return match operation {
                Operation::Logs => variables.with("since_ms", 1).with("limit", 1).with("contains", "text"),
                Operation::Settle => variables.with("key", "EX-1-1"),
                _ => variables,
            };
        };
        use ballast_types::call::Verb;
        let arguments = match verb {
            Verb::Restart => EffectArguments::Restart { instance: text("a") },
            Verb::Rollback => EffectArguments::Rollback { to: text("1") },
            Verb::Scale => EffectArguments::Scale { replicas: 1 },
            Verb::SetParameter => {
                EffectArguments::SetParameter { name: "n".to_owned(), value: "v".to_owned() }
            }
            Verb::SwitchOver => EffectArguments::SwitchOver { to: "b".to_owned() },
        };
        variables.with_arguments(&arguments).with("key", "EX-1-1")
    }
}

/// The template engine, once for each place that a value can stand in.
pub(super) struct Renderer {
    path: Environment<'static>,
    query: Environment<'static>,
    body: Environment<'static>,
}

impl Renderer {
    pub(super) fn new() -> Self {
        let environment = |write: fn(&mut Output<'_>, &Value) -> Result<(), Error>| {
            let mut environment = Environment::new();
            environment.set_formatter(move |out, _, value| write(out, value));
            environment
        };
        Renderer {
            path: environment(write_path_part),
            query: environment(write_plain),
            body: environment(write_json),
        }
    }
}

fn write_path_part(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    let text = if value.is_none() || value.is_undefined() { String::new() } else { value.to_string() };
    if text.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "a value in the path is empty or not given"));
    }
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.write_char(char::from(byte))?
            }
            other => write!(out, "%{other:02X}")?,
        }
    }
    Ok(())
}

fn write_plain(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    match value.is_none() || value.is_undefined() {
        true => Ok(()),
        false => Ok(write!(out, "{value}")?),
    }
}

fn write_json(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => Ok(out.write_str("null")?),
        ValueKind::Bool | ValueKind::Number => Ok(write!(out, "{value}")?),
        _ => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Ok(write!(out, "{}", serde_json::Value::String(text))?)
        }
    }
}

/// A request that was checked.
pub(super) struct CompiledRequest {
    method: Method,
    declared: DeclaredRequest,
}

/// A request as it is sent.
#[derive(Debug)]
pub(super) struct FilledRequest {
    /// Without a slash at its beginning.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl CompiledRequest {
    /// Checks the method and all templates, by filling them with samples.
    pub(super) fn new(
        operation: Operation,
        declared: DeclaredRequest,
        renderer: &Renderer,
    ) -> Result<Self, HttpConnectorError> {
        let wrong = |part, reason| HttpConnectorError::Request { operation, part, reason };
        let method = method(&declared.method).map_err(|reason| wrong("the method", reason))?;
        for (part, source) in declared.templates() {
            check_names(source).map_err(|reason| wrong(part, reason))?;
        }
        let compiled = CompiledRequest { method, declared };
        let full = Variables::sample(operation, true);
        compiled.path(renderer, &full).map_err(|reason| wrong("the path", reason))?;
        for sample in [full, Variables::sample(operation, false)] {
            compiled.query(renderer, &sample, true).map_err(|reason| wrong("the query", reason))?;
            compiled.body(renderer, &sample).map_err(|reason| wrong("the body", reason))?;
        }
        Ok(compiled)
    }

    pub(super) fn method(&self) -> Method {
        self.method.clone()
    }

    pub(super) fn has_preview(&self) -> bool {
        self.declared.preview_query.is_some()
    }

    /// Fills everything in; the error is a reason in words.
    pub(super) fn fill(
        &self,
        renderer: &Renderer,
        variables: &Variables,
        preview: bool,
    ) -> Result<FilledRequest, String> {
        Ok(FilledRequest {
            path: self.path(renderer, variables)?,
            query: self.query(renderer, variables, preview)?,
            body: self.body(renderer, variables)?,
        })
    }

    fn path(&self, renderer: &Renderer, variables: &Variables) -> Result<String, String> {
        let source = self.declared.path.trim_start_matches('/');
        let path = render(&renderer.path, source, variables)?;
        // The encoding leaves dots as they are, and an address with `..` in it means another one.
        match path.split('/').any(|part| matches!(part, "." | "..")) {
            true => Err(format!("the path `{path}` leads elsewhere")),
            false => Ok(path),
        }
    }

    fn query(
        &self,
        renderer: &Renderer,
        variables: &Variables,
        preview: bool,
    ) -> Result<Vec<(String, String)>, String> {
        let more = self.declared.preview_query.iter().flatten().filter(|_| preview);
        let mut query = Vec::new();
        for (name, source) in self.declared.query.iter().chain(more) {
            let value = render(&renderer.query, source, variables)?;
            if !value.is_empty() {
                query.push((name.clone(), value));
            }
        }
        Ok(query)
    }

    fn body(&self, renderer: &Renderer, variables: &Variables) -> Result<Option<String>, String> {
        let Some(source) = &self.declared.body else { return Ok(None) };
        let body = render(&renderer.body, source, variables)?;
        match serde_json::from_str::<serde::de::IgnoredAny>(&body) {
            Ok(_) => Ok(Some(body)),
            Err(error) => Err(format!("`{body}` is no JSON: {error} (a value brings its own quotes)")),
        }
    }
}

impl DeclaredRequest {
    fn templates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let query = self.query.values().chain(self.preview_query.iter().flat_map(BTreeMap::values));
        let path = std::iter::once(("the path", self.path.as_str()));
        let body = self.body.iter().map(|source| ("the body", source.as_str()));
        path.chain(query.map(|source| ("the query", source.as_str()))).chain(body)
    }
}

fn method(name: &str) -> Result<Method, String> {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let found = known.into_iter().find(|method| method.as_str() == name);
    found.ok_or_else(|| format!("`{name}` is none of GET, POST, PUT, PATCH and DELETE"))
}

fn check_names(source: &str) -> Result<(), String> {
    let environment = Environment::new();
    let template = environment.template_from_str(source).map_err(|error| words(&error))?;
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !NAMES.contains(&name.as_str()));
    unknown.sort();
    match unknown.first() {
        Some(name) => Err(format!("there is no `{name}`, only {}", NAMES.join(", "))),
        None => Ok(()),
    }
}

fn render(environment: &Environment<'static>, source: &str, variables: &Variables) -> Result<String, String> {
    environment.render_str(source, variables.context()).map_err(|error| words(&error))
}

fn words(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
