//! `relabel_configs` and `metric_relabel_configs`: rules as Prometheus writes them. Whether one makes sense is decided where
//! rules live; here each complaint finds its place.

use ballast_types::relabel::{RelabelAction, RelabelRule, anchored};

use super::words;
use crate::config::closest::closest;
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;

/// A list of rules.
pub(super) fn rules(context: &Context<'_>, node: &Node) -> Option<Vec<RelabelRule>> {
    words::list(rule)(context, node)
}

/// `source_labels`, `separator`, `regex`, `modulus`, `target_label`, `replacement`, `action`.
fn rule(context: &Context<'_>, node: &Node) -> Option<RelabelRule> {
    let mut map = Map::of(context, node);
    let action = map.get("action", action);
    // Read on with any action, so that the other problems are found too.
    let mut rule = RelabelRule::new(action.unwrap_or(RelabelAction::Replace)).ok()?;
    rule.source_labels = map.get("source_labels", words::list(words::text)).unwrap_or_default();
    rule.separator = map.get("separator", words::text).unwrap_or(rule.separator);
    let regex = map.node("regex").map(|node| (node, pattern(context, node)));
    let modulus = map.get("modulus", words::count);
    rule.modulus = modulus.and_then(|modulus| u64::try_from(modulus).ok()).unwrap_or(rule.modulus);
    rule.target_label = map.get("target_label", words::text).unwrap_or_default();
    rule.replacement = map.get("replacement", words::text).unwrap_or(rule.replacement);
    let places = [
        ("regex", regex.as_ref().map(|(node, _)| node.at)),
        ("source_labels", map.node("source_labels").map(|node| node.at)),
        ("separator", map.node("separator").map(|node| node.at)),
        ("modulus", map.node("modulus").map(|node| node.at)),
        ("target_label", map.node("target_label").map(|node| node.at)),
        ("replacement", map.node("replacement").map(|node| node.at)),
    ];
    let is_action_given = map.node("action").is_some();
    map.finish();
    rule.regex = match regex {
        Some((_, pattern)) => pattern?,
        None => rule.regex,
    };
    if is_action_given {
        action?;
    }
    match rule.check() {
        Ok(()) => Some(rule),
        Err(invalid) => {
            let place = places.iter().find(|(key, _)| *key == invalid.key).and_then(|(_, at)| *at);
            context.problem(place.unwrap_or(node.at), invalid.reason);
            None
        }
    }
}

fn pattern(context: &Context<'_>, node: &Node) -> Option<regex::Regex> {
    match anchored(&words::text(context, node)?) {
        Ok(regex) => Some(regex),
        Err(invalid) => {
            context.problem(node.at, invalid.reason);
            None
        }
    }
}

/// In any case of letters, as in Prometheus.
fn action(context: &Context<'_>, node: &Node) -> Option<RelabelAction> {
    let value = words::text(context, node)?;
    let lower = value.to_lowercase();
    let found = RelabelAction::ALL.into_iter().find(|action| action.as_str() == lower);
    if found.is_none() {
        let names = RelabelAction::ALL.map(RelabelAction::as_str);
        let help = match closest(&lower, names) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("known are {}", names.join(", ")),
        };
        context.problem_with_help(node.at, format!("unknown action `{value}`"), help);
    }
    found
}
