//! How an HTTP client identifies itself and whom it trusts: Prometheus's `http_config` as data.

use std::fmt;
use std::path::PathBuf;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// A secret as such, or the file that holds it, which is read anew for each request so that it can be rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// In the configuration.
    Inline(Secret),
    /// In a file.
    File(PathBuf),
}

/// Who the client says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: Option<Credential>,
    },
    /// `Authorization: <kind> <credentials>`, `Bearer` as a rule.
    Token {
        /// `Bearer`.
        kind: String,
        /// The token.
        credentials: Credential,
    },
}

/// Whom a client trusts, and how it proves itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM file of the authorities; the system's where none.
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// PEM file of its key.
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate must bear.
    pub server_name: Option<String>,
    /// Trusts any certificate.
    pub insecure_skip_verify: bool,
}

/// How requests are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpClientSettings {
    /// Credentials.
    pub authorization: Option<Authorization>,
    /// TLS.
    pub tls: TlsSettings,
    /// Address of a proxy.
    pub proxy_url: Option<String>,
    /// Whether redirects are followed.
    pub follow_redirects: bool,
    /// Whether HTTP/2 may be spoken.
    pub enable_http2: bool,
    /// Headers sent with each request.
    pub headers: Vec<(String, Secret)>,
}

impl Default for HttpClientSettings {
    fn default() -> Self {
        HttpClientSettings {
            authorization: None,
            tls: TlsSettings::default(),
            proxy_url: None,
            follow_redirects: true,
            enable_http2: true,
            headers: Vec::new(),
        }
    }
}
