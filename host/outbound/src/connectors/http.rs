//! A service that is acted on over HTTP, by declared requests.
//!
//! ```text
//!  ServiceEffect ─► arguments (checked) ─► request (templates filled) ─► exchange ─► answer (decoded) ─► Change
//! ```
//!
//! Invariant: an effect is `unavailable` only if it was not sent or the platform itself says that it failed; whatever
//! was sent and lost is `uncertain`. Redirects are never followed, since a followed POST becomes a GET.

mod answer;
mod arguments;
mod contract;
mod template;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ballast_ports::{Connector, Settled};
use ballast_types::call::{
    CallClass, CallError, CallErrorKind, Change, Dependency, Deployment, Instance, LogLine, LogQuery,
    ServiceEffect, ServiceInfo, Verb,
};
use ballast_types::limits::CALL_BYTES_MAX;
use ballast_types::{IdempotencyKey, ServiceName};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};

use self::arguments::EffectArguments;
pub use self::contract::{DeclaredRequest, Operation};
use self::template::{CompiledRequest, Renderer, Variables};
use crate::client::{self, Answer, BuildClientError};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// How a service is reached over HTTP.
#[derive(Clone)]
pub struct HttpConnectorConfig {
    /// The service.
    pub service: ServiceName,
    /// Absolute address; the paths of the requests are relative to it.
    pub base_url: String,
    /// Requests other than the default contract's. Answers have the contract's shapes all the same.
    pub requests: BTreeMap<Operation, DeclaredRequest>,
    /// Sent with every request, for instance `Authorization`. Values are secrets: they are in no message.
    pub headers: Vec<(String, String)>,
    /// How long one exchange may take.
    pub timeout: Duration,
    /// Whether the platform does the work of one `Idempotency-Key` once. `None`: yes for the requests of the default
    /// contract, no for others.
    pub idempotent_keys: Option<bool>,
}

impl HttpConnectorConfig {
    /// The default contract at an address, ten seconds an exchange.
    pub fn new(service: ServiceName, base_url: impl Into<String>) -> Self {
        HttpConnectorConfig {
            service,
            base_url: base_url.into(),
            requests: BTreeMap::new(),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            idempotent_keys: None,
        }
    }
}

impl fmt::Debug for HttpConnectorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpConnectorConfig")
            .field("service", &self.service)
            .field("base_url", &self.base_url)
            .field("requests", &self.requests)
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("idempotent_keys", &self.idempotent_keys)
            .finish()
    }
}

/// Why a connector cannot be made from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum HttpConnectorError {
    /// The base address is none.
    #[error("read the base address `{url}`: {reason}")]
    BaseUrl {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// A header cannot be sent.
    #[error("set the header `{name}`: no such name or value is possible")]
    Header {
        /// Its name.
        name: String,
    },
    /// A declared request makes no sense.
    #[error("read {part} of the request for `{operation}`: {reason}")]
    Request {
        /// Which request.
        operation: Operation,
        /// `the path`, `the body`, `the method`, `the query`.
        part: &'static str,
        /// Why.
        reason: String,
    },
    /// There is no client.
    #[error(transparent)]
    Client(#[from] BuildClientError),
}

/// Acts on one service by HTTP requests.
pub struct HttpConnector {
    config: HttpConnectorConfig,
    /// Without a slash at its end.
    base: String,
    headers: HeaderMap,
    requests: BTreeMap<Operation, CompiledRequest>,
    renderer: Renderer,
    client: Client,
}

impl HttpConnector {
    /// Checks the configuration, all templates included. Nothing is sent.
    pub fn new(config: HttpConnectorConfig) -> Result<Self, HttpConnectorError> {
        let base = base_url(&config.base_url)?;
        let headers = headers(&config.headers)?;
        let renderer = Renderer::new();
        let mut requests = BTreeMap::new();
        for operation in Operation::all() {
            let declared = config.requests.get(&operation).cloned();
            let declared = declared.unwrap_or_else(|| operation.default_request());
            requests.insert(operation, CompiledRequest::new(operation, declared, &renderer)?);
        }
        let client = client::build(config.timeout, |builder| {
            builder.redirect(reqwest::redirect::Policy::none()).default_headers(headers.clone())
        })?;
        Ok(HttpConnector { config, base, headers, requests, renderer, client })
    }

    fn service(&self) -> &ServiceName {
        &self.config.service
    }

    fn variables(&self) -> Variables {
        Variables::of_service(self.service())
    }

    fn is_idempotent(&self, verb: Verb) -> bool {
        let is_default = !self.config.requests.contains_key(&Operation::Effect(verb));
        self.config.idempotent_keys.unwrap_or(is_default)
    }

    /// Whether a lookup by key means anything: it does for a platform that keeps keys, or where the operator declared
    /// the lookup. Elsewhere a 404 would only say that there is no such page.
    fn can_settle(&self, verb: Verb) -> bool {
        self.is_idempotent(verb) || self.config.requests.contains_key(&Operation::Settle)
    }

    /// Fills the templates of an operation. `preview` adds what turns the request into a question.
    fn request(
        &self,
        operation: Operation,
        variables: &Variables,
        preview: bool,
    ) -> Result<RequestBuilder, CallError> {
        let invalid = |reason: String| {
            CallError::new(CallErrorKind::Invalid, format!("fill the request for `{operation}`: {reason}"))
        };
        let compiled =
            self.requests.get(&operation).ok_or_else(|| invalid("it is not declared".to_owned()))?;
        let filled = compiled.fill(&self.renderer, variables, preview).map_err(invalid)?;
        let address = match filled.path.as_str() {
            "" => self.base.clone(),
            path => format!("{}/{path}", self.base),
        };
        let mut url = Url::parse(&address).map_err(|error| invalid(error.to_string()))?;
        if !filled.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&filled.query);
        }
        let request = self.client.request(compiled.method(), url).timeout(self.config.timeout);
        let request = if self.headers.contains_key(ACCEPT) {
            request
        } else {
            request.header(ACCEPT, "application/json")
        };
        Ok(match filled.body {
            Some(body) => request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body),
            None => request,
        })
    }

    /// A read: the answer, or an error that names what was attempted.
    async fn ask(
        &self,
        operation: Operation,
        variables: &Variables,
        attempted: &str,
    ) -> Result<Answer, CallError> {
        let request = self.request(operation, variables, false)?;
        let answer =
            client::exchange(request, CALL_BYTES_MAX).await.map_err(|lost| lost.of_read(attempted))?;
        answer::accept(answer, attempted)
    }

    fn check_service(&self, effect: &ServiceEffect) -> Result<EffectArguments, CallError> {
        if effect.service != *self.service() {
            let message = format!("act on {}: this connector serves {}", effect.service, self.service());
            return Err(CallError::new(CallErrorKind::Invalid, message));
        }
        EffectArguments::parse(effect)
    }
}

