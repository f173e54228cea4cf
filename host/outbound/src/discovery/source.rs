//! The targets of a job from all the places where they are found.

use ballast_ports::{TargetSet, TargetSource};
use futures::FutureExt;
use futures::stream::{self, BoxStream, SelectAll, StreamExt};

use async_trait::async_trait;

use super::files::Files;
use super::http::Http;
use super::job::{Discovery, ScrapeJob};
use super::kubernetes::Kubernetes;
use super::{Found, Provider, TargetGroup, targets};

/// What a provider said, and which one it is.
type Update = (usize, Found);

/// The targets of one job.
pub struct DiscoveredTargets {
    job: ScrapeJob,
    /// By provider; `None` until it was heard.
    found: Vec<Option<Found>>,
    updates: SelectAll<BoxStream<'static, Update>>,
    last: Option<TargetSet>,
}

impl DiscoveredTargets {
    /// Nothing is looked for until it is asked.
    pub fn new(job: ScrapeJob) -> Self {
        let mut updates = SelectAll::new();
        for (index, discovery) in job.discoveries.iter().enumerate() {
            updates.push(updates_of(index, provider(discovery)));
        }
        let found = vec![None; job.discoveries.len()];
        DiscoveredTargets { job, found, updates, last: None }
    }

    fn take(&mut self, (index, found): Update) {
        if let Some(place) = self.found.get_mut(index) {
            *place = Some(found);
        }
    }
}

fn provider(discovery: &Discovery) -> Box<dyn Provider> {
    match discovery {
        Discovery::Static(groups) => Box::new(Given(Some(groups.clone()))),
        Discovery::Files(files) => Box::new(Files::new(files.clone())),
        Discovery::Http(http) => Box::new(Http::new(http.clone())),
        Discovery::Kubernetes(kubernetes) => Box::new(Kubernetes::new(kubernetes.clone())),
    }
}

fn updates_of(index: usize, provider: Box<dyn Provider>) -> BoxStream<'static, Update> {
    let next = move |mut provider: Box<dyn Provider>| async move {
        let found = provider.changed().await;
        Some(((index, found), provider))
    };
    stream::unfold(provider, next).boxed()
}

#[async_trait]
impl TargetSource for DiscoveredTargets {
    fn job(&self) -> &str {
        &self.job.name
    }

    async fn changed(&mut self) -> TargetSet {
        loop {
            match self.updates.next().await {
                Some(update) => self.take(update),
                // A job without any discovery has no targets, and never will.
                None if self.last.is_some() => std::future::pending().await,
                None => {}
            }
            while let Some(Some(update)) = self.updates.next().now_or_never() {
                self.take(update);
            }
            let set = targets::build(&self.job, self.found.iter().flatten());
            if self.last.as_ref() != Some(&set) {
                self.last = Some(set.clone());
                return set;
            }
        }
    }
}

/// Targets that never change.
struct Given(Option<Vec<TargetGroup>>);

#[async_trait]
impl Provider for Given {
    async fn changed(&mut self) -> Found {
        match self.0.take() {
            Some(groups) => Found { groups, problem: None },
            None => std::future::pending().await,
        }
    }
}
