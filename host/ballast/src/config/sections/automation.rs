//! `automation`: which alert starts which runbook, with what parameters, rights, guards and proof.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ballast_alerting::Position;
use ballast_automation::RunbookPolicy;
use ballast_automation::guard::Guards;
use ballast_automation::verification::VerificationPolicy;
use ballast_types::objective::IndicatorKind;
use ballast_types::plugin::RunLimits;
use ballast_types::service::Service;
use ballast_types::{MatchOp, Matcher, PluginName};

use super::{grant, parameters, target};
use crate::config::context::Context;
use crate::config::map::{Map, texts};
use crate::config::tree::{Content, Node};
use crate::config::value;

const INDICATORS: [(&str, IndicatorKind); 3] = [
    ("availability", IndicatorKind::Availability),
    ("latencyP95", IndicatorKind::LatencyP95),
    ("errorRate", IndicatorKind::ErrorRate),
];

/// What is done by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Automation {
    /// How long an incident whose alerts are over waits before it counts as resolved.
    pub(crate) resolve_hold: Duration,
    /// In this order; the first that matches an alert is taken.
    pub(crate) policies: Vec<RunbookPolicy>,
    /// Where each runbook is named.
    pub(crate) places: BTreeMap<PluginName, Position>,
}

impl Default for Automation {
    fn default() -> Self {
        Automation { resolve_hold: Duration::from_secs(60), policies: Vec::new(), places: BTreeMap::new() }
    }
}

/// `resolveHold`, `runbooks`.
pub(in crate::config) fn read(
    context: &Context<'_>,
    node: &Node,
    services: &[Service],
) -> Option<Automation> {
    let mut map = Map::of(context, node);
    let resolve_hold = map.get("resolveHold", value::duration).unwrap_or(Automation::default().resolve_hold);
    if let Some(Content::List(items)) = map.node("runbooks").map(|node| &node.content) {
        report_twice(context, items);
    }
    let each = |context: &Context<'_>, node: &Node| policy(context, node, services);
    let read = map.get("runbooks", value::list(each)).unwrap_or_default();
    map.finish();
    let places = read.iter().map(|(at, policy)| (policy.runbook.clone(), *at)).collect();
    Some(Automation { resolve_hold, policies: read.into_iter().map(|(_, policy)| policy).collect(), places })
}

/// A runbook has one entry, because its rights are looked up by its name.
fn report_twice(context: &Context<'_>, items: &[Node]) {
    let mut seen = BTreeSet::new();
    for item in items {
        let Content::Map(entries) = &item.content else { continue };
        let Some(entry) = entries.iter().find(|entry| entry.key == "runbook") else { continue };
        let Content::Scalar(scalar) = &entry.value.content else { continue };
        if !seen.insert(&scalar.text) {
            let help = "match several alerts with one entry, as in `alertname: \"=~First|Second\"`";
            context.problem_with_help(
                entry.value.at,
                format!("the runbook `{}` has an entry already", scalar.text),
                help,
            );
        }
    }
}

/// `runbook`, `match`, `parameters`, `grant`, `limits`, `guards`, `verify`.
fn policy(context: &Context<'_>, node: &Node, services: &[Service]) -> Option<(Position, RunbookPolicy)> {
    let mut map = Map::of(context, node);
    let runbook_at = map.node("runbook").map_or(node.at, |node| node.at);
    let runbook = map.need("runbook", value::filled);
    let matchers = map.need("match", matchers);
    let names = services.iter().map(|service| service.name.to_string()).collect();
    let parameters = map.get("parameters", parameters::read).unwrap_or_else(|| "{}".to_owned());
    let grant = map.get("grant", |context, node| grant::read(context, node, &names)).unwrap_or_default();
    let limits = map.get("limits", limits).unwrap_or_default();
    let guards = map.get("guards", guards).unwrap_or_default();
    let verify = map.get("verify", |context, node| verify(context, node, services));
    let (objective, verification) =
        verify.unwrap_or((IndicatorKind::ErrorRate, VerificationPolicy::default()));
    map.finish();
    let runbook = PluginName::new(runbook?);
    let matchers = matchers?;
    let policy =
        RunbookPolicy { runbook, matchers, parameters, grant, limits, guards, verification, objective };
    Some((runbook_at, policy))
}

