//! What Prometheus's `kubernetes_sd_config` says, checked.

use std::path::PathBuf;

use ballast_ports::http_client::HttpClientSettings;

/// Which objects become targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Each node, at its kubelet's port.
    Node,
    /// Each port of each service.
    Service,
    /// Each port of each container.
    Pod,
    /// Each address of the endpoints of a service.
    Endpoints,
    /// Each address of the endpoint slices of a service.
    EndpointSlice,
    /// Each path of each ingress.
    Ingress,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Node, Role::Service, Role::Pod, Role::Endpoints, Role::EndpointSlice, Role::Ingress];

    /// As a configuration names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Node => "node",
            Role::Service => "service",
            Role::Pod => "pod",
            Role::Endpoints => "endpoints",
            Role::EndpointSlice => "endpointslice",
            Role::Ingress => "ingress",
        }
    }

    /// The roles whose objects are looked at: selectors may narrow each of them.
    pub fn watched(self) -> &'static [Role] {
        match self {
            Role::Endpoints => &[Role::Pod, Role::Service, Role::Endpoints],
            Role::EndpointSlice => &[Role::Pod, Role::Service, Role::EndpointSlice],
            Role::Node => &[Role::Node],
            Role::Service => &[Role::Service],
            Role::Pod => &[Role::Pod],
            Role::Ingress => &[Role::Ingress],
        }
    }
}

/// Where the API is, and as whom it is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Api {
    /// This process runs in the cluster and has a service account.
    InCluster,
    /// A kubeconfig file says it all.
    Kubeconfig(PathBuf),
    /// At an address.
    Server {
        /// The address.
        url: String,
        /// Credentials and TLS.
        client: HttpClientSettings,
    },
}

/// Which namespaces are looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Namespaces {
    /// Their names; all where none is named.
    pub names: Vec<String>,
    /// The one that this process runs in, too.
    pub own: bool,
}

/// Narrows what the API tells of one kind of objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// Which kind.
    pub role: Role,
    /// By labels, as kubectl takes it.
    pub label: Option<String>,
    /// By fields.
    pub field: Option<String>,
}

/// The objects of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct KubernetesDiscovery {
    /// Where the API is.
    pub api: Api,
    /// Which objects become targets.
    pub role: Role,
    /// Of which namespaces.
    pub namespaces: Namespaces,
    /// Which of them.
    pub selectors: Vec<Selector>,
    /// Whether targets of pods get the labels of their node, too.
    pub attach_node: bool,
}
