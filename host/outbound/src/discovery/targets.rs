//! From groups to targets: defaults of the job, relabelling, the address. Pure.
//!
//! The order is Prometheus's: a group's labels, a target's own over them, what the job says where they say nothing; then
//! relabelling; then `__meta_` labels go, `instance` becomes the address unless it is set, and all other labels with `__` in
//! front go once the request is made of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ballast_ports::{ScrapeOptions, ScrapeTarget, TargetSet};
use ballast_types::relabel::{LabelsBuilder, apply};
use ballast_types::{Labels, format_duration, parse_duration};
use reqwest::Url;

use super::group::ADDRESS;
use super::job::ScrapeJob;
use super::{Found, TargetGroup};

const PARAM: &str = "__param_";

/// What became of a target.
enum Became {
    Target(ScrapeTarget),
    Dropped(Labels),
}

/// The targets of a job.
pub(super) fn build<'f>(job: &ScrapeJob, found: impl Iterator<Item = &'f Found>) -> TargetSet {
    let (mut set, mut seen, mut problems) = (TargetSet::default(), HashSet::new(), Vec::new());
    for found in found {
        problems.extend(found.problem.clone());
        let targets =
            found.groups.iter().flat_map(|group| group.targets.iter().map(move |target| (group, target)));
        for (group, target) in targets {
            match target_of(job, group, target) {
                Ok(Became::Target(target)) if seen.insert((target.url.clone(), target.labels.clone())) => {
                    set.active.push(target);
                }
                Ok(Became::Target(_)) => {}
                Ok(Became::Dropped(labels)) => drop_target(&mut set, labels, job.keep_dropped_targets),
                Err(problem) => problems.push(problem),
            }
        }
    }
    limit(job, &mut set);
    set.problem = summed_up(&problems);
    set
}

fn drop_target(set: &mut TargetSet, labels: Labels, keep: usize) {
    if keep == 0 || set.dropped.len() < keep {
        set.dropped.push(labels);
    }
}

/// The first few problems, and how many more there are.
fn summed_up(problems: &[String]) -> Option<String> {
    const NAMED_MAX: usize = 5;
    let named = problems.get(..problems.len().min(NAMED_MAX)).unwrap_or_default().join("; ");
    match problems.len() {
        0 => None,
        many if many > NAMED_MAX => Some(format!("{named}; and {} more", many - NAMED_MAX)),
        _ => Some(named),
    }
}

/// With too many targets every scrape fails, so that nobody takes some of them for all.
fn limit(job: &ScrapeJob, set: &mut TargetSet) {
    let (targets, limit) = (set.active.len(), job.target_limit);
    if limit == 0 || targets <= limit {
        return;
    }
    let refused = Some(format!("the job has {targets} targets, more than its target_limit of {limit}"));
    let options = Arc::new(ScrapeOptions { refused, ..ScrapeOptions::clone(&job.options) });
    set.active.iter_mut().for_each(|target| target.options = options.clone());
}

fn target_of(job: &ScrapeJob, group: &TargetGroup, target: &Labels) -> Result<Became, String> {
    let mut labels = LabelsBuilder::of(&group.labels);
    for (name, value) in target.pairs() {
        labels.set(name.clone(), value.clone());
    }
    let (interval, timeout) = (format_duration(job.interval), format_duration(job.timeout));
    let defaults = [
        ("job", &job.name),
        ("__scrape_interval__", &interval),
        ("__scrape_timeout__", &timeout),
        ("__metrics_path__", &job.metrics_path),
        ("__scheme__", &job.scheme),
    ];
    defaults.into_iter().for_each(|(name, value)| labels.set_missing(name, value.as_str()));
    for (name, first) in job.params.iter().filter_map(|(name, values)| Some((name, values.first()?))) {
        labels.set_missing(format!("{PARAM}{name}"), first.as_str());
    }
    let discovered = labels.labels();
    if !apply(&job.relabelling, &mut labels) {
        return Ok(Became::Dropped(discovered));
    }
    finish(job, labels, discovered.clone())
        .map_err(|reason| format!("target {discovered}: {reason}"))
        .map(Became::Target)
}

fn finish(job: &ScrapeJob, mut labels: LabelsBuilder, discovered: Labels) -> Result<ScrapeTarget, String> {
    let address = labels.get(ADDRESS).to_owned();
    check_address(&address)?;
    let interval = span(&labels, "__scrape_interval__")?;
    let timeout = span(&labels, "__scrape_timeout__")?;
    if timeout > interval {
        return Err(format!(
            "its timeout {} is longer than its interval {}",
            format_duration(timeout),
            format_duration(interval)
        ));
    }
    let url = url(job, &labels, &address)?;
    labels.set_missing("instance", address.as_str());
    labels.retain(|name| !name.starts_with("__"));
    let labels = labels.labels();
    let (job, options) = (job.name.clone(), job.options.clone());
    Ok(ScrapeTarget { job, url, labels, discovered, interval, timeout, options })
}

/// Whether a text can be the address of a target: a host, with or without a port.
///
/// # Errors
/// A fragment in words.
pub fn check_address(address: &str) -> Result<(), String> {
    if address.is_empty() {
        return Err("it has no address".to_owned());
    }
    match address.contains('/') {
        true => Err(format!("`{address}` is no address of a host: it has a `/`")),
        false => Ok(()),
    }
}

fn span(labels: &LabelsBuilder, name: &str) -> Result<Duration, String> {
    let text = labels.get(name);
    match parse_duration(text) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => Err(format!("its {name} `{text}` is no duration longer than zero")),
    }
}

/// The address of the metrics, with the port as it was given: that it may be left out does not mean that it should be.
fn url(job: &ScrapeJob, labels: &LabelsBuilder, address: &str) -> Result<String, String> {
    let scheme = labels.get("__scheme__");
    if !matches!(scheme, "http" | "https") {
        return Err(format!("its scheme `{scheme}` is neither http nor https"));
    }
    let no_url = |error| format!("`{address}` is no address of a host: {error}");
    let mut url = Url::parse(&format!("{scheme}://{address}/")).map_err(no_url)?;
    url.set_path(labels.get("__metrics_path__"));
    let params = params(job, labels);
    if !params.is_empty() {
        url.query_pairs_mut().extend_pairs(params);
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{address}{}{query}", url.path()))
}

/// The parameters in the order of their names; what relabelling says replaces the first value.
fn params(job: &ScrapeJob, labels: &LabelsBuilder) -> Vec<(String, String)> {
    let mut params: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for (name, values) in &job.params {
        params.insert(name, values.iter().map(String::as_str).collect());
    }
    let said = labels.pairs().iter().filter_map(|(name, value)| Some((name.strip_prefix(PARAM)?, value)));
    for (name, value) in said {
        let values = params.entry(name).or_default();
        match values.first_mut() {
            Some(first) => *first = value,
            None => values.push(value),
        }
    }
    let owned = |(name, values): (&str, Vec<&str>)| {
        let pairs: Vec<_> = values.iter().map(|value| (name.to_owned(), (*value).to_owned())).collect();
        pairs
    };
    params.into_iter().flat_map(owned).collect()
}
