//! Scrape targets: addresses of metrics, with the labels that their samples get.

use std::time::Duration;

use ballast_engine::TargetSettings;
use ballast_ports::ScrapeTarget;
use ballast_types::{Labels, ServiceName};
use reqwest::Url;

use crate::config::context::Context;
use crate::config::map::texts;
use crate::config::text::text;
use crate::config::tree::Node;

/// A scrape never takes longer, however rare it is.
const TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// Set by the host on every sample of a target.
const OWN_LABELS: [&str; 3] = ["job", "instance", "service"];

/// One address. A bare host means `/metrics` on it.
pub(super) fn read(
    context: &Context<'_>,
    node: &Node,
    service: &ServiceName,
    labels: &Labels,
    interval: Duration,
) -> Option<TargetSettings> {
    let written = text(context, node)?;
    let mut url = http_url(context, node, &written)?;
    if url.path() == "/" {
        url.set_path("/metrics");
    }
    let instance = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let own = [("job", service.as_str()), ("instance", &instance), ("service", service.as_str())];
    let labels = labels.with_all(own);
    let target = ScrapeTarget {
        job: service.to_string(),
        url: url.to_string(),
        discovered: labels.with("__address__", &instance),
        labels,
        interval,
        timeout: interval.min(TIMEOUT_MAX),
        options: Default::default(),
    };
    Some(TargetSettings { target, service: service.clone() })
}

fn http_url(context: &Context<'_>, node: &Node, written: &str) -> Option<Url> {
    let help = "write it like http://127.0.0.1:9100/metrics";
    match Url::parse(written) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => return Some(url),
        Ok(_) => {
            let message = format!("`{written}` does not begin with http:// or https://");
            context.problem_with_help(node.at, message, help);
        }
        Err(error) => context.problem_with_help(node.at, format!("`{written}` is no address: {error}"), help),
    }
    None
}

/// Labels that every sample of a service's targets gets.
pub(super) fn labels(context: &Context<'_>, node: &Node) -> Option<Labels> {
    let mut labels = Vec::new();
    for (entry, value) in texts(context, node) {
        let name = entry.key.as_str();
        if OWN_LABELS.contains(&name) {
            let message = format!("the label `{name}` is set by Ballast itself");
            context.problem(entry.key_at, message);
        } else if is_label_name(name) {
            labels.push((name.to_owned(), value));
        } else {
            let help = "use letters, digits and `_`, no digit first and no `__` in front";
            context.problem_with_help(entry.key_at, format!("`{name}` is no name for a label"), help);
        }
    }
    Some(Labels::from_pairs(labels))
}

/// Whether a text can name a label that people set.
pub(super) fn is_label_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !name.starts_with("__");
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
