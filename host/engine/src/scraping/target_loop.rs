//! The scrapes of one target at a steady pace, until it goes away.

use std::sync::Arc;
use std::time::Duration;

use ballast_ports::{Scrape, ScrapeError, ScrapeSession, ScrapeTarget};
use ballast_types::event::Event;
use ballast_types::{Labels, Sample, ServiceName, Timestamp};
use tokio::sync::oneshot;

use super::Scraping;
use super::batch::{self, Batch, Window};
use super::status::{TargetKey, TargetStatus};
use crate::core::Input;

/// A scrape that starts this little late counts as on time, so that its timestamps stay regular and take no room.
const ON_TIME: Duration = Duration::from_millis(2);

/// Told to a loop whose target goes on under other settings.
pub(super) struct Replaced;

/// Scrapes until another loop takes over, or until the other end of `stopped` is dropped; then marks the series stale and is forgotten.
pub(super) async fn run(
    scraping: Arc<Scraping>,
    target: ScrapeTarget,
    service: ServiceName,
    mut stopped: oneshot::Receiver<Replaced>,
) {
    let key = TargetKey::of(&target);
    let mut scrapes = Scrapes { scraping, target, service, session: None };
    let mut next = scrapes.scraping.clock.now();
    loop {
        scrapes.once(next).await;
        next = next_after(next, scrapes.target.interval, scrapes.scraping.clock.now());
        tokio::select! {
            () = scrapes.scraping.clock.sleep_until(next) => {}
            stopped = &mut stopped => match stopped {
                // Its series go on under the loop that takes over.
                Ok(Replaced) => return,
                Err(_) => break,
            },
        }
    }
    scrapes.end();
    scrapes.scraping.statuses.forget(&key);
}

/// The next instant of a steady pace; instants that were missed are skipped, not made up for.
fn next_after(last: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let next = last + interval;
    match next >= now {
        true => next,
        false => now + interval,
    }
}

struct Scrapes {
    scraping: Arc<Scraping>,
    target: ScrapeTarget,
    service: ServiceName,
    /// None until it could be opened: a certificate that is not there yet may come.
    session: Option<Box<dyn ScrapeSession>>,
}

impl Scrapes {
    async fn once(&mut self, due: Timestamp) {
        let started = self.scraping.clock.now();
        let at = if started >= due && started.since(due) <= ON_TIME { due } else { started };
        let result = match self.open() {
            Ok(session) => session.scrape(at).await,
            Err(error) => Err(error),
        };
        let took = self.scraping.clock.now().since(started);
        let window = Window::around(at, self.scraping.dispatcher.core().settings().retention);
        let gone = match (&result, self.session.as_mut()) {
            (Err(_), Some(session)) => session.abandon(),
            _ => Vec::new(),
        };
        let batch = batch::of(&self.target.labels, &result, &gone, window, took);
        let mut problems = match &result {
            Ok(scrape) => scrape.problems.clone(),
            Err(error) => vec![error.to_string()],
        };
        problems.extend(batch.problems());
        let not_kept = self.keep(batch, &result, window);
        let error = result.as_ref().err().map(ToString::to_string).or_else(|| not_kept.first().cloned());
        problems.extend(not_kept);
        let status = TargetStatus {
            target: self.target.clone(),
            service: self.service.clone(),
            up: Some(result.is_ok()),
            scraped_at: at,
            took,
            samples: result.as_ref().map_or(0, |scrape| scrape.samples_scraped),
            error,
            problems,
        };
        self.scraping.telemetry.scraped(result.is_ok());
        self.note(status).await;
    }

    fn open(&mut self) -> Result<&mut Box<dyn ScrapeSession>, ScrapeError> {
        match &mut self.session {
            Some(session) => Ok(session),
            none => Ok(none.insert(self.scraping.scraper.open(&self.target)?)),
        }
    }

    /// Hands everything to the store; what it did not keep is told.
    fn keep(&self, batch: Batch, result: &Result<Scrape, ScrapeError>, window: Window) -> Vec<String> {
        let (series, telemetry) = (&self.scraping.series, &self.scraping.telemetry);
        telemetry.refused(batch.refused);
        if let Ok(scrape) = result {
            series.note_metadata(&scrape.metadata);
            if let Err(error) = series.append_created(&batch::began(&scrape.created, window)) {
                return vec![format!("keep when counters began: {error}")];
            }
        }
        let problems = match series.append(&batch.samples) {
            Ok(appended) => {
                telemetry.appended(&appended);
                batch::not_kept(&appended)
            }
            Err(error) => vec![format!("keep the samples: {error}")],
        };
        if let Ok(scrape) = result {
            series.append_exemplars(&scrape.exemplars);
        }
        problems
    }

    /// The target went away: its series end now.
    fn end(&mut self) {
        let at = self.scraping.clock.now();
        let gone = self.session.as_mut().map(|session| session.abandon()).unwrap_or_default();
        let ended: Vec<(Labels, Sample)> = batch::ended(&self.target.labels, &gone, at);
        if let Err(error) = self.scraping.series.append(&ended) {
            tracing::warn!(%error, target = self.target.url, "cannot mark the series of a target stale");
        }
    }

    async fn note(&self, status: TargetStatus) {
        let before = self.scraping.statuses.note(status.clone());
        // The first good scrape of a target is no news.
        let was_up = before.and_then(|status| status.up).unwrap_or(true);
        let up = status.up.unwrap_or(true);
        if was_up == up {
            return;
        }
        let detail = if up { String::new() } else { status.problems.join("; ") };
        let event = Event::TargetHealth { target: status.target.url, service: status.service, up, detail };
        if let Err(error) = self.scraping.dispatcher.submit(Input::Told(event)).await {
            tracing::warn!(%error, "cannot note a target's health");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_instants_are_skipped() {
        let (second, at) = (Duration::from_secs(1), Timestamp::from_secs);
        assert_eq!(next_after(at(10), second, at(10)), at(11));
        assert_eq!(next_after(at(10), second, at(15)), at(16));
    }
}
