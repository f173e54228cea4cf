//! `global`: what holds for all jobs that say nothing else, and keys that are read so that a prometheus.yml can be pasted.

use std::time::Duration;

use ballast_ports::ScrapeProtocol;
use ballast_types::format_duration;

use super::limits::{self, Limits};
use super::words;
use crate::config::context::Context;
use crate::config::map::{Map, texts};
use crate::config::tree::{Content, Node};

/// As Prometheus where nothing is said.
const INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// What holds for all jobs.
#[derive(Clone, Debug)]
pub(crate) struct Global {
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// How often rules are evaluated, where it is said here.
    pub(crate) evaluation_interval: Option<Duration>,
    pub(super) protocols: Vec<ScrapeProtocol>,
    pub(super) limits: Limits,
}

impl Default for Global {
    fn default() -> Self {
        Global {
            interval: INTERVAL_DEFAULT,
            timeout: TIMEOUT_DEFAULT,
            evaluation_interval: None,
            protocols: ScrapeProtocol::DEFAULT.to_vec(),
            limits: Limits::default(),
        }
    }
}

/// `scrape_interval`, `scrape_timeout` and the rest of Prometheus's `global`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Global> {
    let mut map = Map::of(context, node);
    let interval = map.get("scrape_interval", words::span).unwrap_or(INTERVAL_DEFAULT);
    let timeout_at = map.node("scrape_timeout").map(|node| node.at);
    let timeout = map.get("scrape_timeout", words::span);
    if let (Some(at), Some(timeout)) = (timeout_at, timeout.filter(|timeout| *timeout > interval)) {
        let (timeout, interval) = (format_duration(timeout), format_duration(interval));
        let message = format!("the scrape_timeout {timeout} is longer than the scrape_interval {interval}");
        context.problem(at, message);
    }
    let global = Global {
        interval,
        timeout: timeout.unwrap_or(TIMEOUT_DEFAULT).min(interval),
        evaluation_interval: map.get("evaluation_interval", words::span),
        protocols: map.get("scrape_protocols", protocols).unwrap_or_else(|| ScrapeProtocol::DEFAULT.to_vec()),
        limits: limits::read(&mut map, Limits::default()),
    };
    external_labels(context, &mut map);
    unused(context, &mut map);
    map.finish();
    Some(global)
}

/// Formats in the order in which they are wanted.
pub(super) fn protocols(context: &Context<'_>, node: &Node) -> Option<Vec<ScrapeProtocol>> {
    let read: Vec<Option<ScrapeProtocol>> = words::list(protocol)(context, node)?;
    let text: Vec<ScrapeProtocol> = read.iter().copied().flatten().collect();
    match (read.is_empty(), text.is_empty()) {
        (true, _) => {
            context.problem(node.at, "the list of scrape protocols is empty");
            None
        }
        (false, true) => {
            let help = "native histograms, which need protobuf, are not kept";
            context.warning(node.at, "metrics are never asked for as protobuf, but as text", help);
            None
        }
        _ => Some(text),
    }
}

/// One format; the inner `None` is protobuf, which is passed over: the next one in the list is as good.
pub(super) fn protocol(context: &Context<'_>, node: &Node) -> Option<Option<ScrapeProtocol>> {
    let known = [
        ("PrometheusProto", None),
        ("PrometheusText0.0.4", Some(ScrapeProtocol::Text0)),
        ("PrometheusText1.0.0", Some(ScrapeProtocol::Text1)),
        ("OpenMetricsText0.0.1", Some(ScrapeProtocol::OpenMetrics0)),
        ("OpenMetricsText1.0.0", Some(ScrapeProtocol::OpenMetrics1)),
    ];
    words::one_of(context, node, "scrape protocol", &known)
}

fn external_labels(context: &Context<'_>, map: &mut Map<'_, '_>) {
    let Some(node) = map.node("external_labels") else { return };
    let labels = texts(context, node);
    if labels.is_empty() {
        return;
    }
    let help = "they belong to what leaves for other systems, which Ballast does not send yet";
    context.warning(node.at, "`external_labels` are read and attached to nothing", help);
}

/// Keys of Prometheus's that mean nothing here.
fn unused(context: &Context<'_>, map: &mut Map<'_, '_>) {
    let keys =
        ["rule_query_offset", "query_log_file", "scrape_failure_log_file", "runtime", "extra_scrape_metrics"];
    for key in keys {
        if let Some(node) = map.node(key).filter(|node| says_something(node)) {
            context.warning(node.at, format!("`{key}` means nothing to Ballast"), "it is passed over");
        }
    }
    pass_over_histograms_and_names(context, map);
}

/// Keys of native histograms, which are not kept, and of names, which are any UTF-8.
pub(super) fn pass_over_histograms_and_names(context: &Context<'_>, map: &mut Map<'_, '_>) {
    let histograms = [
        "scrape_native_histograms",
        "native_histogram_bucket_limit",
        "native_histogram_min_bucket_factor",
        "always_scrape_classic_histograms",
        "scrape_classic_histograms",
        "convert_classic_histograms_to_nhcb",
    ];
    for key in histograms {
        if let Some(node) = map.node(key).filter(|node| says_something(node)) {
            let help = "classic histograms are kept as they are";
            context.warning(node.at, format!("`{key}` is passed over: native histograms are not kept"), help);
        }
    }
    let names = [
        ("metric_name_validation_scheme", &[("utf8", true), ("legacy", false)][..]),
        (
            "metric_name_escaping_scheme",
            &[("allow-utf-8", true), ("underscores", false), ("dots", false), ("values", false)][..],
        ),
    ];
    for (key, known) in names {
        let Some(node) = map.node(key) else { continue };
        if words::one_of(context, node, "scheme", known) == Some(false) {
            let help = "names are any UTF-8, as Prometheus 3 has them where nothing is said";
            context.warning(node.at, format!("`{key}` is passed over"), help);
        }
    }
}

/// `false`, `0` and nothing ask for nothing.
fn says_something(node: &Node) -> bool {
    match &node.content {
        Content::Null => false,
        Content::Scalar(scalar) => !matches!(scalar.text.as_str(), "false" | "0" | ""),
        Content::List(items) => !items.is_empty(),
        Content::Map(entries) => !entries.is_empty(),
    }
}
