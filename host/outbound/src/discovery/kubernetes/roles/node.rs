//! A node, at the port of its kubelet.

use k8s_openapi::api::core::v1::{Node, NodeAddress};

use super::super::meta::{Meta, host_port, sanitized};
use super::group as group_of;
use crate::discovery::TargetGroup;

/// Which of a node's addresses is taken, the first kind that it has.
const PREFERRED: [&str; 6] =
    ["InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"];

/// `None` where the node has no address yet.
pub(super) fn group(node: &Node) -> Option<TargetGroup> {
    let status = node.status.as_ref()?;
    let addresses: &[NodeAddress] = status.addresses.as_deref().unwrap_or_default();
    let of_kind = |kind: &str| addresses.iter().find(|address| address.type_ == kind);
    let address = PREFERRED.iter().find_map(|kind| of_kind(kind))?;
    let endpoints = status.daemon_endpoints.as_ref();
    let port = endpoints.and_then(|all| all.kubelet_endpoint.as_ref()).map_or(0, |kubelet| kubelet.port);
    let mut common = Meta::default();
    common.set_some("node_provider_id", node.spec.as_ref().and_then(|spec| spec.provider_id.as_deref()));
    common.object("node", &node.metadata);
    let mut target = Meta::default();
    target.set_plain("__address__", host_port(&address.address, port));
    target.set_plain("instance", node.metadata.name.as_deref().unwrap_or_default());
    // Of several of a kind the first counts.
    for address in addresses.iter().rev() {
        target.set(&format!("node_address_{}", sanitized(&address.type_)), &address.address);
    }
    Some(group_of(&common, [target]))
}
