//! Labels of Kubernetes objects: names made of what objects are called, and what all kinds have in common.

use std::net::IpAddr;

use ballast_types::Labels;
use ballast_types::relabel::LabelsBuilder;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

const PREFIX: &str = "__meta_kubernetes_";

/// Labels that are being put together, each with the prefix of Kubernetes in front.
#[derive(Clone, Default)]
pub(super) struct Meta(LabelsBuilder);

impl Meta {
    /// Sets a label; nothing and an empty text are the same.
    pub(super) fn set(&mut self, name: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        if !value.is_empty() {
            self.0.set(format!("{PREFIX}{name}"), value);
        }
    }

    /// Sets a label where there is a value.
    pub(super) fn set_some(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Sets a label without a prefix.
    pub(super) fn set_plain(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.set(name, value.as_ref());
    }

    /// Name, labels and annotations of an object, under the name of its kind.
    pub(super) fn object(&mut self, kind: &str, meta: &ObjectMeta) {
        self.set_some(&format!("{kind}_name"), meta.name.as_deref());
        let both = [("label", &meta.labels), ("annotation", &meta.annotations)];
        for (what, pairs) in both {
            for (name, value) in pairs.iter().flatten() {
                let name = sanitized(name);
                self.set(&format!("{kind}_{what}_{name}"), value);
                self.set(&format!("{kind}_{what}present_{name}"), "true");
            }
        }
    }

    /// The namespace of an object.
    pub(super) fn namespace(&mut self, meta: &ObjectMeta) {
        self.set_some("namespace", meta.namespace.as_deref());
    }

    /// Adds the labels of another.
    pub(super) fn add(&mut self, other: &Meta) {
        for (name, value) in other.0.pairs() {
            self.0.set(name.clone(), value.clone());
        }
    }

    pub(super) fn labels(&self) -> Labels {
        self.0.labels()
    }
}

/// What cannot stand in a label's name becomes `_`.
pub(super) fn sanitized(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Host and port; an IPv6 address in brackets.
pub(super) fn host_port(host: &str, port: i32) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => format!("[{host}]:{port}"),
        _ => format!("{host}:{port}"),
    }
}

/// As Kubernetes writes truth values.
pub(super) fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
