//! Scrapes one after the other: what is new, what is gone, what breaks a limit, what relabelling makes of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use ballast_ports::{Scrape, ScrapeOptions, ScrapeSession, ScrapeTarget, Scraper};
use ballast_types::relabel::{RelabelAction, RelabelRule, anchored};
use ballast_types::{Interner, Labels, Timestamp};
use rstest::rstest;

use super::HttpScraper;
use crate::test_server::serve;

const AT: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A target whose answers the test says one by one.
struct Shown {
    session: Box<dyn ScrapeSession>,
    body: Arc<Mutex<(&'static str, String)>>,
    interner: Interner,
}

async fn shown(options: ScrapeOptions) -> Shown {
    let body = Arc::new(Mutex::new(("text/plain", String::new())));
    let answer = body.clone();
    let handler = move || {
        let (kind, body) = answer.lock().unwrap().clone();
        async move { ([(header::CONTENT_TYPE, kind)], body).into_response() }
    };
    let url = serve(Router::new().route("/metrics", get(handler))).await;
    let target = ScrapeTarget {
        job: "api".to_owned(),
        url: format!("{url}/metrics"),
        labels: Labels::from_pairs([("job", "api"), ("instance", "a:1")]),
        discovered: Labels::empty(),
        interval: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        options: Arc::new(options),
    };
    let interner = Interner::default();
    let session = HttpScraper::new(interner.clone()).open(&target).unwrap();
    Shown { session, body, interner }
}

impl Shown {
    async fn scrape(&mut self, body: &str) -> Result<Scrape, String> {
        self.scrape_as("text/plain; version=0.0.4", body).await
    }

