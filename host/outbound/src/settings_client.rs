//! A client as [`HttpClientSettings`] say it. Credentials are read for each request, and the client is made anew when a file of
//! certificates has changed: both can be rotated without a restart.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ballast_ports::http_client::{Authorization, Credential, HttpClientSettings, TlsSettings};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, NoProxy, Proxy, RequestBuilder};

use crate::client;

/// As many as Prometheus follows; a login page at the end is found out by what it is.
const REDIRECTS_MAX: usize = 10;
/// Bounds connecting only; the whole of an exchange is bounded by the request.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Most bytes of a file that holds a credential.
const CREDENTIAL_BYTES_MAX: u64 = 64 << 10;

/// When each file was written, and its size.
type Stamps = Vec<Option<(SystemTime, u64)>>;

/// A client that keeps to its settings.
pub(crate) struct SettingsClient {
    settings: HttpClientSettings,
    compression: bool,
    made: Mutex<Option<(Stamps, Client)>>,
}

impl SettingsClient {
    /// Nothing is read yet.
    pub(crate) fn new(settings: HttpClientSettings, compression: bool) -> Self {
        SettingsClient { settings, compression, made: Mutex::new(None) }
    }

    /// Whether it is the client that these settings ask for.
    pub(crate) fn is_for(&self, settings: &HttpClientSettings, compression: bool) -> bool {
        self.compression == compression && self.settings == *settings
    }

    /// A request with credentials.
    pub(crate) fn get(&self, url: &str) -> Result<RequestBuilder, String> {
        let mut request = self.client()?.get(url);
        for (name, value) in &self.settings.headers {
            request = request.header(header_name(name)?, header_value(value.reveal(), name)?);
        }
        match &self.settings.authorization {
            None => Ok(request),
            Some(Authorization::Basic { username, password }) => {
                let password = password.as_ref().map(reveal).transpose()?;
                Ok(request.basic_auth(username, password))
            }
            Some(Authorization::Token { kind, credentials }) => {
                let text = format!("{kind} {}", reveal(credentials)?);
                Ok(request.header(AUTHORIZATION, header_value(&text, "Authorization")?))
            }
        }
    }

    /// Reads everything once, so that what cannot work is known before the first request.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.get("http://localhost/").map(drop)
    }

    fn client(&self) -> Result<Client, String> {
        let stamps = stamps(&self.settings.tls);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, client)) = made.as_ref()
            && *of == stamps
        {
            return Ok(client.clone());
        }
        let client = make(&self.settings, self.compression)?;
        *made = Some((stamps, client.clone()));
        Ok(client)
    }
}

fn make(settings: &HttpClientSettings, compression: bool) -> Result<Client, String> {
    let tls = match settings.tls == TlsSettings::default() {
        true => None,
        false => Some(crate::tls::config(&settings.tls, settings.enable_http2)?),
    };
    let proxy = proxy(settings)?;
    let configure = |builder: ClientBuilder| {
        let redirects = match settings.follow_redirects {
            true => reqwest::redirect::Policy::limited(REDIRECTS_MAX),
            false => reqwest::redirect::Policy::none(),
        };
        let mut builder = builder.redirect(redirects).gzip(compression);
        if let Some(tls) = &tls {
            builder = builder.tls_backend_preconfigured(tls.clone());
        }
        if let Some(proxy) = &proxy {
            builder = builder.proxy(proxy.clone());
        }
        if settings.enable_http2 { builder } else { builder.http1_only() }
    };
    client::build(CONNECT_WITHIN, configure).map_err(|error| error.to_string())
}

fn proxy(settings: &HttpClientSettings) -> Result<Option<Proxy>, String> {
    let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
    let (url, except) = match settings.proxy_from_environment {
        true => (
            variable(&["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]),
            variable(&["NO_PROXY", "no_proxy"]),
        ),
        false => (settings.proxy_url.clone(), settings.no_proxy.clone()),
    };
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
    // The address may hold a password: it is not repeated.
    let proxy = Proxy::all(url).map_err(|_| "use the proxy: its address is none".to_owned())?;
    Ok(Some(proxy.no_proxy(except.and_then(|hosts| NoProxy::from_string(&hosts)))))
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("send the header `{name}`: that is no name"))
}

fn header_value(text: &str, name: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| format!("send the header `{name}`: its value has characters that cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The text of a credential; a file is read now, without white space around it.
pub(crate) fn reveal(credential: &Credential) -> Result<String, String> {
    match credential {
        Credential::Inline(secret) => Ok(secret.reveal().to_owned()),
        Credential::File(path) => {
            let failed = |reason: String| format!("read the credentials in {}: {reason}", path.display());
            let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
            if size > CREDENTIAL_BYTES_MAX {
                return Err(failed(format!("larger than {CREDENTIAL_BYTES_MAX} bytes")));
            }
            let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
            Ok(text.trim().to_owned())
        }
    }
}

fn stamps(tls: &TlsSettings) -> Stamps {
    [&tls.ca_file, &tls.cert_file, &tls.key_file].into_iter().flatten().map(|file| stamp(file)).collect()
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
