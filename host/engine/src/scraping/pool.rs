//! The targets of one job: loops are started for those that come and ended for those that go. A target that only moved in
//! the list, or came back unchanged, keeps its loop.

use std::collections::BTreeMap;
use std::sync::Arc;

use ballast_ports::{ScrapeTarget, TargetSource};
use ballast_types::ServiceName;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::status::TargetKey;
use super::target_loop::Replaced;
use super::{Scraping, target_loop};
use crate::settings::TargetSettings;

/// A loop that runs, and what it was started with.
struct Running {
    target: ScrapeTarget,
    /// Dropped to end it.
    stop: oneshot::Sender<Replaced>,
}

/// Scrapes the targets that services declare.
pub(crate) async fn declared(scraping: Arc<Scraping>, targets: Vec<TargetSettings>) {
    let mut tasks = JoinSet::new();
    let mut stops = Vec::new();
    for TargetSettings { target, service } in targets {
        let (stop, stopped) = oneshot::channel();
        stops.push(stop);
        let scrapes = target_loop::run(scraping.clone(), target, service, stopped);
        tasks.spawn(scraping.broken.clone().watch("scraper", scrapes));
    }
    while tasks.join_next().await.is_some() {}
}

/// Scrapes what discovery finds, for as long as the task lives.
pub(crate) async fn discovered(scraping: Arc<Scraping>, mut source: Box<dyn TargetSource>) {
    let mut tasks = JoinSet::new();
    let mut running: BTreeMap<TargetKey, Running> = BTreeMap::new();
    loop {
        let set = source.changed().await;
        while tasks.try_join_next().is_some() {}
        scraping.statuses.discovered(source.job(), &set);
        let wanted: BTreeMap<TargetKey, ScrapeTarget> =
            set.active.into_iter().map(|target| (TargetKey::of(&target), target)).collect();
        running.retain(|key, _| wanted.contains_key(key));
        for (key, target) in wanted {
            if let Some(before) = running.remove(&key) {
                if is_scraped_alike(&before.target, &target) {
                    running.insert(key, before);
                    continue;
                }
                // It may have ended by itself, which is as good.
                let _ = before.stop.send(Replaced);
            }
            let (stop, stopped) = oneshot::channel();
            let service = service_of(&target);
            let scrapes = target_loop::run(scraping.clone(), target.clone(), service, stopped);
            tasks.spawn(scraping.broken.clone().watch("scraper", scrapes));
            running.insert(key, Running { target, stop });
        }
    }
}

/// Whether nothing that a scrape depends on differs: what discovery knows besides may change all the time.
fn is_scraped_alike(one: &ScrapeTarget, other: &ScrapeTarget) -> bool {
    let of = |target: &ScrapeTarget| (target.interval, target.timeout, target.options.clone());
    of(one) == of(other)
}

/// A target belongs to the service that its label names, else to the one that its job is called after.
fn service_of(target: &ScrapeTarget) -> ServiceName {
    ServiceName::new(target.labels.get("service").unwrap_or(&target.job))
}
