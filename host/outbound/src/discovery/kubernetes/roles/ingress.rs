//! An ingress: a target for each path of each of its hosts, as a black-box probe would ask it.

use k8s_openapi::api::networking::v1::{Ingress, IngressRule};

use super::super::meta::Meta;
use super::group as group_of;
use crate::discovery::TargetGroup;

pub(super) fn group(ingress: &Ingress) -> TargetGroup {
    let mut common = Meta::default();
    common.namespace(&ingress.metadata);
    common.object("ingress", &ingress.metadata);
    let spec = ingress.spec.as_ref();
    common.set_some("ingress_class_name", spec.and_then(|spec| spec.ingress_class_name.as_deref()));
    let tls = spec.and_then(|spec| spec.tls.as_deref()).unwrap_or_default();
    let secured: Vec<&str> =
        tls.iter().flat_map(|tls| tls.hosts.iter().flatten()).map(String::as_str).collect();
    let rules = spec.and_then(|spec| spec.rules.as_deref()).unwrap_or_default();
    let targets = rules.iter().flat_map(|rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        let is_secured = secured.iter().any(|pattern| covers(pattern, host));
        let scheme = if is_secured { "https" } else { "http" };
        paths(rule).into_iter().map(move |path| target(host, scheme, path))
    });
    group_of(&common, targets)
}

fn target(host: &str, scheme: &str, path: &str) -> Meta {
    let mut target = Meta::default();
    target.set_plain("__address__", host);
    target.set("ingress_scheme", scheme);
    target.set("ingress_host", host);
    target.set("ingress_path", path);
    target
}

/// The paths of a rule; all of a host are `/`.
fn paths(rule: &IngressRule) -> Vec<&str> {
    let paths = rule.http.as_ref().map(|http| http.paths.as_slice()).unwrap_or_default();
    let written = |path: &Option<String>| -> bool { path.as_deref().is_some_and(|path| !path.is_empty()) };
    let all = paths.iter().map(|path| match written(&path.path) {
        true => path.path.as_deref().unwrap_or("/"),
        false => "/",
    });
    let all: Vec<&str> = all.collect();
    if all.is_empty() { vec!["/"] } else { all }
}

/// Whether a certificate's name, which may begin with `*.`, is that of a host.
fn covers(pattern: &str, host: &str) -> bool {
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(domain), Some((first, rest))) => !first.is_empty() && rest == domain,
        _ => pattern == host,
    }
}