    async fn scrape_as(&mut self, kind: &'static str, body: &str) -> Result<Scrape, String> {
        *self.body.lock().unwrap() = (kind, body.to_owned());
        self.session.scrape(AT).await.map_err(|error| {
            let text = error.to_string();
            text.split_once("/metrics: ").map_or(text.clone(), |(_, reason)| reason.to_owned())
        })
    }
}

fn names(labels: &[Labels]) -> Vec<&str> {
    let mut names: Vec<_> = labels.iter().map(|labels| labels.metric_name().unwrap()).collect();
    names.sort_unstable();
    names
}

fn samples(scrape: &Scrape) -> Vec<String> {
    let own = |labels: &Labels| labels.filtered(|name| name != "instance").to_string();
    scrape.samples.iter().map(|sample| format!("{} {}", own(&sample.labels), sample.value)).collect()
}

#[tokio::test]
async fn series_come_and_go() {
    let mut shown = shown(ScrapeOptions::default()).await;
    let first = shown.scrape("a 1\nb 2\n").await.unwrap();
    assert_eq!((first.samples_scraped, first.series_added, first.gone.len()), (2, 2, 0));
    let second = shown.scrape("b 3\nc 4\n").await.unwrap();
    assert_eq!((second.series_added, names(&second.gone)), (1, vec!["a"]));
    assert!(Arc::ptr_eq(&first.samples[1].labels.pairs()[0].0, &second.samples[0].labels.pairs()[0].0));
    assert!(Arc::ptr_eq(&second.samples[0].labels.pairs()[0].1, &shown.interner.text("b")));
    assert_eq!(names(&shown.session.abandon()), ["b", "c"]);
    assert!(shown.session.abandon().is_empty());
    assert_eq!(shown.scrape("c 5\n").await.unwrap().series_added, 1);
}

#[rstest]
#[case::times_of_their_own_do_not_end(false, &[])]
#[case::unless_they_are_tracked(true, &["timed"])]
#[tokio::test]
async fn series_with_times_of_their_own(#[case] track_timestamps_staleness: bool, #[case] gone: &[&str]) {
    let options = ScrapeOptions { track_timestamps_staleness, ..ScrapeOptions::default() };
    let mut shown = shown(options).await;
    let first = shown.scrape("timed 1 1699999999000\nplain 2\n").await.unwrap();
    let at: Vec<_> = first.samples.iter().map(|sample| sample.at).collect();
    assert_eq!(at, [Some(Timestamp::from_millis(1_699_999_999_000)), None]);
    assert_eq!(names(&shown.scrape("plain 2\n").await.unwrap().gone), gone);
}

#[tokio::test]
async fn times_that_do_not_count_are_those_of_the_scrape() {
    let options = ScrapeOptions { honor_timestamps: false, ..ScrapeOptions::default() };
    let scrape = shown(options).await.scrape("timed 1 1699999999000\n").await.unwrap();
    assert_eq!(scrape.samples[0].at, None);
}

#[rstest]
#[case::the_targets_win(false, r#"up{exported_job="mine", job="api", zone="z"} 1"#)]
#[case::the_series_own_win(true, r#"up{job="mine", zone="z"} 1"#)]
#[tokio::test]
async fn labels_that_both_have(#[case] honor_labels: bool, #[case] expected: &str) {
    let mut shown = shown(ScrapeOptions { honor_labels, ..ScrapeOptions::default() }).await;
    let scrape = shown.scrape("up{job=\"mine\",zone=\"z\"} 1\n").await.unwrap();
    assert_eq!(samples(&scrape), [expected]);
}

#[tokio::test]
async fn an_exported_name_that_is_taken_is_exported_again() {
    let mut shown = shown(ScrapeOptions::default()).await;
    let scrape = shown.scrape("up{job=\"a\",exported_job=\"b\"} 1\n").await.unwrap();
    assert_eq!(samples(&scrape), [r#"up{exported_exported_job="a", exported_job="b", job="api"} 1"#]);
}

#[tokio::test]
async fn metric_relabelling_drops_and_renames() {
    let mut drop = RelabelRule::new(RelabelAction::Drop).unwrap();
    (drop.source_labels, drop.regex) = (vec!["__name__".to_owned()], anchored("go_.*").unwrap());
    let mut rename = RelabelRule::new(RelabelAction::Replace).unwrap();
    (rename.source_labels, rename.target_label) = (vec!["code".to_owned()], "class".to_owned());
    (rename.regex, rename.replacement) = (anchored("(.).*").unwrap(), "${1}xx".to_owned());
    let options = ScrapeOptions { metric_relabelling: vec![drop, rename], ..ScrapeOptions::default() };
    let mut shown = shown(options).await;
    for _ in 0..2 {
        let scrape = shown.scrape("go_threads 1\nhits{code=\"404\"} 2\n").await.unwrap();
        assert_eq!(samples(&scrape), [r#"hits{class="4xx", code="404", job="api"} 2"#]);
        assert_eq!(scrape.samples_scraped, 2);
    }
}

fn limited(limit: impl Fn(&mut ScrapeOptions)) -> ScrapeOptions {
    let mut options = ScrapeOptions::default();
    limit(&mut options);
    options
}

#[rstest]
#[case::samples(limited(|o| o.sample_limit = 2), "a 1\nb 1\nc 1\n", "3 samples, more than the sample_limit of 2")]
#[case::labels(limited(|o| o.label_limit = 4), "a 1\nb{x=\"1\",y=\"2\"} 1\n", "b has 5 labels, more than the label_limit of 4")]
#[case::name_length(
    limited(|o| o.label_name_length_limit = 8),
    "a{quite_long=\"1\"} 1\n",
    "a label's name of a has 10 bytes, more than the label_name_length_limit of 8"
)]
#[case::value_length(
    limited(|o| o.label_value_length_limit = 5),
    "a{x=\"123456\"} 1\n",
    "the label x of a has 6 bytes, more than the label_value_length_limit of 5"
)]
#[case::targets(limited(|o| o.refused = Some("too many targets".to_owned())), "a 1\n", "too many targets")]
#[tokio::test]
async fn a_scrape_over_a_limit_brings_nothing(
    #[case] options: ScrapeOptions,
    #[case] body: &str,
    #[case] reason: &str,
) {
    let mut shown = shown(options).await;
    assert_eq!(shown.scrape(body).await.unwrap_err(), reason);
    assert!(shown.session.abandon().is_empty());
}

#[tokio::test]
async fn a_scrape_over_a_limit_ends_the_series_of_the_one_before_and_no_others() {
    let mut shown = shown(limited(|options| options.sample_limit = 2)).await;
    shown.scrape("a 1\nb 1\n").await.unwrap();
    shown.scrape("b 1\nc 1\nd 1\n").await.unwrap_err();
    assert_eq!(names(&shown.session.abandon()), ["a", "b"]);
    assert_eq!(shown.scrape("d 1\n").await.unwrap().series_added, 1);
}

#[tokio::test]
async fn limits_count_what_relabelling_leaves() {
    let mut keep = RelabelRule::new(RelabelAction::Keep).unwrap();
    (keep.source_labels, keep.regex) = (vec!["__name__".to_owned()], anchored("a").unwrap());
    let options = limited(|options| {
        options.metric_relabelling = vec![keep.clone()];
        options.sample_limit = 1;
    });
    assert_eq!(shown(options).await.scrape("a 1\nb 1\nc 1\n").await.unwrap().samples.len(), 1);
}

const OPEN_METRICS: &str = "# TYPE hits counter\n# HELP hits Requests.\nhits_total{code=\"200\"} 7 # {trace_id=\"t1\"} 0.5\n\
                            hits_created{code=\"200\"} 1699999000.5\n# EOF\n";

#[tokio::test]
async fn open_metrics_bring_exemplars_beginnings_and_metadata() {
    let mut shown = shown(ScrapeOptions::default()).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let scrape = shown.scrape_as(kind, OPEN_METRICS).await.unwrap();
    assert_eq!(samples(&scrape), [r#"hits_total{code="200", job="api"} 7"#]);
    let series = &scrape.samples[0].labels;
    let [(of, exemplar)] = &scrape.exemplars[..] else { panic!("{:?}", scrape.exemplars) };
    assert_eq!((of, exemplar.labels.get("trace_id"), exemplar.at), (series, Some("t1"), AT));
    assert_eq!(scrape.created, [(series.clone(), Timestamp::from_millis(1_699_999_000_500))]);
    let [(name, metadata)] = &scrape.metadata[..] else { panic!("{:?}", scrape.metadata) };
    assert_eq!((&**name, &*metadata.help), ("hits", "Requests."));
    let again = shown.scrape_as(kind, OPEN_METRICS).await.unwrap();
    assert_eq!((again.metadata.len(), again.created.len(), again.exemplars.len()), (0, 0, 1));
}

#[rstest]
#[case::text_where_nothing_is_said("application/octet-stream", "a 1\n")]
#[case::text_in_an_unknown_version("text/plain; version=9", "a 1\n")]
#[tokio::test]
async fn an_answer_of_no_known_type_is_read_as_text(#[case] kind: &'static str, #[case] body: &str) {
    let mut shown = shown(ScrapeOptions::default()).await;
    assert_eq!(samples(&shown.scrape_as(kind, body).await.unwrap()), [r#"a{job="api"} 1"#]);
}
