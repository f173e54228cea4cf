//! Prometheus's `http_config`: who the client is, whom it trusts, which way it goes. The keys stand among those of the job or
//! of the discovery that they belong to. Files of secrets are read when a request is made.

use std::path::Path;

use ballast_ports::http_client::{
    Authorization, Credential, HttpClientSettings, Secret, TlsSettings, TlsVersion,
};

use super::words;
use crate::config::context::Context;
use crate::config::map::{Map, entries, report_repeated};
use crate::config::tree::{Entry, Node};

/// What a request sets itself.
const OWN_HEADERS: [&str; 12] = [
    "authorization",
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "accept-encoding",
];

/// Reads the keys of an HTTP client from among others.
pub(super) fn read(context: &Context<'_>, map: &mut Map<'_, '_>) -> HttpClientSettings {
    let defaults = HttpClientSettings::default();
    let settings = HttpClientSettings {
        authorization: authorization(context, map),
        tls: map.get("tls_config", tls).unwrap_or_default(),
        proxy_url: map.get("proxy_url", words::text).filter(|url| !url.is_empty()),
        no_proxy: map.get("no_proxy", words::text).filter(|hosts| !hosts.is_empty()),
        proxy_from_environment: map.get("proxy_from_environment", words::truth).unwrap_or_default(),
        follow_redirects: map.get("follow_redirects", words::truth).unwrap_or(defaults.follow_redirects),
        enable_http2: map.get("enable_http2", words::truth).unwrap_or(defaults.enable_http2),
        headers: map.get("http_headers", headers).unwrap_or_default(),
    };
    if let Some(node) = map.node("proxy_connect_header") {
        context.problem(node.at, "`proxy_connect_header` is not supported");
    }
    proxies(context, map, &settings);
    settings
}

fn proxies(context: &Context<'_>, map: &mut Map<'_, '_>, settings: &HttpClientSettings) {
    let at = |map: &mut Map<'_, '_>, key| map.node(key).map_or(map.at, |node| node.at);
    if settings.proxy_from_environment && settings.proxy_url.is_some() {
        context.problem(at(map, "proxy_url"), "`proxy_url` cannot stand beside `proxy_from_environment`");
    }
    if settings.no_proxy.is_some() && settings.proxy_url.is_none() {
        context.problem(at(map, "no_proxy"), "`no_proxy` means nothing without `proxy_url`");
    }
    let is_address = |url: &String| reqwest::Url::parse(url).is_ok_and(|url| url.has_host());
    if settings.proxy_url.as_ref().is_some_and(|url| !is_address(url)) {
        context.problem(at(map, "proxy_url"), "this is no address of a proxy");
    }
}

/// At most one of the ways to say who the client is.
fn authorization(context: &Context<'_>, map: &mut Map<'_, '_>) -> Option<Authorization> {
    let keys = ["basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"];
    let given: Vec<_> = keys.into_iter().filter_map(|key| Some((key, map.node(key)?.at))).collect();
    if let [(first, _), .., (last, at)] = &given[..] {
        context.problem(*at, format!("`{last}` cannot stand beside `{first}`: one way to log in is enough"));
    }
    if let Some(node) = map.node("oauth2") {
        let help = "use basic_auth, or authorization with a credentials_file that something else renews";
        context.problem_with_help(node.at, "`oauth2` is not supported", help);
    }
    let bearer = |credentials| Authorization::Token { kind: "Bearer".to_owned(), credentials };
    let basic = map.get("basic_auth", basic);
    let token = map.get("authorization", token);
    let inline = map.get("bearer_token", words::inline).map(bearer);
    let file = map.get("bearer_token_file", words::file).map(bearer);
    basic.or(token).or(inline).or(file)
}

/// `username`, `username_file`, `password`, `password_file`.
fn basic(context: &Context<'_>, node: &Node) -> Option<Authorization> {
    let mut map = Map::of(context, node);
    let name_file = map.get("username_file", |c, n| read_file(c, n, &words::path(c, n)?));
    exclude(context, &mut map, "username", "username_file");
    let username = map.get("username", words::text).or(name_file).unwrap_or_default();
    let password = credential(context, &mut map, "password", "password_file");
    map.finish();
    Some(Authorization::Basic { username, password })
}

