//! What there is in the cluster, as far as it was seen.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Endpoints, Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::runtime::watcher::Event;

/// Something that a watch saw.
pub(super) enum Seen {
    Node(Event<Node>),
    Pod(Event<Pod>),
    Service(Event<Service>),
    Endpoints(Event<Endpoints>),
    Slice(Event<EndpointSlice>),
    Ingress(Event<Ingress>),
}

/// Namespace and name.
type Key = (String, String);

/// The objects of one kind, each with the watch that sees it: a list that is made anew replaces only what its own watch saw.
pub(super) struct Kept<K> {
    by_key: BTreeMap<Key, (usize, K)>,
    /// Of lists that are being made.
    coming: BTreeMap<usize, Vec<Key>>,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Kept { by_key: BTreeMap::new(), coming: BTreeMap::new() }
    }
}

impl<K: ResourceExt> Kept<K> {
    /// Whether a list is complete by this event.
    fn take(&mut self, watch: usize, event: Event<K>) -> bool {
        match event {
            Event::Init => {
                self.coming.insert(watch, Vec::new());
            }
            Event::InitApply(object) => {
                let key = key(&object);
                self.coming.entry(watch).or_default().push(key.clone());
                self.by_key.insert(key, (watch, object));
            }
            Event::InitDone => {
                let listed: std::collections::BTreeSet<Key> =
                    self.coming.remove(&watch).unwrap_or_default().into_iter().collect();
                self.by_key.retain(|key, (of, _)| *of != watch || listed.contains(key));
                return true;
            }
            Event::Apply(object) => {
                self.by_key.insert(key(&object), (watch, object));
            }
            Event::Delete(object) => {
                self.by_key.remove(&key(&object));
            }
        }
        false
    }

    /// All of them, by namespace and name.
    pub(super) fn all(&self) -> impl Iterator<Item = &K> {
        self.by_key.values().map(|(_, object)| object)
    }

    /// One of them.
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&K> {
        self.by_key.get(&(namespace.to_owned(), name.to_owned())).map(|(_, object)| object)
    }
}

fn key<K: ResourceExt>(object: &K) -> Key {
    (object.namespace().unwrap_or_default(), object.name_any())
}

/// All objects that were seen.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) nodes: Kept<Node>,
    pub(super) pods: Kept<Pod>,
    pub(super) services: Kept<Service>,
    pub(super) endpoints: Kept<Endpoints>,
    pub(super) slices: Kept<EndpointSlice>,
    pub(super) ingresses: Kept<Ingress>,
    /// Of each watch: whether it told something, be it that it failed.
    heard: Vec<bool>,
    problems: BTreeMap<usize, String>,
}

impl Objects {
    /// Nothing yet of so many watches.
    pub(super) fn new(watches: usize) -> Self {
        Objects { heard: vec![false; watches], ..Objects::default() }
    }

    /// Takes in what a watch saw.
    pub(super) fn take(&mut self, (watch, seen): (usize, Result<Seen, String>)) {
        let is_listed = match seen {
            Err(reason) => {
                self.problems.insert(watch, reason);
                true
            }
            Ok(seen) => {
                let is_listed = self.keep(watch, seen);
                if is_listed {
                    self.problems.remove(&watch);
                }
                is_listed
            }
        };
        if let Some(heard) = self.heard.get_mut(watch) {
            *heard |= is_listed;
        }
    }

    fn keep(&mut self, watch: usize, seen: Seen) -> bool {
        match seen {
            Seen::Node(event) => self.nodes.take(watch, event),
            Seen::Pod(event) => self.pods.take(watch, event),
            Seen::Service(event) => self.services.take(watch, event),
            Seen::Endpoints(event) => self.endpoints.take(watch, event),
            Seen::Slice(event) => self.slices.take(watch, event),
            Seen::Ingress(event) => self.ingresses.take(watch, event),
        }
    }

    /// Whether every watch has listed its objects, or failed to.
    pub(super) fn is_complete(&self) -> bool {
        self.heard.iter().all(|heard| *heard)
    }

    /// What fails, where something does.
    pub(super) fn problem(&self) -> Option<String> {
        let all: Vec<&str> = self.problems.values().map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
