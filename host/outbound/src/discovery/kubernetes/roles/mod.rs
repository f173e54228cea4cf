//! Which targets the objects of each role are, and with which labels. Pure; the names are those of Prometheus's
//! documentation of `kubernetes_sd_config`.

mod endpoints;
mod ingress;
mod node;
mod pod;
mod service;
mod slice;

use super::meta::Meta;
use super::objects::Objects;
use super::settings::Role;
use crate::discovery::TargetGroup;

/// The groups of all objects of a role.
pub(super) fn groups(role: Role, objects: &Objects) -> Vec<TargetGroup> {
    match role {
        Role::Node => objects.nodes.all().filter_map(node::group).collect(),
        Role::Service => objects.services.all().map(service::group).collect(),
        Role::Pod => objects.pods.all().filter_map(|pod| pod::group(pod, objects)).collect(),
        Role::Endpoints => objects.endpoints.all().map(|one| endpoints::group(one, objects)).collect(),
        Role::EndpointSlice => objects.slices.all().map(|slice| slice::group(slice, objects)).collect(),
        Role::Ingress => objects.ingresses.all().map(ingress::group).collect(),
    }
}

fn group(common: &Meta, targets: impl IntoIterator<Item = Meta>) -> TargetGroup {
    let targets = targets.into_iter().map(|target| target.labels()).collect();
    TargetGroup { targets, labels: common.labels() }
}
