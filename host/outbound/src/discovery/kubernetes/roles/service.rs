//! A service: a target for each of its ports, under its name in the cluster.

use k8s_openapi::api::core::v1::Service;

use super::super::meta::Meta;
use super::group as group_of;
use crate::discovery::TargetGroup;

pub(super) fn group(service: &Service) -> TargetGroup {
    let spec = service.spec.as_ref();
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let namespace = service.metadata.namespace.as_deref().unwrap_or_default();
    let kind = spec.and_then(|spec| spec.type_.as_deref()).unwrap_or("ClusterIP");
    let target = |port: &k8s_openapi::api::core::v1::ServicePort| {
        let mut target = Meta::default();
        target.set_plain("__address__", format!("{name}.{namespace}.svc:{}", port.port));
        target.set_some("service_port_name", port.name.as_deref());
        target.set("service_port_number", port.port.to_string());
        target.set("service_port_protocol", port.protocol.as_deref().unwrap_or("TCP"));
        target.set("service_type", kind);
        match kind {
            "ExternalName" => {
                target.set_some("service_external_name", spec.and_then(|spec| spec.external_name.as_deref()));
            }
            _ => target.set_some("service_cluster_ip", spec.and_then(|spec| spec.cluster_ip.as_deref())),
        }
        if kind == "LoadBalancer" {
            target
                .set_some("service_loadbalancer_ip", spec.and_then(|spec| spec.load_balancer_ip.as_deref()));
        }
        target
    };
    let ports = spec.and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    group_of(&labels(service), ports.iter().map(target))
}

/// What targets of the service get, whichever role finds them.
pub(super) fn labels(service: &Service) -> Meta {
    let mut labels = Meta::default();
    labels.namespace(&service.metadata);
    labels.object("service", &service.metadata);
    labels
}
