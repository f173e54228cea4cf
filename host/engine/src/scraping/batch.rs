//! What one scrape comes to: its samples, those that tell of the scrape itself, and the markers of series that went away.

use std::time::Duration;

use ballast_ports::{Scrape, ScrapeError};
use ballast_types::ingest::{Appended, Refused};
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::stale_nan;
use ballast_types::{Labels, Sample, Timestamp};

/// How far ahead of this host's clock a sample's own time may be. One from further on would shut its series against
/// everything that comes before that time.
const AHEAD_MAX: Duration = Duration::from_secs(600);
/// How many refused samples are named one by one.
const NAMED_MAX: usize = 10;
/// The series that tell of a scrape.
const OWN: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// The time that timestamps from outside must lie in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    oldest: Timestamp,
    now: Timestamp,
    newest: Timestamp,
}

impl Window {
    /// From what is kept to a little ahead.
    pub(crate) fn around(now: Timestamp, retention: Duration) -> Window {
        Window { oldest: now - retention, now, newest: now + AHEAD_MAX }
    }

    /// Why a sample of this time cannot be kept.
    pub(crate) fn refuses(&self, at: Timestamp) -> Option<String> {
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
pub(super) struct Batch {
    pub(super) samples: Vec<(Labels, Sample)>,
    /// How many samples have a time that cannot be.
    pub(super) refused: usize,
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
    }

    /// The samples that were refused, one by one and then by number.
    pub(super) fn problems(&self) -> Vec<String> {
        let more = self.refused.saturating_sub(self.named.len());
        let rest =
            (more > 0).then(|| format!("{} refused: impossible timestamps", count(more, "more sample")));
        self.named.iter().cloned().chain(rest).collect()
    }
}

/// What the store did not keep.
pub(super) fn not_kept(appended: &Appended) -> Vec<String> {
    let told = Refused::ALL.into_iter().filter(|reason| appended.refused(*reason) > 0);
    told.map(|reason| format!("{} refused: {}", count(appended.refused(reason), "sample"), words(reason)))
        .collect()
}

fn words(reason: Refused) -> &'static str {
    match reason {
        Refused::OutOfOrder => "out of order",
        Refused::TooOld => "older than what is still taken out of order",
        Refused::Duplicate => "another value for an instant that is there already",
        Refused::SeriesLimit => "the limit on series is reached",
        Refused::LabelLimit => "too many or too large labels",
        Refused::Timestamp => "impossible timestamps",
    }
}

fn count(number: usize, of: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {of}{plural}")
}

/// All samples of one scrape. `gone` are the series of the scrape before, where this one failed.
pub(super) fn of(
    target: &Labels,
    result: &Result<Scrape, ScrapeError>,
    gone: &[Labels],
    window: Window,
    took: Duration,
) -> Batch {
    let nothing = Scrape::default();
    let scrape = result.as_ref().unwrap_or(&nothing);
    let mut batch = Batch::default();
    batch.samples.reserve(scrape.samples.len() + scrape.gone.len() + gone.len() + OWN.len());
    for sample in &scrape.samples {
        batch.take(&sample.labels, sample.value, sample.at, window);
    }
    let at = window.now;
    let stale = |labels: &Labels| (labels.clone(), Sample { at, value: stale_nan() });
    batch.samples.extend(scrape.gone.iter().chain(gone).map(stale));
    let values = [
        f64::from(u8::from(result.is_ok())),
        took.as_secs_f64(),
        scrape.samples_scraped as f64,
        scrape.samples.len() as f64,
        scrape.series_added as f64,
    ];
    let own = OWN.into_iter().zip(values);
    batch.samples.extend(own.map(|(name, value)| (target.with(METRIC_NAME, name), Sample { at, value })));
    batch
}

/// Since when counters count, where that can be: before the scrape, and within what is kept.
pub(super) fn began(created: &[(Labels, Timestamp)], window: Window) -> Vec<(Labels, Timestamp)> {
    let can_be = |at: Timestamp| at < window.now && window.refuses(at).is_none();
    created.iter().filter(|(_, at)| can_be(*at)).cloned().collect()
}

/// The last samples of a target that went away.
pub(super) fn ended(target: &Labels, gone: &[Labels], at: Timestamp) -> Vec<(Labels, Sample)> {
    let own = OWN.into_iter().map(|name| target.with(METRIC_NAME, name));
    gone.iter().cloned().chain(own).map(|labels| (labels, Sample { at, value: stale_nan() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_ports::ScrapedSample;
    use rstest::rstest;

    fn value_of(batch: &[(Labels, Sample)], name: &str) -> Option<f64> {
        batch.iter().find(|(labels, _)| labels.metric_name() == Some(name)).map(|(_, sample)| sample.value)
    }

    fn target() -> Labels {
        Labels::from_pairs([("instance", "x")])
    }

    #[test]
    fn a_failed_scrape_marks_all_series_stale_and_up_is_zero() {
        let labels = Labels::from_pairs([(METRIC_NAME, "requests")]);
        let good = Ok(Scrape {
            samples: vec![ScrapedSample { labels: labels.clone(), value: 3.0, at: None }],
            samples_scraped: 2,
            ..Scrape::default()
        });
        let first = of(&target(), &good, &[], window(1), Duration::ZERO).samples;
        let values = |batch: &[(Labels, Sample)]| OWN.map(|name| value_of(batch, name));
        assert_eq!(value_of(&first, "requests"), Some(3.0));
        assert_eq!(values(&first), [Some(1.0), Some(0.0), Some(2.0), Some(1.0), Some(0.0)]);
        let bad = Err(ScrapeError::Unreachable { url: "http://x".into(), reason: "refused".into() });
        let second = of(&target(), &bad, std::slice::from_ref(&labels), window(2), Duration::ZERO).samples;
        assert!(value_of(&second, "requests").is_some_and(ballast_types::series::is_stale));
        assert_eq!(value_of(&second, "up"), Some(0.0));
        let last = ended(&target(), &[labels], Timestamp::from_secs(3));
        assert_eq!(last.len(), 6);
        assert!(last.iter().all(|(_, sample)| ballast_types::series::is_stale(sample.value)));
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
        of(&target(), &scrape, &[], window(10_000), Duration::ZERO)
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
    fn a_counter_began_before_its_scrape_or_not_at_all() {
        let at = |ms: i64| (target(), Timestamp::from_millis(ms));
        let created = [at(9_999_999), at(10_000_000), at(1_700_000_000_000_000), at(1)];
        assert_eq!(began(&created, window(10_000)), [at(9_999_999)]);
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
        let mut appended = Appended::default();
        for reason in [Refused::OutOfOrder, Refused::OutOfOrder, Refused::SeriesLimit] {
            appended.refuse(reason, &Labels::empty(), Timestamp::from_secs(1));
        }
        assert_eq!(
            not_kept(&appended),
            ["2 samples refused: out of order", "1 sample refused: the limit on series is reached"]
        );
        assert!(not_kept(&Appended::default()).is_empty());
    }
}