/// Conditions on labels: a value, or one after `!=`, `=~` or `!~`.
fn matchers(context: &Context<'_>, node: &Node) -> Option<Vec<Matcher>> {
    let found = texts(context, node);
    if matches!(&node.content, Content::Map(entries) if entries.is_empty()) {
        let help = "name the alert, as in `match: {alertname: HighErrorRate}`";
        context.problem_with_help(node.at, "an empty match would start the runbook for every alert", help);
        return None;
    }
    let mut matchers = Vec::new();
    for (entry, condition) in found {
        if !target::is_label_name(&entry.key) {
            context.problem(entry.key_at, format!("`{}` is no name of a label", entry.key));
            continue;
        }
        match matcher(&entry.key, &condition) {
            Ok(matcher) => matchers.push(matcher),
            Err(reason) => context.problem(entry.value.at, reason),
        }
    }
    Some(matchers).filter(|matchers| !matchers.is_empty())
}

fn matcher(label: &str, condition: &str) -> Result<Matcher, String> {
    let operators = [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual)];
    let parted = operators.into_iter().find_map(|(sign, op)| Some((op, condition.strip_prefix(sign)?)));
    let (op, value) = parted.unwrap_or((MatchOp::Equal, condition));
    // The pattern engine draws a picture over several lines; the last one says what is wrong.
    Matcher::new(label, op, value).map_err(|error| {
        let reason = error.reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("the pattern `{value}` does not compile: {reason}")
    })
}

/// `memory`, `busy`, `call`, `output`, `total`.
fn limits(context: &Context<'_>, node: &Node) -> Option<RunLimits> {
    let mut map = Map::of(context, node);
    let default = RunLimits::default();
    let limits = RunLimits {
        memory_bytes_max: map.get("memory", value::size).unwrap_or(default.memory_bytes_max),
        busy_max: map.get("busy", value::span).unwrap_or(default.busy_max),
        call_max: map.get("call", value::span).unwrap_or(default.call_max),
        output_bytes_max: map.get("output", value::size).unwrap_or(default.output_bytes_max),
        total_max: map.get("total", value::span).unwrap_or(default.total_max),
    };
    map.finish();
    Some(limits)
}

/// `effectsPerHour`, `coolDown`.
fn guards(context: &Context<'_>, node: &Node) -> Option<Guards> {
    let mut map = Map::of(context, node);
    let default = Guards::default();
    let guards = Guards {
        effects_per_hour_max: map
            .get("effectsPerHour", value::count(0))
            .unwrap_or(default.effects_per_hour_max),
        cool_down: map.get("coolDown", value::duration).unwrap_or(default.cool_down),
    };
    map.finish();
    Some(guards)
}

/// `objective`, `hold`, `within`.
fn verify(
    context: &Context<'_>,
    node: &Node,
    services: &[Service],
) -> Option<(IndicatorKind, VerificationPolicy)> {
    let mut map = Map::of(context, node);
    let objective_at = map.node("objective").map_or(node.at, |node| node.at);
    let objective = map.get("objective", |c, n| value::one_of(c, n, "objective", &INDICATORS));
    let is_given_wrong = objective.is_none() && map.node("objective").is_some();
    let objective = objective.unwrap_or(IndicatorKind::ErrorRate);
    let default = VerificationPolicy::default();
    let policy = VerificationPolicy {
        hold: map.get("hold", value::duration).unwrap_or(default.hold),
        within: map.get("within", value::span).unwrap_or(default.within),
    };
    map.finish();
    let is_owed = services.iter().any(|service| service.objectives.iter().any(|owed| owed.kind == objective));
    if !is_owed && !is_given_wrong {
        let message = "no service has such an objective, so nothing that the runbook does can be verified";
        context.warning(objective_at, message, "give targets under `slo` or under a service's `slo`");
    }
    Some((objective, policy))
}
