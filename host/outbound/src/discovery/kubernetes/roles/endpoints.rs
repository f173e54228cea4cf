//! The endpoints of a service: a target for each address and port, and one for each other port of the pods behind them.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EndpointAddress, EndpointPort, Endpoints, ObjectReference, Pod};

use super::super::meta::{Meta, host_port, truth};
use super::super::objects::Objects;
use super::{group as group_of, pod, service};
use crate::discovery::TargetGroup;

/// The pods behind a service, and which of their ports the service names.
#[derive(Default)]
pub(super) struct Behind<'o>(BTreeMap<(String, String), (&'o Pod, Vec<i32>)>);

pub(super) fn group(endpoints: &Endpoints, objects: &Objects) -> TargetGroup {
    let meta = &endpoints.metadata;
    let mut common = Meta::default();
    common.namespace(meta);
    common.object("endpoints", meta);
    let (namespace, name) =
        (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default());
    if let Some(service) = objects.services.get(namespace, name) {
        common.add(&service::labels(service));
    }
    let (mut targets, mut behind) = (Vec::new(), Behind::default());
    for subset in endpoints.subsets.iter().flatten() {
        for port in subset.ports.iter().flatten() {
            let ready = subset.addresses.iter().flatten().map(|address| (address, true));
            let not = subset.not_ready_addresses.iter().flatten().map(|address| (address, false));
            for (address, is_ready) in ready.chain(not) {
                let mut target = target(address, port, is_ready);
                let of = address.target_ref.as_ref();
                behind.attach(of, namespace, Some(port.port), objects, &mut target);
                node(address.node_name.as_deref(), objects, &mut target);
                targets.push(target);
            }
        }
    }
    targets.extend(behind.others(objects));
    group_of(&common, targets)
}

fn target(address: &EndpointAddress, port: &EndpointPort, is_ready: bool) -> Meta {
    let mut target = Meta::default();
    target.set_plain("__address__", host_port(&address.ip, port.port));
    target.set_some("endpoint_port_name", port.name.as_deref());
    target.set("endpoint_port_protocol", port.protocol.as_deref().unwrap_or("TCP"));
    target.set("endpoint_ready", truth(is_ready));
    if let Some(of) = &address.target_ref {
        target.set_some("endpoint_address_target_kind", of.kind.as_deref());
        target.set_some("endpoint_address_target_name", of.name.as_deref());
    }
    target.set_some("endpoint_node_name", address.node_name.as_deref());
    target.set_some("endpoint_hostname", address.hostname.as_deref());
    target
}

/// The labels of a node, where nodes are looked at.
pub(super) fn node(name: Option<&str>, objects: &Objects, target: &mut Meta) {
    if let Some(node) = name.and_then(|name| objects.nodes.get("", name)) {
        target.object("node", &node.metadata);
    }
}

impl<'o> Behind<'o> {
    /// Adds the labels of the pod that a target stands for, and of the container that has the port.
    pub(super) fn attach(
        &mut self,
        of: Option<&ObjectReference>,
        namespace: &str,
        port: Option<i32>,
        objects: &'o Objects,
        target: &mut Meta,
    ) {
        let Some(of) = of.filter(|of| of.kind.as_deref() == Some("Pod")) else { return };
        let name = of.name.as_deref().unwrap_or_default();
        let namespace = of.namespace.as_deref().unwrap_or(namespace);
        let Some(found) = objects.pods.get(namespace, name) else { return };
        target.add(&pod::labels(found));
        let key = (namespace.to_owned(), name.to_owned());
        let (_, ports) = self.0.entry(key).or_insert_with(|| (found, Vec::new()));
        ports.extend(port);
        for (container, is_init) in pod::containers(found) {
            let same = |candidate: &&k8s_openapi::api::core::v1::ContainerPort| {
                Some(candidate.container_port) == port
            };
            if let Some(port) = container.ports.iter().flatten().find(same) {
                pod::container_labels(found, container, target);
                pod::port_labels(port, target);
                target.set("pod_container_init", truth(is_init));
                return;
            }
        }
    }

    /// A target for each port of these pods that the service does not name.
    pub(super) fn others(self, objects: &'o Objects) -> Vec<Meta> {
        let mut targets = Vec::new();
        for (found, named) in self.0.into_values() {
            let Some(address) = pod::address(found) else { continue };
            for (container, is_init) in pod::containers(found) {
                let ports = container.ports.iter().flatten();
                for port in ports.filter(|port| !named.contains(&port.container_port)) {
                    let mut target = pod::labels(found);
                    target.set_plain("__address__", host_port(address, port.container_port));
                    pod::container_labels(found, container, &mut target);
                    pod::port_labels(port, &mut target);
                    target.set("pod_container_init", truth(is_init));
                    pod::node_of(found, objects, &mut target);
                    targets.push(target);
                }
            }
        }
        targets
    }
}
