//! Targets from the API of a Kubernetes cluster: settings, and the provider that watches it.

mod settings;

use async_trait::async_trait;

pub use settings::{Api, KubernetesDiscovery, Namespaces, Role, Selector};

use super::{Found, Provider};

/// The objects of a cluster, as targets.
pub(super) struct Kubernetes {
    settings: KubernetesDiscovery,
}

impl Kubernetes {
    pub(super) fn new(settings: KubernetesDiscovery) -> Self {
        Kubernetes { settings }
    }
}

#[async_trait]
impl Provider for Kubernetes {
    async fn changed(&mut self) -> Found {
        let _ = &self.settings;
        std::future::pending().await
    }
}
