//! How the targets of a scrape job are found: given as they are, in files, from an HTTP server, from Kubernetes; and what
//! relabelling makes of them.
//!
//! ```text
//! static, files, HTTP, Kubernetes ──► groups of labels ──► targets.rs (defaults, relabelling) ──► TargetSet
//! ```
//! Invariants: what cannot be had leaves what was had before, with the reason; nothing here is spawned: all runs within the
//! future that the engine awaits.

mod files;
mod group;
mod http;
mod job;
mod kubernetes;
mod source;
mod targets;

#[cfg(test)]
mod tests;

use async_trait::async_trait;

pub use files::files_matching;
pub use group::TargetGroup;
pub use job::{Discovery, FileDiscovery, HttpDiscovery, ScrapeJob};
pub use kubernetes::{Api, KubernetesDiscovery, Namespaces, Role, Selector};
pub use source::DiscoveredTargets;
pub use targets::check_address;

/// What one provider knows.
#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    groups: Vec<TargetGroup>,
    /// Why it may be old or incomplete.
    problem: Option<String>,
}

/// One place where targets are found.
#[async_trait]
trait Provider: Send {
    /// Waits until there is something else to say than the last time, the first time only for a first look.
    async fn changed(&mut self) -> Found;
}
