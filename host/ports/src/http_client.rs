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

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.2
    V1_2,
    /// 1.3
    V1_3,
}

/// Whom a client trusts, and how it proves itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// The authorities as PEM, where they are in no file.
    pub ca: Option<Secret>,
    /// The client's certificate as PEM, where it is in no file.
    pub cert: Option<Secret>,
    /// Its key as PEM, where it is in no file.
    pub key: Option<Secret>,
    /// The oldest version that is spoken; 1.2 where none.
    pub min_version: Option<TlsVersion>,
    /// The newest version that is spoken.
    pub max_version: Option<TlsVersion>,
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
#[derive(Clone, PartialEq, Eq)]
pub struct HttpClientSettings {
    /// Credentials.
    pub authorization: Option<Authorization>,
    /// TLS.
    pub tls: TlsSettings,
    /// Address of a proxy.
    pub proxy_url: Option<String>,
    /// Hosts and networks that are reached without the proxy, by commas.
    pub no_proxy: Option<String>,
    /// Whether the proxy is the one that the environment names.
    pub proxy_from_environment: bool,
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
            no_proxy: None,
            proxy_from_environment: false,
            follow_redirects: true,
            enable_http2: true,
            headers: Vec::new(),
        }
    }
}

impl fmt::Debug for HttpClientSettings {
    /// The address of a proxy may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientSettings")
            .field("authorization", &self.authorization)
            .field("tls", &self.tls)
            .field("has_proxy", &self.proxy_url.is_some())
            .field("follow_redirects", &self.follow_redirects)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
