//! Asking servers for JSON.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;

/// A client that gives up soon enough for a test to say why it failed.
pub fn client() -> Client {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let builder = || Client::builder().no_proxy().timeout(Duration::from_secs(10));
    builder().build().or_else(|_| builder().tls_certs_only([]).build()).unwrap()
}

/// Status and body; null where the body is no JSON. An error where nobody answers.
pub async fn ask(
    client: &Client,
    method: Method,
    url: &str,
    body: Option<&Value>,
) -> Result<(u16, Value), String> {
    let mut request = client.request(method, url);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.map_err(|error| format!("{url}: {error}"))?;
    let status = response.status().as_u16();
    let text = response.text().await.map_err(|error| format!("{url}: {error}"))?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}
