//! One entry of `kubernetes_sd_configs`.

use ballast_outbound::discovery::{Api, KubernetesDiscovery, Namespaces, Role, Selector};
use ballast_ports::http_client::HttpClientSettings;

use super::{discovery, http_client, words};
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;

/// `role`, `api_server`, `kubeconfig_file`, `namespaces`, `selectors`, `attach_metadata`, and the keys of an HTTP client.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Option<KubernetesDiscovery> {
    let mut map = Map::of(context, node);
    let role = map.need("role", role);
    let namespaces = map.get("namespaces", namespaces).unwrap_or_default();
    let api = api(context, &mut map, &namespaces);
    let selectors = map.get("selectors", words::list(selector)).unwrap_or_default();
    let attach_node = map.get("attach_metadata", attach).unwrap_or_default();
    if let (Some(role), Some(node)) = (role, map.node("selectors")) {
        check_selectors(context, node, role, &selectors);
    }
    map.finish();
    Some(KubernetesDiscovery { api, role: role?, namespaces, selectors, attach_node })
}

fn role(context: &Context<'_>, node: &Node) -> Option<Role> {
    words::one_of(context, node, "role", &Role::ALL.map(|role| (role.as_str(), role)))
}

/// Where the API is: what the keys say, else the cluster that this process runs in.
fn api(context: &Context<'_>, map: &mut Map<'_, '_>, namespaces: &Namespaces) -> Api {
    let client = http_client::read(context, map);
    let has_client = client != HttpClientSettings::default();
    let server = map.get("api_server", discovery::address);
    let kubeconfig = map.get("kubeconfig_file", words::path);
    let (server_at, file_at) =
        (map.node("api_server").map(|n| n.at), map.node("kubeconfig_file").map(|n| n.at));
    let at = file_at.or(server_at).unwrap_or(map.at);
    if file_at.is_some() && server_at.is_some() {
        context.problem(at, "`kubeconfig_file` cannot stand beside `api_server`");
    } else if file_at.is_some() && has_client {
        context.problem(at, "with `kubeconfig_file` that file says how to log in, and nothing else does");
    } else if server_at.is_none() && file_at.is_none() && has_client {
        context.problem(at, "credentials and TLS for the API need its address in `api_server`");
    }
    if namespaces.own && (file_at.is_some() || server_at.is_some()) {
        context.problem(at, "`own_namespace` is that of this process in its own cluster: leave this key out");
    }
    match (server, kubeconfig) {
        (Some(url), _) => Api::Server { url, client },
        (None, Some(file)) => Api::Kubeconfig(file),
        (None, None) => Api::InCluster,
    }
}

/// `names`, `own_namespace`.
fn namespaces(context: &Context<'_>, node: &Node) -> Option<Namespaces> {
    let mut map = Map::of(context, node);
    let namespaces = Namespaces {
        names: map.get("names", words::list(words::filled)).unwrap_or_default(),
        own: map.get("own_namespace", words::truth).unwrap_or_default(),
    };
    map.finish();
    Some(namespaces)
}

/// `role`, `label`, `field`.
fn selector(context: &Context<'_>, node: &Node) -> Option<Selector> {
    let mut map = Map::of(context, node);
    let (role, label, field) =
        (map.need("role", role), map.get("label", words::filled), map.get("field", words::filled));
    map.finish();
    Some(Selector { role: role?, label, field })
}

fn check_selectors(context: &Context<'_>, node: &Node, role: Role, selectors: &[Selector]) {
    for (index, selector) in selectors.iter().enumerate() {
        let name = selector.role.as_str();
        let watched = role.watched();
        let attached = selector.role == Role::Node && matches!(role, Role::Pod);
        if !watched.contains(&selector.role) && !attached {
            let known: Vec<_> = watched.iter().map(|role| role.as_str()).collect();
            let message = format!("the role `{}` looks at no objects of the role `{name}`", role.as_str());
            context.problem_with_help(node.at, message, format!("it looks at {}", known.join(", ")));
        }
        if selectors.iter().take(index).any(|earlier| earlier.role == selector.role) {
            context.problem(node.at, format!("there are two selectors for the role `{name}`"));
        }
    }
}

/// `node`; `namespace` is read for pasting.
fn attach(context: &Context<'_>, node: &Node) -> Option<bool> {
    let mut map = Map::of(context, node);
    let attached = map.get("node", words::truth).unwrap_or_default();
    if let Some(node) = map.node("namespace")
        && words::truth(context, node) == Some(true)
    {
        context.warning(node.at, "labels of namespaces are not attached", "`node` is");
    }
    map.finish();
    Some(attached)
}
