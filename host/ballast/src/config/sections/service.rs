//! One entry of `monitoring.services`: what a service is, what it owes, where its metrics are, how it is acted on.

use std::collections::BTreeSet;
use std::time::Duration;

use ballast_engine::TargetSettings;
use ballast_outbound::HttpConnectorConfig;
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::service::{Criticality, Service};
use ballast_types::{Labels, ServiceName};

use super::slo::Slo;
use super::{connector, indicator, target};
use crate::config::closest::closest;
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::text::text;
use crate::config::tree::Node;
use crate::config::value;

const CRITICALITIES: [(&str, Criticality); 4] = [
    ("critical", Criticality::Critical),
    ("high", Criticality::High),
    ("medium", Criticality::Medium),
    ("low", Criticality::Low),
];

/// What the rest of the configuration says that matters to a service.
pub(super) struct Around<'a> {
    pub(super) slo: &'a Slo,
    pub(super) names: &'a BTreeSet<String>,
    pub(super) scrape_interval: Duration,
}

/// One service with all that belongs to it.
pub(super) struct Configured {
    pub(super) service: Service,
    pub(super) targets: Vec<TargetSettings>,
    pub(super) connector: Option<HttpConnectorConfig>,
}

/// `name`, `criticality`, `slo`, `dependencies`, `targets`, `labels`, `indicators`, `indicatorWindow`, `connector`.
pub(super) fn read(context: &Context<'_>, node: &Node, around: &Around<'_>) -> Option<Configured> {
    let mut map = Map::of(context, node);
    // A service whose name cannot be read is read all the same, so that its other problems are found too.
    let name = map.need("name", name);
    let known = ServiceName::new(name.clone().unwrap_or_default());
    let criticality = map.get("criticality", |c, n| value::one_of(c, n, "criticality", &CRITICALITIES));
    let targets_of = map.get("slo", |context, node| targets_of(context, node, around.slo));
    let dependency = |context: &Context<'_>, node: &Node| service_name(context, node, around.names);
    let dependencies = map.get("dependencies", value::list(dependency)).unwrap_or_default();
    let labels = map.get("labels", target::labels).unwrap_or_else(Labels::empty);
    let window = map.get("indicatorWindow", value::span).unwrap_or(indicator::WINDOW_DEFAULT);
    let indicators = map.get("indicators", indicator::read).unwrap_or_default();
    let target = |c: &Context<'_>, n: &Node| target::read(c, n, &known, &labels, around.scrape_interval);
    let targets = map.get("targets", value::list(target)).unwrap_or_default();
    let connector = map.get("connector", |context, node| connector::read(context, node, &known));
    map.finish();
    let objectives = objectives(&known, &targets_of.unwrap_or_else(|| around.slo.clone()), |kind| {
        indicators.get(&kind.name()).cloned().unwrap_or_else(|| indicator::default(kind, &known, window))
    });
    name?;
    let criticality = criticality.unwrap_or_default();
    Some(Configured {
        service: Service { name: known, criticality, dependencies, objectives },
        targets,
        connector,
    })
}

/// A new service's name. It stands in labels, addresses and file names.
fn name(context: &Context<'_>, node: &Node) -> Option<String> {
    let name = text(context, node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        return Some(name);
    }
    let help = "use letters, digits, `-`, `_` and `.`, a letter or digit first";
    context.problem_with_help(node.at, format!("`{name}` is no name for a service"), help);
    None
}

/// The name of a service that must be one of those configured.
pub(super) fn service_name(
    context: &Context<'_>,
    node: &Node,
    names: &BTreeSet<String>,
) -> Option<ServiceName> {
    let name = text(context, node)?;
    if names.contains(&name) {
        return Some(ServiceName::new(name));
    }
    let help = match closest(&name, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "add it to `monitoring.services`".to_owned(),
    };
    context.problem_with_help(node.at, format!("there is no service `{name}`"), help);
    None
}

/// A service's own targets over the common ones: `availability`, `latencyP95`, `errorRate`.
fn targets_of(context: &Context<'_>, node: &Node, common: &Slo) -> Option<Slo> {
    let mut map = Map::of(context, node);
    let slo = Slo {
        availability: map.get("availability", value::availability).or(common.availability),
        latency_p95: map.get("latencyP95", value::span).or(common.latency_p95),
        error_rate: map.get("errorRate", value::error_rate).or(common.error_rate),
        window: common.window,
    };
    map.finish();
    Some(slo)
}

fn objectives(
    service: &ServiceName,
    slo: &Slo,
    indicator: impl Fn(IndicatorKind) -> String,
) -> Vec<Objective> {
    let targets = [
        (IndicatorKind::Availability, slo.availability),
        (IndicatorKind::LatencyP95, slo.latency_p95.map(|latency| latency.as_secs_f64())),
        (IndicatorKind::ErrorRate, slo.error_rate),
    ];
    let given = targets.into_iter().filter_map(|(kind, target)| Some((kind, target?)));
    let objective = |(kind, target)| {
        let service = service.clone();
        Objective { service, kind, target, indicator: indicator(kind), window: slo.window }
    };
    given.map(objective).collect()
}
