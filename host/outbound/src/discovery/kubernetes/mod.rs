//! Targets from the API of a Kubernetes cluster: its objects are listed once and watched from then on.
//!
//! ```text
//! connect.rs ──► a watch for each kind and namespace ──► objects.rs (what there is) ──► roles/ (targets and labels)
//! ```
//! Invariant: the targets are told once all that belongs to them was listed or failed; what fails later leaves what was
//! known. Labels have the names that Prometheus documents.

mod connect;
mod meta;
mod objects;
mod roles;
mod settings;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::stream::StreamExt;
use tokio::time::{sleep, timeout};

pub use settings::{Api, KubernetesDiscovery, Namespaces, Role, Selector};

use super::{Found, Provider};
use connect::Watches;
use objects::Objects;

/// How long after a change more of them are waited for, and how long at most: a rollout changes hundreds of objects.
const QUIET: Duration = Duration::from_millis(200);
const ROUNDS_MAX: usize = 25;
/// How long after a failure to connect it is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// The objects of a cluster, as targets.
pub(super) struct Kubernetes {
    settings: KubernetesDiscovery,
    watches: Option<Watches>,
    objects: Objects,
    last: Option<Found>,
}

impl Kubernetes {
    pub(super) fn new(settings: KubernetesDiscovery) -> Self {
        Kubernetes { settings, watches: None, objects: Objects::default(), last: None }
    }

    async fn connect(&mut self) -> Result<(), String> {
        if self.watches.is_none() {
            let (watches, objects) = connect::watches(&self.settings).await?;
            (self.watches, self.objects) = (Some(watches), objects);
        }
        Ok(())
    }

    /// Takes in what happened, and what happens soon after.
    async fn listen(&mut self) {
        let Some(watches) = &mut self.watches else { return };
        let Some(seen) = watches.next().await else { return std::future::pending().await };
        self.objects.take(seen);
        for _ in 0..ROUNDS_MAX {
            while let Some(Some(seen)) = watches.next().now_or_never() {
                self.objects.take(seen);
            }
            let is_first = self.last.is_none();
            if is_first && self.objects.is_complete() {
                return;
            }
            match timeout(QUIET, watches.next()).await {
                Ok(Some(seen)) => self.objects.take(seen),
                _ => return,
            }
        }
    }

    fn look(&self) -> Found {
        let groups = roles::groups(self.settings.role, &self.objects);
        Found { groups, problem: self.objects.problem() }
    }
}

#[async_trait]
impl Provider for Kubernetes {
    async fn changed(&mut self) -> Found {
        loop {
            let found = match self.connect().await {
                Err(reason) => {
                    if self.last.as_ref().is_some_and(|last| last.problem.as_ref() == Some(&reason)) {
                        sleep(RETRY).await;
                        continue;
                    }
                    Found { groups: Vec::new(), problem: Some(reason) }
                }
                Ok(()) => {
                    self.listen().await;
                    if !self.objects.is_complete() {
                        continue;
                    }
                    self.look()
                }
            };
            if self.last.as_ref() != Some(&found) {
                self.last = Some(found.clone());
                return found;
            }
        }
    }
}