/// `type`, `credentials`, `credentials_file`.
fn token(context: &Context<'_>, node: &Node) -> Option<Authorization> {
    let mut map = Map::of(context, node);
    let kind = map.get("type", |context, node| {
        let kind = words::text(context, node)?.trim().to_owned();
        if kind.eq_ignore_ascii_case("basic") {
            context.problem(node.at, "for the type `basic` use `basic_auth`");
        }
        Some(kind)
    });
    let credentials = credential(context, &mut map, "credentials", "credentials_file");
    if credentials.is_none() {
        context.problem(map.at, "the key `credentials` or `credentials_file` is missing");
    }
    map.finish();
    let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "Bearer".to_owned());
    Some(Authorization::Token { kind, credentials: credentials? })
}

fn credential(
    context: &Context<'_>,
    map: &mut Map<'_, '_>,
    key: &'static str,
    file_key: &'static str,
) -> Option<Credential> {
    exclude(context, map, key, file_key);
    map.get(key, words::inline).or_else(|| map.get(file_key, words::file))
}

/// Of two keys that say the same thing only one may be given.
fn exclude(context: &Context<'_>, map: &mut Map<'_, '_>, key: &'static str, other: &'static str) {
    if let (Some(_), Some(node)) = (map.node(key), map.node(other)) {
        context.problem(node.at, format!("`{other}` cannot stand beside `{key}`"));
    }
}

/// `ca`, `cert` and `key`, each as PEM or as `_file`; `server_name`, `insecure_skip_verify`, `min_version`, `max_version`.
fn tls(context: &Context<'_>, node: &Node) -> Option<TlsSettings> {
    let mut map = Map::of(context, node);
    for (key, file) in [("ca", "ca_file"), ("cert", "cert_file"), ("key", "key_file")] {
        exclude(context, &mut map, key, file);
    }
    let settings = TlsSettings {
        ca: map.get("ca", words::secret),
        cert: map.get("cert", words::secret),
        key: map.get("key", words::secret),
        ca_file: map.get("ca_file", words::path),
        cert_file: map.get("cert_file", words::path),
        key_file: map.get("key_file", words::path),
        server_name: map.get("server_name", words::text).filter(|name| !name.is_empty()),
        insecure_skip_verify: map.get("insecure_skip_verify", words::truth).unwrap_or_default(),
        min_version: map.get("min_version", oldest),
        max_version: map.get("max_version", newest),
    };
    let has_cert = settings.cert.is_some() || settings.cert_file.is_some();
    let has_key = settings.key.is_some() || settings.key_file.is_some();
    if has_cert != has_key {
        context.problem(map.at, "a client's certificate and its key belong together: one of them is missing");
    }
    if settings.min_version > settings.max_version && settings.max_version.is_some() {
        context.problem(map.at, "`max_version` is older than `min_version`");
    }
    map.finish();
    Some(settings)
}

/// 1.0 and 1.1 are never spoken: to ask for at least them is to ask for 1.2.
fn oldest(context: &Context<'_>, node: &Node) -> Option<TlsVersion> {
    let known = [
        ("TLS10", TlsVersion::V1_2),
        ("TLS11", TlsVersion::V1_2),
        ("TLS12", TlsVersion::V1_2),
        ("TLS13", TlsVersion::V1_3),
    ];
    words::one_of(context, node, "version of TLS", &known)
}

fn newest(context: &Context<'_>, node: &Node) -> Option<TlsVersion> {
    words::one_of(
        context,
        node,
        "version of TLS",
        &[("TLS12", TlsVersion::V1_2), ("TLS13", TlsVersion::V1_3)],
    )
}

/// Names with `values`, `secrets` and `files`.
fn headers(context: &Context<'_>, node: &Node) -> Option<Vec<(String, Secret)>> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    Some(entries.iter().flat_map(|entry| header(context, entry)).collect())
}

fn header(context: &Context<'_>, entry: &Entry) -> Vec<(String, Secret)> {
    if OWN_HEADERS.contains(&entry.key.to_ascii_lowercase().as_str()) {
        context.problem(entry.key_at, format!("the header `{}` is set by the request itself", entry.key));
    }
    let mut map = Map::of(context, &entry.value);
    let mut values = map.get("values", words::list(words::secret)).unwrap_or_default();
    values.extend(map.get("secrets", words::list(words::secret)).unwrap_or_default());
    let file = |context: &Context<'_>, node: &Node| read_file(context, node, &words::path(context, node)?);
    let files = map.get("files", words::list(file)).unwrap_or_default();
    values.extend(files.into_iter().map(Secret::new));
    map.finish();
    values.into_iter().map(|value| (entry.key.clone(), value)).collect()
}

/// The content of a small file, read now.
fn read_file(context: &Context<'_>, node: &Node, path: &Path) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) => {
            context.problem(node.at, format!("cannot read {}: {error}", path.display()));
            None
        }
    }
}
