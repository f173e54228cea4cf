//! `monitoring`: how often is measured and judged, and the services.

use std::collections::BTreeSet;
use std::time::Duration;

use ballast_engine::TargetSettings;
use ballast_outbound::HttpConnectorConfig;
use ballast_types::service::Service;

use super::service;
use super::slo::Slo;
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::{Content, Node};
use crate::config::value;

/// As Prometheus does where nothing is said, only more often: faults should be seen within a minute.
const INTERVAL_DEFAULT: Duration = Duration::from_secs(15);

/// What is watched.
#[derive(Clone, Debug)]
pub(crate) struct Monitoring {
    /// How often rule groups without an interval of their own are evaluated.
    pub(crate) evaluation_interval: Duration,
    /// The services.
    pub(crate) services: Vec<Service>,
    /// Where their metrics are.
    pub(crate) targets: Vec<TargetSettings>,
    /// How they are acted on.
    pub(crate) connectors: Vec<HttpConnectorConfig>,
}

impl Default for Monitoring {
    fn default() -> Self {
        Monitoring {
            evaluation_interval: INTERVAL_DEFAULT,
            services: Vec::new(),
            targets: Vec::new(),
            connectors: Vec::new(),
        }
    }
}

/// `scrapeInterval`, `evaluationInterval`, `services`. `evaluation` is what `global` says of the second.
pub(in crate::config) fn read(
    context: &Context<'_>,
    node: &Node,
    slo: &Slo,
    evaluation: Duration,
) -> Option<Monitoring> {
    let mut map = Map::of(context, node);
    let scrape_interval = map.get("scrapeInterval", value::span).unwrap_or(INTERVAL_DEFAULT);
    let evaluation_interval = map.get("evaluationInterval", value::span).unwrap_or(evaluation);
    let mut monitoring = Monitoring { evaluation_interval, ..Monitoring::default() };
    if let Some(services) = map.node("services") {
        let names = names(context, services);
        let around = service::Around { slo, names: &names, scrape_interval };
        let each = |context: &Context<'_>, node: &Node| service::read(context, node, &around);
        for read in value::list(each)(context, services).unwrap_or_default() {
            monitoring.services.push(read.service);
            monitoring.targets.extend(read.targets);
            monitoring.connectors.extend(read.connector);
        }
    }
    map.finish();
    Some(monitoring)
}

/// The names of all services, so that one may depend on a later one. Reports a name that is given twice.
fn names(context: &Context<'_>, services: &Node) -> BTreeSet<String> {
    let Content::List(items) = &services.content else { return BTreeSet::new() };
    let entries = items.iter().filter_map(|item| match &item.content {
        Content::Map(entries) => entries.iter().find(|entry| entry.key == "name"),
        _ => None,
    });
    let mut names = BTreeSet::new();
    for entry in entries {
        let Content::Scalar(scalar) = &entry.value.content else { continue };
        if !names.insert(scalar.text.clone()) {
            context.problem(entry.value.at, format!("there are two services named `{}`", scalar.text));
        }
    }
    names
}
