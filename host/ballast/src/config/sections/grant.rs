//! `grant`: what a plugin may do. Nothing is granted that is not written here.

use std::collections::BTreeSet;

use ballast_types::call::Verb;
use ballast_types::plugin::{Capability, Grant, ServiceScope};

use super::service::service_name;
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::text::text;
use crate::config::tree::{Content, Node};
use crate::config::value;

/// `capabilities`, `read`, `act`, `verbs`, `hosts`.
pub(super) fn read(context: &Context<'_>, node: &Node, services: &BTreeSet<String>) -> Option<Grant> {
    let mut map = Map::of(context, node);
    let act_at = map.node("act").map(|node| node.at);
    let grant = Grant {
        capabilities: map
            .get("capabilities", value::list(capability))
            .unwrap_or_default()
            .into_iter()
            .collect(),
        read: map.get("read", |context, node| scope(context, node, services)).unwrap_or_default(),
        act: map.get("act", |context, node| scope(context, node, services)).unwrap_or_default(),
        verbs: map.get("verbs", value::list(verb)).unwrap_or_default().into_iter().collect(),
        hosts: map.get("hosts", value::list(value::filled)).unwrap_or_default().into_iter().collect(),
    };
    map.finish();
    if let Some(at) = act_at.filter(|_| grant.act != ServiceScope::None) {
        if grant.verbs.is_empty() {
            context.warning(
                at,
                "it may act on services, but no verb is granted",
                "list what it may do under `verbs`",
            );
        } else if !grant.allows(Capability::Services) {
            let help = "add `services` to `capabilities`";
            context.warning(at, "it may act on services, but has no capability to", help);
        }
    }
    Some(grant)
}

fn capability(context: &Context<'_>, node: &Node) -> Option<Capability> {
    value::one_of(
        context,
        node,
        "capability",
        &Capability::ALL.map(|capability| (capability.name(), capability)),
    )
}

fn verb(context: &Context<'_>, node: &Node) -> Option<Verb> {
    value::one_of(context, node, "verb", &Verb::ALL.map(|verb| (verb.name(), verb)))
}

/// `all`, `subject`, `none`, or a list of services.
fn scope(context: &Context<'_>, node: &Node, services: &BTreeSet<String>) -> Option<ServiceScope> {
    if let Content::List(items) = &node.content {
        let names = items.iter().filter_map(|item| service_name(context, item, services));
        return Some(ServiceScope::Named(names.collect()));
    }
    let word = text(context, node)?;
    match word.as_str() {
        "all" => Some(ServiceScope::All),
        "subject" => Some(ServiceScope::Subject),
        "none" => Some(ServiceScope::None),
        _ => {
            let help = match services.contains(&word) {
                true => format!("write it as a list: [{word}]"),
                false => {
                    "write all, subject (the service that the incident is about), none, or a list of services"
                        .to_owned()
                }
            };
            context.problem_with_help(node.at, format!("unknown scope `{word}`"), help);
            None
        }
    }
}
