//! `source`: where the samples are that rules judge, where that is not this host.

use std::time::Duration;

use ballast_outbound::RemoteConfig;
use ballast_ports::http_client::Secret;
use reqwest::Url;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::secret::secrets;
use crate::config::text::text;
use crate::config::tree::Node;
use crate::config::value;

/// One attempt never waits longer where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before the second attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// Queries of one request.
const BATCH: u32 = 20;

/// `remote`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<RemoteConfig> {
    let mut map = Map::of(context, node);
    let remote = map.need("remote", remote);
    map.finish();
    remote
}

/// `url`, `timeout`, `headers`, `batch`.
fn remote(context: &Context<'_>, node: &Node) -> Option<RemoteConfig> {
    let mut map = Map::of(context, node);
    let url = map.need("url", address);
    let timeout = map.get("timeout", value::span).unwrap_or(TIMEOUT);
    let headers = map.get("headers", secrets).unwrap_or_default();
    let batch = map.get("batch", value::count(1)).unwrap_or(BATCH);
    map.finish();
    Some(RemoteConfig {
        url: url?,
        timeout,
        headers: headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
        retry_pause: RETRY_PAUSE,
        batch_max: batch as usize,
    })
}

fn address(context: &Context<'_>, node: &Node) -> Option<String> {
    let written = text(context, node)?;
    match Url::parse(&written) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(written),
        _ => {
            let help = "write what stands before `/api/v1`, like https://mimir.example/prometheus";
            context.problem_with_help(node.at, format!("`{written}` is no address of an API"), help);
            None
        }
    }
}
