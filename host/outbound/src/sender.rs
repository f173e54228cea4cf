//! The `http` capability's sender. Which hosts a plugin was granted is checked at the door; here it is made sure that
//! a granted name leads to no address inside the network, and that one request stays one request of bounded size.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ballast_ports::HttpSend;
use ballast_types::IdempotencyKey;
use ballast_types::call::{CallError, CallErrorKind, HttpRequest, HttpResponse};
use ballast_types::limits::CALL_BYTES_MAX;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};

use crate::address::{self, GuardedResolver, Lookup, PrivateAddress, SystemLookup};
use crate::client::{self, Answer, BuildClientError, Lost};

/// Set by the host, since they say where the request goes or where it ends.
const HEADERS_OF_THE_HOST: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "proxy-authorization",
    "proxy-connection",
];
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How requests of plugins are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSenderConfig {
    /// Hosts (`name` or `name:port`) that may be reached at addresses inside the network, loopback included.
    pub allow_private: BTreeSet<String>,
    /// How long a whole exchange may take.
    pub timeout: Duration,
}

impl Default for HttpSenderConfig {
    fn default() -> Self {
        HttpSenderConfig { allow_private: BTreeSet::new(), timeout: Duration::from_secs(10) }
    }
}

/// Sends the requests of plugins.
pub struct HttpSender {
    config: HttpSenderConfig,
    /// Dials public addresses only.
    public: Client,
    /// Dials any address; used for hosts in `allow_private`.
    private: Client,
}

impl HttpSender {
    /// A sender with clients of its own.
    pub fn new(config: HttpSenderConfig) -> Result<Self, BuildClientError> {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    pub(crate) fn with_lookup(
        config: HttpSenderConfig,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, BuildClientError> {
        let client = |allows_private| {
            client::build(config.timeout, |builder| {
                let resolver = GuardedResolver { lookup: Arc::clone(&lookup), allows_private };
                builder.redirect(reqwest::redirect::Policy::none()).dns_resolver(Arc::new(resolver))
            })
        };
        let (public, private) = (client(false)?, client(true)?);
        Ok(HttpSender { config, public, private })
    }

    /// The client for an address: names are checked when they are resolved, bare addresses here.
    fn client_for(&self, url: &Url) -> Result<&Client, CallError> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let allowed = &self.config.allow_private;
        if allowed.contains(host) || allowed.contains(&format!("{host}:{port}")) {
            return Ok(&self.private);
        }
        match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) if !address::is_public(address) => {
                Err(denied(&PrivateAddress { host: host.to_owned(), address }))
            }
            _ => Ok(&self.public),
        }
    }
}

#[async_trait]
impl HttpSend for HttpSender {
    async fn send(&self, request: &HttpRequest, key: &IdempotencyKey) -> Result<HttpResponse, CallError> {
        check_size(request)?;
        let method = method(&request.method)?;
        let url = url(&request.url)?;
        let is_read = matches!(method, Method::GET | Method::HEAD);
        let headers = headers(&request.headers, if is_read { None } else { Some(key) })?;
        let attempted = format!("{method} {}", shown(&url));
        let call = self.client_for(&url)?.request(method, url).timeout(self.config.timeout).headers(headers);
        let call = if request.body.is_empty() { call } else { call.body(request.body.clone()) };
        // Sent here and not by `exchange`, because a refused address is told by the error itself.
        let answer = match call.send().await {
            Ok(response) => client::receive(response, CALL_BYTES_MAX).await,
            Err(error) => match refused_address(&error) {
                Some(refused) => return Err(denied(refused)),
                None => Err(Lost::from_error(&error)),
            },
        };
        let lost = |lost: Lost| if is_read { lost.of_read(&attempted) } else { lost.of_effect(&attempted) };
        answer.map(response_of).map_err(lost)
    }
}

fn invalid(message: impl Into<String>) -> CallError {
    CallError::new(CallErrorKind::Invalid, message)
}

fn denied(refused: &PrivateAddress) -> CallError {
    CallError::new(CallErrorKind::Denied, format!("send the request: {refused}"))
}

fn check_size(request: &HttpRequest) -> Result<(), CallError> {
    let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let size = request.url.len() + headers + request.body.len();
    match size > CALL_BYTES_MAX {
        true => Err(invalid(format!("send a request of {size} bytes: at most {CALL_BYTES_MAX} may be sent"))),
        false => Ok(()),
    }
}

fn method(name: &str) -> Result<Method, CallError> {
    Ok(match name {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        other => {
            return Err(invalid(format!("use the method `{other}`: GET, HEAD, POST, PUT, PATCH or DELETE")));
        }
    })
}

fn url(text: &str) -> Result<Url, CallError> {
    let url = Url::parse(text).map_err(|error| invalid(format!("read the address `{text}`: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!("use the scheme `{}`: http or https", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("use a name or password inside an address: send a header instead"));
    }
    Ok(url)
}

/// The address without its query, which may hold a secret.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn headers(pairs: &[(String, String)], key: Option<&IdempotencyKey>) -> Result<HeaderMap, CallError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let (name, value) = header(name, value)?;
        headers.append(name, value);
    }
    if let Some(key) = key.filter(|_| !headers.contains_key(IDEMPOTENCY_KEY)) {
        let (name, value) = header(IDEMPOTENCY_KEY, key.as_str())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), CallError> {
    let wrong = || invalid(format!("set the header `{name}`: no such name or value is possible"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    if HEADERS_OF_THE_HOST.contains(&parsed.as_str()) {
        return Err(invalid(format!("set the header `{parsed}`: the host sets it")));
    }
    Ok((parsed, HeaderValue::from_str(value).map_err(|_| wrong())?))
}

fn refused_address(error: &reqwest::Error) -> Option<&PrivateAddress> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<PrivateAddress>() {
            return Some(refused);
        }
        cause = error.source();
    }
    None
}

fn response_of(answer: Answer) -> HttpResponse {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    HttpResponse { status: answer.status.as_u16(), headers, body: answer.body }
}

#[cfg(test)]
mod tests;
