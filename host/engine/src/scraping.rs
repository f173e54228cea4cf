//! Scraping: one task a target. A target that fails leaves `up` at 0, its series marked stale, and nobody else disturbed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ballast_ports::{Clock, ScrapeError, Scraper, SeriesStore};
use ballast_types::event::Event;
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::stale_nan;
use ballast_types::{Labels, Sample, ServiceName, Timestamp};

use crate::core::Input;
use crate::dispatcher::Dispatcher;
use crate::settings::TargetSettings;
use crate::telemetry::Telemetry;

/// What is known of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetStatus {
    /// Its address.
    pub url: String,
    /// Whose it is.
    pub service: ServiceName,
    /// Whether the last scrape succeeded; `None` before the first.
    pub up: Option<bool>,
    /// When the last scrape began.
    pub scraped_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How many samples it brought.
    pub samples: usize,
    /// What was wrong: why it failed, or the lines that were refused.
    pub problems: Vec<String>,
}

/// What the scraping tasks need.
pub(crate) struct Scraping {
    pub(crate) scraper: Arc<dyn Scraper>,
    pub(crate) series: Arc<dyn SeriesStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) statuses: Mutex<std::collections::BTreeMap<String, TargetStatus>>,
}

/// Scrapes one target until the task is dropped.
pub(crate) async fn run(scraping: Arc<Scraping>, settings: TargetSettings) {
    let mut previous = HashSet::new();
    let mut next = scraping.clock.now();
    loop {
        scraping.once(&settings, &mut previous).await;
        next = next_after(next, settings.interval, scraping.clock.now());
        scraping.clock.sleep_until(next).await;
    }
}

/// The next instant of a steady pace; instants that were missed are skipped, not made up for.
pub(crate) fn next_after(last: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let next = last + interval;
    match next >= now {
        true => next,
        false => now + interval,
    }
}

impl Scraping {
    async fn once(&self, settings: &TargetSettings, previous: &mut HashSet<Labels>) {
        let at = self.clock.now();
        let result = self.scraper.scrape(&settings.target).await;
        let took = self.clock.now().since(at);
        let (batch, present) = samples(settings, &result, at, took, previous);
        *previous = present;
        let mut problems = match &result {
            Ok(scrape) => scrape.problems.clone(),
            Err(error) => vec![error.to_string()],
        };
        match self.series.append(&batch) {
            Ok(summary) => self.telemetry.appended(&summary),
            Err(error) => problems.push(format!("keep the samples: {error}")),
        }
        let samples = result.as_ref().map_or(0, |scrape| scrape.samples.len());
        let status = TargetStatus {
            url: settings.target.url.clone(),
            service: settings.service.clone(),
            up: Some(result.is_ok()),
            scraped_at: at,
            took,
            samples,
            problems,
        };
        self.telemetry.scraped(result.is_ok());
        self.note(status).await;
    }

    async fn note(&self, status: TargetStatus) {
        let before = {
            let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
            statuses.insert(status.url.clone(), status.clone())
        };
        // The first good scrape of a target is no news.
        let was_up = before.and_then(|status| status.up).unwrap_or(true);
        let up = status.up.unwrap_or(true);
        if was_up == up {
            return;
        }
        let detail = if up { String::new() } else { status.problems.join("; ") };
        let event = Event::TargetHealth { target: status.url, service: status.service, up, detail };
        if let Err(error) = self.dispatcher.submit(Input::Told(event)).await {
            tracing::warn!(%error, "cannot note a target's health");
        }
    }
}

/// All samples of one scrape, the synthetic ones and the markers for series that went away among them.
fn samples(
    settings: &TargetSettings,
    result: &Result<ballast_ports::Scrape, ScrapeError>,
    at: Timestamp,
    took: Duration,
    previous: &HashSet<Labels>,
) -> (Vec<(Labels, Sample)>, HashSet<Labels>) {
    let scraped = result.as_ref().map(|scrape| scrape.samples.as_slice()).unwrap_or_default();
    let mut batch = Vec::with_capacity(scraped.len() + 4);
    let mut present = HashSet::with_capacity(scraped.len());
    for sample in scraped {
        batch.push((sample.labels.clone(), Sample { at: sample.at.unwrap_or(at), value: sample.value }));
        if sample.at.is_none() {
            present.insert(sample.labels.clone());
        }
    }
    let gone = previous.iter().filter(|labels| !present.contains(*labels));
    batch.extend(gone.map(|labels| (labels.clone(), Sample { at, value: stale_nan() })));
    let mut own = |name: &str, value: f64| {
        batch.push((settings.target.labels.with(METRIC_NAME, name), Sample { at, value }));
    };
    own("up", f64::from(u8::from(result.is_ok())));
    own("scrape_duration_seconds", took.as_secs_f64());
    own("scrape_samples_scraped", scraped.len() as f64);
    (batch, present)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_ports::{Scrape, ScrapeTarget, ScrapedSample};

    fn settings() -> TargetSettings {
        TargetSettings {
            target: ScrapeTarget {
                url: "http://x/metrics".into(),
                labels: Labels::from_pairs([("instance", "x")]),
                timeout: Duration::from_secs(1),
                body_bytes_max: 1,
            },
            service: ServiceName::new("x"),
            interval: Duration::from_secs(1),
        }
    }

    fn value_of(batch: &[(Labels, Sample)], name: &str) -> Option<f64> {
        batch.iter().find(|(labels, _)| labels.metric_name() == Some(name)).map(|(_, sample)| sample.value)
    }

    #[test]
    fn a_failed_scrape_marks_all_series_stale_and_up_is_zero() {
        let labels = Labels::from_pairs([(METRIC_NAME, "requests")]);
        let good = Ok(Scrape {
            samples: vec![ScrapedSample { labels: labels.clone(), value: 3.0, at: None }],
            ..Scrape::default()
        });
        let (batch, present) =
            samples(&settings(), &good, Timestamp::from_secs(1), Duration::ZERO, &HashSet::new());
        assert_eq!((value_of(&batch, "requests"), value_of(&batch, "up")), (Some(3.0), Some(1.0)));
        let bad = Err(ScrapeError::Unreachable { url: "http://x".into(), reason: "refused".into() });
        let (batch, present) = samples(&settings(), &bad, Timestamp::from_secs(2), Duration::ZERO, &present);
        assert!(value_of(&batch, "requests").is_some_and(ballast_types::series::is_stale));
        assert_eq!(value_of(&batch, "up"), Some(0.0));
        assert!(present.is_empty());
    }

    #[test]
    fn missed_instants_are_skipped() {
        let (second, at) = (Duration::from_secs(1), Timestamp::from_secs);
        assert_eq!(next_after(at(10), second, at(10)), at(11));
        assert_eq!(next_after(at(10), second, at(15)), at(16));
    }
}
