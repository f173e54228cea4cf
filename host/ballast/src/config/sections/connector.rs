//! `connector`: how a service is acted on. Only `http` for now; each kind has a key of its own.

use std::collections::BTreeMap;

use ballast_alerting::Position;
use ballast_outbound::{DeclaredRequest, HttpConnector, HttpConnectorConfig, HttpConnectorError, Operation};
use ballast_types::ServiceName;

use crate::config::closest::closest;
use crate::config::context::Context;
use crate::config::map::{Map, entries, report_repeated, texts};
use crate::config::secret::secrets;
use crate::config::text::text;
use crate::config::tree::{Entry, Node};
use crate::config::value;

/// `http`.
pub(super) fn read(context: &Context<'_>, node: &Node, service: &ServiceName) -> Option<HttpConnectorConfig> {
    let mut map = Map::of(context, node);
    let http = map.need("http", |context, node| http(context, node, service));
    map.finish();
    http
}

/// `baseUrl`, `headers`, `timeout`, `idempotentKeys`, `requests`.
fn http(context: &Context<'_>, node: &Node, service: &ServiceName) -> Option<HttpConnectorConfig> {
    let mut map = Map::of(context, node);
    let base_at = map.node("baseUrl").map_or(node.at, |node| node.at);
    let headers_at = map.node("headers").map_or(node.at, |node| node.at);
    let base_url = map.need("baseUrl", text);
    let mut config = HttpConnectorConfig::new(service.clone(), base_url.clone().unwrap_or_default());
    config.headers = map.get("headers", secrets).unwrap_or_default();
    config.timeout = map.get("timeout", value::span).unwrap_or(config.timeout);
    config.idempotent_keys = map.get("idempotentKeys", value::truth);
    let requests = map.get("requests", requests).unwrap_or_default();
    config.requests =
        requests.iter().map(|(operation, (_, request))| (*operation, request.clone())).collect();
    map.finish();
    base_url?;
    // Made and dropped: the connector itself knows best what it cannot be made of. Nothing is sent.
    if let Err(error) = HttpConnector::new(config.clone()) {
        let at = match &error {
            HttpConnectorError::BaseUrl { .. } => base_at,
            HttpConnectorError::Header { .. } => headers_at,
            HttpConnectorError::Request { operation, .. } => {
                requests.get(operation).map_or(node.at, |(at, _)| *at)
            }
            HttpConnectorError::Client(_) => node.at,
        };
        context.problem(at, format!("cannot make a connector: failed to {error}"));
        return None;
    }
    Some(config)
}

/// Requests by the operation that they stand for.
fn requests(context: &Context<'_>, node: &Node) -> Option<BTreeMap<Operation, (Position, DeclaredRequest)>> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    let read =
        |entry: &Entry| Some((operation(context, entry)?, (entry.value.at, request(context, &entry.value)?)));
    Some(entries.iter().filter_map(read).collect())
}

fn operation(context: &Context<'_>, entry: &Entry) -> Option<Operation> {
    let operation = Operation::parse(&entry.key);
    if operation.is_none() {
        let names: Vec<_> = Operation::all().map(Operation::name).collect();
        let help = match closest(&entry.key, names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("known are {}", names.join(", ")),
        };
        context.problem_with_help(entry.key_at, format!("unknown operation `{}`", entry.key), help);
    }
    operation
}

/// `method`, `path`, `query`, `body`, `previewQuery`.
fn request(context: &Context<'_>, node: &Node) -> Option<DeclaredRequest> {
    let mut map = Map::of(context, node);
    let request = (
        map.need("method", text),
        map.need("path", text),
        map.get("query", pairs).unwrap_or_default(),
        map.get("body", text),
        map.get("previewQuery", pairs),
    );
    map.finish();
    let (method, path, query, body, preview_query) = request;
    Some(DeclaredRequest { method: method?, path: path?, query, body, preview_query })
}

fn pairs(context: &Context<'_>, node: &Node) -> Option<BTreeMap<String, String>> {
    let texts = texts(context, node).into_iter();
    Some(texts.map(|(entry, value)| (entry.key.clone(), value)).collect())
}
