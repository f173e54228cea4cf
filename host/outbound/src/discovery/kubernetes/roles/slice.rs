//! A slice of the endpoints of a service: as endpoints, with what slices say besides.

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};

use super::super::meta::{Meta, host_port, sanitized, truth};
use super::super::objects::Objects;
use super::endpoints::{Behind, node};
use super::{group as group_of, service};
use crate::discovery::TargetGroup;

/// The label of a slice that names its service.
const SERVICE: &str = "kubernetes.io/service-name";

pub(super) fn group(slice: &EndpointSlice, objects: &Objects) -> TargetGroup {
    let meta = &slice.metadata;
    let mut common = Meta::default();
    common.namespace(meta);
    common.object("endpointslice", meta);
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let service = meta.labels.as_ref().and_then(|labels| labels.get(SERVICE));
    if let Some(service) = service.and_then(|name| objects.services.get(namespace, name)) {
        common.add(&service::labels(service));
    }
    let (mut targets, mut behind) = (Vec::new(), Behind::default());
    for port in slice.ports.iter().flatten() {
        for endpoint in slice.endpoints.iter().flatten() {
            for address in &endpoint.addresses {
                let mut target = target(address, endpoint, port);
                target.set("endpointslice_address_type", &slice.address_type);
                let of = endpoint.target_ref.as_ref();
                behind.attach(of, namespace, port.port, objects, &mut target);
                node(endpoint.node_name.as_deref(), objects, &mut target);
                targets.push(target);
            }
        }
    }
    targets.extend(behind.others(objects));
    group_of(&common, targets)
}

fn target(address: &str, endpoint: &Endpoint, port: &EndpointPort) -> Meta {
    let mut target = Meta::default();
    match port.port {
        Some(number) => target.set_plain("__address__", host_port(address, number)),
        None => target.set_plain("__address__", address),
    }
    target.set_some("endpointslice_port_name", port.name.as_deref());
    target.set("endpointslice_port_protocol", port.protocol.as_deref().unwrap_or("TCP"));
    target.set_some("endpointslice_port", port.port.map(|number| number.to_string()));
    target.set_some("endpointslice_port_app_protocol", port.app_protocol.as_deref());
    if let Some(conditions) = &endpoint.conditions {
        let all = [
            ("ready", conditions.ready),
            ("serving", conditions.serving),
            ("terminating", conditions.terminating),
        ];
        for (name, value) in all {
            target.set_some(&format!("endpointslice_endpoint_conditions_{name}"), value.map(truth));
        }
    }
    if let Some(of) = &endpoint.target_ref {
        target.set_some("endpointslice_address_target_kind", of.kind.as_deref());
        target.set_some("endpointslice_address_target_name", of.name.as_deref());
    }
    target.set_some("endpointslice_endpoint_hostname", endpoint.hostname.as_deref());
    target.set_some("endpointslice_endpoint_node_name", endpoint.node_name.as_deref());
    target.set_some("endpointslice_endpoint_zone", endpoint.zone.as_deref());
    for (name, value) in endpoint.deprecated_topology.iter().flatten() {
        let name = sanitized(name);
        target.set(&format!("endpointslice_endpoint_topology_{name}"), value);
        target.set(&format!("endpointslice_endpoint_topology_present_{name}"), "true");
    }
    target
}
