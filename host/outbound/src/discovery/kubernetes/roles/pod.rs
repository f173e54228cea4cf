//! A pod: a target for each port of each of its containers, and one for a container without ports.

use k8s_openapi::api::core::v1::{Container, ContainerPort, Pod};

use super::super::meta::{Meta, host_port, truth};
use super::super::objects::Objects;
use super::group as group_of;
use crate::discovery::TargetGroup;

/// `None` while the pod has no address.
pub(super) fn group(pod: &Pod, objects: &Objects) -> Option<TargetGroup> {
    let address = address(pod)?;
    let mut common = labels(pod);
    common.namespace(&pod.metadata);
    node_of(pod, objects, &mut common);
    let targets = containers(pod).flat_map(|(container, is_init)| {
        let mut bare = Meta::default();
        container_labels(pod, container, &mut bare);
        bare.set("pod_container_init", truth(is_init));
        let ports = container.ports.as_deref().unwrap_or_default();
        let with_port = |port: &ContainerPort| {
            let mut target = bare.clone();
            target.set_plain("__address__", host_port(address, port.container_port));
            port_labels(port, &mut target);
            target
        };
        match ports {
            [] => {
                bare.set_plain("__address__", address);
                vec![bare]
            }
            ports => ports.iter().map(with_port).collect(),
        }
    });
    Some(group_of(&common, targets))
}

/// The pod's address, once it has one.
pub(super) fn address(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.pod_ip.as_deref().filter(|ip| !ip.is_empty())
}

/// Containers, and those that only prepare, told apart.
pub(super) fn containers(pod: &Pod) -> impl Iterator<Item = (&Container, bool)> {
    let spec = pod.spec.as_ref();
    let main = spec.map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let init = spec.and_then(|spec| spec.init_containers.as_deref()).unwrap_or_default();
    main.iter().map(|container| (container, false)).chain(init.iter().map(|container| (container, true)))
}

/// What targets of the pod get, whichever role finds them; not the namespace.
pub(super) fn labels(pod: &Pod) -> Meta {
    let mut labels = Meta::default();
    let (spec, status) = (pod.spec.as_ref(), pod.status.as_ref());
    labels.object("pod", &pod.metadata);
    labels.set_some("pod_ip", address(pod));
    labels.set("pod_ready", ready(pod));
    labels.set_some("pod_phase", status.and_then(|status| status.phase.as_deref()));
    labels.set_some("pod_node_name", spec.and_then(|spec| spec.node_name.as_deref()));
    labels.set_some("pod_host_ip", status.and_then(|status| status.host_ip.as_deref()));
    labels.set_some("pod_uid", pod.metadata.uid.as_deref());
    let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
    if let Some(owner) = owners.iter().find(|owner| owner.controller == Some(true)) {
        labels.set("pod_controller_kind", &owner.kind);
        labels.set("pod_controller_name", &owner.name);
    }
    labels
}

fn ready(pod: &Pod) -> String {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
    ready.map_or_else(|| "unknown".to_owned(), |condition| condition.status.to_lowercase())
}

/// The labels of the pod's node, where nodes are looked at.
pub(super) fn node_of(pod: &Pod, objects: &Objects, labels: &mut Meta) {
    let name = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or_default();
    if let Some(node) = objects.nodes.get("", name) {
        labels.object("node", &node.metadata);
    }
}

/// Name, image and id of a container.
pub(super) fn container_labels(pod: &Pod, container: &Container, labels: &mut Meta) {
    labels.set("pod_container_name", &container.name);
    labels.set_some("pod_container_image", container.image.as_deref());
    let status = pod.status.as_ref();
    let statuses = [
        status.and_then(|status| status.container_statuses.as_deref()),
        status.and_then(|status| status.init_container_statuses.as_deref()),
    ];
    let own = statuses.into_iter().flatten().flatten().find(|status| status.name == container.name);
    labels.set_some("pod_container_id", own.and_then(|status| status.container_id.as_deref()));
}

/// Name, number and protocol of a container's port.
pub(super) fn port_labels(port: &ContainerPort, labels: &mut Meta) {
    labels.set_some("pod_container_port_name", port.name.as_deref());
    labels.set("pod_container_port_number", port.container_port.to_string());
    labels.set("pod_container_port_protocol", port.protocol.as_deref().unwrap_or("TCP"));
}
