//! One entry of `scrape_configs`.

use std::sync::Arc;
use std::time::Duration;

use ballast_alerting::Position;
use ballast_outbound::ScrapeJob;
use ballast_outbound::discovery::{Discovery, check_address};
use ballast_ports::{ScrapeOptions, ScrapeProtocol};
use ballast_types::format_duration;

use super::global::{self, Global};
use super::limits::{self, Limits};
use super::{discovery, http_client, relabel, words};
use crate::config::context::Context;
use crate::config::map::{Map, entries, report_repeated};
use crate::config::tree::{Entry, Node};

/// Most bytes of an answer where nothing is said. Prometheus then has no limit at all, and what tells of a whole cluster may
/// well have tens of megabytes; but nobody's answer may take all memory.
const BODY_BYTES_DEFAULT: usize = 64 << 20;

/// All keys of a job. With the job comes the place of its name.
pub(super) fn read(context: &Context<'_>, node: &Node, global: &Global) -> Option<(ScrapeJob, Position)> {
    let mut map = Map::of(context, node);
    let name_at = map.node("job_name").map_or(node.at, |node| node.at);
    let name = map.need("job_name", words::filled);
    let (interval, timeout) = times(context, &mut map, global);
    let metrics_path = map.get("metrics_path", words::text).filter(|path| !path.is_empty());
    let schemes = [("http", "http"), ("https", "https")];
    let scheme = map.get("scheme", |c, n| words::one_of(c, n, "scheme", &schemes)).unwrap_or("http");
    let params = map.get("params", params).unwrap_or_default();
    let relabelling = map.get("relabel_configs", relabel::rules).unwrap_or_default();
    let limits = limits::read(&mut map, global.limits);
    let options = Arc::new(options(context, &mut map, global, limits));
    let discoveries = discovery::read(context, &mut map);
    if relabelling.is_empty() {
        check_addresses(context, &mut map, &discoveries);
    }
    pass_over(context, &mut map);
    map.finish();
    let job = ScrapeJob {
        name: name?,
        interval,
        timeout,
        metrics_path: metrics_path.unwrap_or_else(|| "/metrics".to_owned()),
        scheme: scheme.to_owned(),
        params,
        relabelling,
        options,
        target_limit: limits.target,
        keep_dropped_targets: limits.keep_dropped_targets,
        discoveries,
    };
    Some((job, name_at))
}

/// The job's own interval and time-out, else the global ones, the time-out never over the interval.
fn times(context: &Context<'_>, map: &mut Map<'_, '_>, global: &Global) -> (Duration, Duration) {
    let interval = map.get("scrape_interval", words::span).unwrap_or(global.interval);
    let at = map.node("scrape_timeout").map(|node| node.at);
    let timeout = map.get("scrape_timeout", words::span);
    if let (Some(at), Some(timeout)) = (at, timeout.filter(|timeout| *timeout > interval)) {
        let (timeout, interval) = (format_duration(timeout), format_duration(interval));
        context.problem(
            at,
            format!("the scrape_timeout {timeout} is longer than the scrape_interval {interval}"),
        );
    }
    (interval, timeout.unwrap_or(global.timeout).min(interval))
}

fn options(context: &Context<'_>, map: &mut Map<'_, '_>, global: &Global, limits: Limits) -> ScrapeOptions {
    let defaults = ScrapeOptions::default();
    let fallback = map.get("fallback_scrape_protocol", global::protocol);
    ScrapeOptions {
        honor_labels: map.get("honor_labels", words::truth).unwrap_or(defaults.honor_labels),
        honor_timestamps: map.get("honor_timestamps", words::truth).unwrap_or(defaults.honor_timestamps),
        track_timestamps_staleness: map
            .get("track_timestamps_staleness", words::truth)
            .unwrap_or(defaults.track_timestamps_staleness),
        body_bytes_max: if limits.body_size == 0 { BODY_BYTES_DEFAULT } else { limits.body_size },
        sample_limit: limits.sample,
        label_limit: limits.label,
        label_name_length_limit: limits.label_name_length,
        label_value_length_limit: limits.label_value_length,
        enable_compression: map
            .get("enable_compression", words::truth)
            .unwrap_or(defaults.enable_compression),
        protocols: map.get("scrape_protocols", global::protocols).unwrap_or_else(|| global.protocols.clone()),
        fallback_protocol: fallback.flatten().unwrap_or(ScrapeProtocol::Text0),
        refused: None,
        metric_relabelling: map.get("metric_relabel_configs", relabel::rules).unwrap_or_default(),
        client: http_client::read(context, map),
    }
}

/// Names with lists of values, in the order of the names.
fn params(context: &Context<'_>, node: &Node) -> Option<Vec<(String, Vec<String>)>> {
    let entries = entries(context, node);
    report_repeated(context, entries);
    let one = |entry: &Entry| Some((entry.key.clone(), words::list(words::text)(context, &entry.value)?));
    let mut params: Vec<_> = entries.iter().filter_map(one).collect();
    params.sort();
    Some(params)
}

/// People write whole addresses where a host and a port belong. With relabelling anything may become an address.
fn check_addresses(context: &Context<'_>, map: &mut Map<'_, '_>, discoveries: &[Discovery]) {
    let at = map.node("static_configs").map_or(map.at, |node| node.at);
    let groups = discoveries.iter().filter_map(|discovery| match discovery {
        Discovery::Static(groups) => Some(groups),
        _ => None,
    });
    for address in groups.flatten().flat_map(|group| &group.targets).filter_map(|t| t.get("__address__")) {
        if let Err(reason) = check_address(address) {
            let help = "write host:port; the rest belongs to `scheme` and `metrics_path`";
            context.problem_with_help(context.place_in(at, address), reason, help);
        }
    }
}

/// Keys that mean nothing here.
fn pass_over(context: &Context<'_>, map: &mut Map<'_, '_>) {
    global::pass_over_histograms_and_names(context, map);
    for key in ["scrape_failure_log_file", "extra_scrape_metrics"] {
        if let Some(node) = map.node(key) {
            context.warning(node.at, format!("`{key}` means nothing to Ballast"), "it is passed over");
        }
    }
}
