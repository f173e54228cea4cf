//! Scraping: one task a target. A target that fails leaves `up` at 0, its series marked stale, and nobody else disturbed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ballast_ports::{AppendSummary, Clock, Scrape, ScrapeError, Scraper, SeriesStore};
use ballast_types::event::Event;
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::stale_nan;
use ballast_types::{Labels, Sample, ServiceName, Timestamp};

use crate::core::Input;
use crate::dispatcher::Dispatcher;
use crate::settings::TargetSettings;
use crate::telemetry::Telemetry;

/// How far ahead of this host's clock a target's own may be. A sample from further on would shut its series against
/// everything that comes before that time.
const AHEAD_MAX: Duration = Duration::from_secs(600);
/// How many refused samples are named one by one.
const NAMED_MAX: usize = 10;

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
    /// What was wrong: why it failed, or the lines and samples that were refused.
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
        let window = Window::around(at, self.dispatcher.core().settings().retention);
        let batch = samples(settings, &result, window, took, previous);
        let mut problems = match &result {
            Ok(scrape) => scrape.problems.clone(),
            Err(error) => vec![error.to_string()],
        };
        problems.extend(batch.problems());
        self.telemetry.refused(batch.refused);
        match self.series.append(&batch.samples) {
            Ok(summary) => {
                self.telemetry.appended(&summary);
                problems.extend(not_kept(&summary));
            }
            Err(error) => problems.push(format!("keep the samples: {error}")),
        }
        *previous = batch.present;
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

/// The time that a target's own timestamps must lie in.
#[derive(Clone, Copy, Debug)]
struct Window {
    oldest: Timestamp,
    now: Timestamp,
    newest: Timestamp,
}

impl Window {
    fn around(now: Timestamp, retention: Duration) -> Window {
        Window { oldest: now - retention, now, newest: now + AHEAD_MAX }
    }

    /// Why a sample of this time cannot be kept.
    fn refuses(&self, at: Timestamp) -> Option<String> {
        if at > self.newest {
            let ahead = at.since(self.now).as_secs();
            return Some(format!("its timestamp {} is {ahead} s in the future", at.as_millis()));
        }
        let old = at < self.oldest;
        old.then(|| format!("its timestamp {} is older than what is kept", at.as_millis()))
    }
}

/// What one scrape comes to.
#[derive(Debug, Default)]
struct Batch {
    samples: Vec<(Labels, Sample)>,
    /// The series that get a marker when they go away.
    present: HashSet<Labels>,
    /// How many samples have a time that cannot be.
    refused: usize,
    /// The first of them, and why.
    named: Vec<String>,
}

impl Batch {
    fn take(&mut self, labels: &Labels, value: f64, own: Option<Timestamp>, window: Window) {
        if let Some(reason) = own.and_then(|at| window.refuses(at)) {
            self.refused += 1;
            if self.named.len() < NAMED_MAX {
                self.named.push(format!("{labels}: {reason}"));
            }
            return;
        }
        self.samples.push((labels.clone(), Sample { at: own.unwrap_or(window.now), value }));
        if own.is_none() {
            self.present.insert(labels.clone());
        }
    }

    /// The samples that were refused, one by one and then by number.
    fn problems(&self) -> Vec<String> {
        let more = self.refused.saturating_sub(self.named.len());
        let rest =
            (more > 0).then(|| format!("{} refused: impossible timestamps", count(more, "more sample")));
        self.named.iter().cloned().chain(rest).collect()
    }
}

/// What the store did not keep.
fn not_kept(summary: &AppendSummary) -> Vec<String> {
    let reasons =
        [(summary.out_of_order, "out of order"), (summary.over_limit, "the limit on series is reached")];
    let told = reasons.into_iter().filter(|(number, _)| *number > 0);
    told.map(|(number, reason)| format!("{} refused: {reason}", count(number, "sample"))).collect()
}

fn count(number: usize, of: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {of}{plural}")
}

