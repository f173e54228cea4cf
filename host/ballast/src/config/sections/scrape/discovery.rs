//! Where a job's targets are found: `static_configs`, `file_sd_configs`, `http_sd_configs`, `kubernetes_sd_configs`.

use std::path::PathBuf;
use std::time::Duration;

use ballast_outbound::discovery::{Discovery, FileDiscovery, HttpDiscovery, TargetGroup};

use super::{http_client, kubernetes, words};
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::{Content, Node};

const FILE_REFRESH: Duration = Duration::from_secs(300);
const HTTP_REFRESH: Duration = Duration::from_secs(60);
const SUPPORTED: &str = "supported are static_configs, file_sd_configs, http_sd_configs and kubernetes_sd_configs; \
                         many a tool writes files for file_sd_configs or answers http_sd_configs";
/// What Prometheus has besides.
const UNSUPPORTED: [&str; 26] = [
    "aws_sd_configs",
    "azure_sd_configs",
    "consul_sd_configs",
    "digitalocean_sd_configs",
    "dns_sd_configs",
    "docker_sd_configs",
    "dockerswarm_sd_configs",
    "ec2_sd_configs",
    "eureka_sd_configs",
    "gce_sd_configs",
    "hetzner_sd_configs",
    "ionos_sd_configs",
    "kuma_sd_configs",
    "lightsail_sd_configs",
    "linode_sd_configs",
    "marathon_sd_configs",
    "nerve_sd_configs",
    "nomad_sd_configs",
    "openstack_sd_configs",
    "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs",
    "serverset_sd_configs",
    "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
];

/// Reads all discoveries of a job from among its keys.
pub(super) fn read(context: &Context<'_>, map: &mut Map<'_, '_>) -> Vec<Discovery> {
    let mut found = Vec::new();
    found.extend(map.get("static_configs", words::list(group)).map(Discovery::Static));
    found.extend(map.get("file_sd_configs", words::list(files)).unwrap_or_default());
    found.extend(map.get("http_sd_configs", words::list(http)).unwrap_or_default());
    let kubernetes = map.get("kubernetes_sd_configs", words::list(kubernetes::read)).unwrap_or_default();
    found.extend(kubernetes.into_iter().map(Discovery::Kubernetes));
    for key in UNSUPPORTED {
        if let Some(node) = map.node(key).filter(|node| node.content != Content::List(Vec::new())) {
            context.problem_with_help(node.at, format!("`{key}` is not supported"), SUPPORTED);
        }
    }
    found
}

/// `targets`, `labels`.
fn group(context: &Context<'_>, node: &Node) -> Option<TargetGroup> {
    let mut map = Map::of(context, node);
    let targets = map.get("targets", words::list(words::text)).unwrap_or_default();
    let labels = map.get("labels", words::labels).unwrap_or_default();
    map.finish();
    Some(TargetGroup::new(targets, labels))
}

/// `files`, `refresh_interval`.
fn files(context: &Context<'_>, node: &Node) -> Option<Discovery> {
    let mut map = Map::of(context, node);
    let files = map.need("files", words::list(pattern));
    let refresh_interval = map.get("refresh_interval", words::span).unwrap_or(FILE_REFRESH);
    if files.as_ref().is_some_and(Vec::is_empty) {
        context.problem(map.at, "at least one file must be named");
    }
    map.finish();
    Some(Discovery::Files(FileDiscovery { files: files?, refresh_interval }))
}

/// A path whose last part may have one `*`, and which says by its end how the file is written.
fn pattern(context: &Context<'_>, node: &Node) -> Option<PathBuf> {
    let path = words::path(context, node)?;
    let is_written = path.extension().is_some_and(|e| e == "json" || e == "yml" || e == "yaml");
    let parent = path.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    let problem = match (is_written, parent.contains(['*', '?', '['])) {
        (false, _) => "the name of a file of targets ends in .json, .yml or .yaml",
        (_, true) => "only the last part of the path may have `*`, `?` or `[…]`",
        _ => return Some(path),
    };
    context.problem(node.at, problem);
    None
}

/// `url`, `refresh_interval`, and the keys of an HTTP client.
fn http(context: &Context<'_>, node: &Node) -> Option<Discovery> {
    let mut map = Map::of(context, node);
    let url = map.need("url", address);
    let refresh_interval = map.get("refresh_interval", words::span).unwrap_or(HTTP_REFRESH);
    let client = http_client::read(context, &mut map);
    map.finish();
    Some(Discovery::Http(HttpDiscovery { url: url?, refresh_interval, client }))
}

/// An address with http or https.
pub(super) fn address(context: &Context<'_>, node: &Node) -> Option<String> {
    let text = words::text(context, node)?;
    match reqwest::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(text),
        _ => {
            context.problem(node.at, "expected an address that begins with http:// or https://");
            None
        }
    }
}