#[async_trait]
impl Connector for HttpConnector {
    async fn describe(&self) -> Result<ServiceInfo, CallError> {
        let attempted = format!("describe {}", self.service());
        let answer = self.ask(Operation::Describe, &self.variables(), &attempted).await?;
        answer::service(&answer, self.service(), &attempted)
    }

    async fn instances(&self) -> Result<Vec<Instance>, CallError> {
        let attempted = format!("list the instances of {}", self.service());
        let answer = self.ask(Operation::Instances, &self.variables(), &attempted).await?;
        answer::instances(&answer, &attempted)
    }

    async fn deployments(&self) -> Result<Vec<Deployment>, CallError> {
        let attempted = format!("list the deployments of {}", self.service());
        let answer = self.ask(Operation::Deployments, &self.variables(), &attempted).await?;
        answer::deployments(&answer, &attempted)
    }

    async fn dependencies(&self) -> Result<Vec<Dependency>, CallError> {
        let attempted = format!("list the dependencies of {}", self.service());
        let answer = self.ask(Operation::Dependencies, &self.variables(), &attempted).await?;
        answer::dependencies(&answer, &attempted)
    }

    async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, CallError> {
        let attempted = format!("search the log of {}", self.service());
        let answer = self.ask(Operation::Logs, &self.variables().with_query(query), &attempted).await?;
        answer::logs(&answer, query, &attempted)
    }

    fn class(&self, verb: Verb) -> CallClass {
        if self.is_idempotent(verb) { CallClass::IdempotentEffect } else { CallClass::OnceEffect }
    }

    async fn apply(&self, effect: &ServiceEffect, key: &IdempotencyKey) -> Result<Change, CallError> {
        let arguments = self.check_service(effect)?;
        let attempted = arguments.words(self.service());
        let variables = self.variables().with_arguments(&arguments).with_key(key);
        let request = self.request(Operation::Effect(effect.verb), &variables, false)?;
        let request = request.header(IDEMPOTENCY_KEY, key.as_str());
        let sent = client::exchange(request, CALL_BYTES_MAX).await;
        answer::change(sent.map_err(|lost| lost.of_effect(&attempted))?, &attempted)
    }

    async fn preview(&self, effect: &ServiceEffect) -> Result<Change, CallError> {
        let arguments = self.check_service(effect)?;
        let attempted = arguments.words(self.service());
        let operation = Operation::Effect(effect.verb);
        if !self.requests.get(&operation).is_some_and(CompiledRequest::has_preview) {
            return Ok(Change { detail: format!("would {attempted}"), preview: true });
        }
        let request = self.request(operation, &self.variables().with_arguments(&arguments), true)?;
        let attempted = format!("preview: {attempted}");
        let answer =
            client::exchange(request, CALL_BYTES_MAX).await.map_err(|lost| lost.of_read(&attempted))?;
        answer::preview(answer, &arguments.words(self.service()), &attempted)
    }

    async fn settle(&self, effect: &ServiceEffect, key: &IdempotencyKey) -> Settled {
        let Ok(arguments) = self.check_service(effect) else { return Settled::Unknown };
        if !self.can_settle(effect.verb) {
            return Settled::Unknown;
        }
        let variables = self.variables().with_key(key);
        let Ok(request) = self.request(Operation::Settle, &variables, false) else { return Settled::Unknown };
        match client::exchange(request, CALL_BYTES_MAX).await {
            Ok(answer) => answer::settled(&answer, key, &arguments.words(self.service())),
            Err(lost) => {
                tracing::warn!(service = %self.service(), %key, ?lost, "could not ask whether an effect happened");
                Settled::Unknown
            }
        }
    }
}

fn base_url(text: &str) -> Result<String, HttpConnectorError> {
    let wrong = |reason: String| HttpConnectorError::BaseUrl { url: text.to_owned(), reason };
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("it must begin with http:// or https:// and name a host".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it must have no query and no fragment".to_owned()));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, HttpConnectorError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let wrong = || HttpConnectorError::Header { name: name.clone() };
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