/// All samples of one scrape, the synthetic ones and the markers for series that went away among them.
fn samples(
    settings: &TargetSettings,
    result: &Result<Scrape, ScrapeError>,
    window: Window,
    took: Duration,
    previous: &HashSet<Labels>,
) -> Batch {
    let scraped = result.as_ref().map(|scrape| scrape.samples.as_slice()).unwrap_or_default();
    let mut batch = Batch::default();
    for sample in scraped {
        batch.take(&sample.labels, sample.value, sample.at, window);
    }
    let at = window.now;
    let gone = previous.iter().filter(|labels| !batch.present.contains(*labels));
    batch.samples.extend(gone.map(|labels| (labels.clone(), Sample { at, value: stale_nan() })));
    let mut own = |name: &str, value: f64| {
        batch.samples.push((settings.target.labels.with(METRIC_NAME, name), Sample { at, value }));
    };
    own("up", f64::from(u8::from(result.is_ok())));
    own("scrape_duration_seconds", took.as_secs_f64());
    own("scrape_samples_scraped", scraped.len() as f64);
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_ports::{ScrapeTarget, ScrapedSample};
    use rstest::rstest;

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
        let first = samples(&settings(), &good, window(1), Duration::ZERO, &HashSet::new());
        assert_eq!(
            (value_of(&first.samples, "requests"), value_of(&first.samples, "up")),
            (Some(3.0), Some(1.0))
        );
        let bad = Err(ScrapeError::Unreachable { url: "http://x".into(), reason: "refused".into() });
        let second = samples(&settings(), &bad, window(2), Duration::ZERO, &first.present);
        assert!(value_of(&second.samples, "requests").is_some_and(ballast_types::series::is_stale));
        assert_eq!(value_of(&second.samples, "up"), Some(0.0));
        assert!(second.present.is_empty());
    }

    fn window(now: i64) -> Window {
        Window::around(Timestamp::from_secs(now), Duration::from_secs(3600))
    }

    /// A scrape at 10 000 s of `number` series whose samples have a time of their own.
    fn timed(at: i64, number: usize) -> Batch {
        let sample = |index: usize| ScrapedSample {
            labels: Labels::from_pairs([(METRIC_NAME, format!("x{index}"))]),
            value: 1.0,
            at: Some(Timestamp::from_millis(at)),
        };
        let scrape = Ok(Scrape { samples: (0..number).map(sample).collect(), ..Scrape::default() });
        samples(&settings(), &scrape, window(10_000), Duration::ZERO, &HashSet::new())
    }

    #[rstest]
    #[case::now(10_000_000, "")]
    #[case::a_little_ahead(10_600_000, "")]
    #[case::too_far_ahead(10_600_001, "x0: its timestamp 10600001 is 600 s in the future")]
    #[case::microseconds(9_999_999_999_999, "x0: its timestamp 9999999999999 is 9999989999 s in the future")]
    #[case::the_end_of_time(i64::MAX, "x0: its timestamp 9223372036854775807 is ")]
    #[case::the_oldest(6_400_000, "")]
    #[case::seconds(10_000, "x0: its timestamp 10000 is older than what is kept")]
    #[case::the_beginning_of_time(i64::MIN, "x0: its timestamp -9223372036854775808 is older")]
    fn a_sample_of_an_impossible_time_is_refused_by_name(#[case] at: i64, #[case] problem: &str) {
        let batch = timed(at, 1);
        let kept = value_of(&batch.samples, "x0").is_some();
        assert_eq!((kept, batch.refused), (problem.is_empty(), usize::from(!problem.is_empty())));
        assert!(batch.problems().concat().starts_with(problem), "{:?}", batch.problems());
        assert_eq!(value_of(&batch.samples, "up"), Some(1.0));
    }

    #[test]
    fn many_refused_samples_are_counted_and_ten_are_named() {
        let batch = timed(i64::MAX, 25);
        let problems = batch.problems();
        assert_eq!((batch.refused, problems.len()), (25, 11));
        assert_eq!(problems[10], "15 more samples refused: impossible timestamps");
        assert_eq!(timed(i64::MAX, 10).problems().len(), 10);
    }

    #[test]
    fn what_the_store_did_not_keep_is_told() {
        let summary = AppendSummary { appended: 2, out_of_order: 3, over_limit: 1 };
        assert_eq!(
            not_kept(&summary),
            ["3 samples refused: out of order", "1 sample refused: the limit on series is reached"]
        );
        assert!(not_kept(&AppendSummary { appended: 2, ..AppendSummary::default() }).is_empty());
    }

    #[test]
    fn missed_instants_are_skipped() {
        let (second, at) = (Duration::from_secs(1), Timestamp::from_secs);
        assert_eq!(next_after(at(10), second, at(10)), at(11));
        assert_eq!(next_after(at(10), second, at(15)), at(16));
    }
}
