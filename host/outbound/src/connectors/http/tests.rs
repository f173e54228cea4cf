//! The connector against a small platform that really keeps keys, and against servers that do not behave.

mod declared;
mod effects;
mod platform;
mod reads;

use serde_json::Value;

use super::*;

const TIMEOUT: Duration = Duration::from_millis(400);

fn config(url: &str) -> HttpConnectorConfig {
    HttpConnectorConfig { timeout: TIMEOUT, ..HttpConnectorConfig::new(ServiceName::new("api"), url) }
}

fn connector(url: &str) -> HttpConnector {
    HttpConnector::new(config(url)).unwrap()
}

fn effect(verb: Verb, arguments: Value) -> ServiceEffect {
    ServiceEffect { service: ServiceName::new("api"), verb, arguments }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text)
}
