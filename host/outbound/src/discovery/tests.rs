//! Jobs with real files and a real server; what relabelling and defaults make of targets.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use ballast_ports::http_client::HttpClientSettings;
use ballast_ports::{ScrapeOptions, TargetSet, TargetSource};
use ballast_types::Labels;
use ballast_types::relabel::{RelabelAction, RelabelRule, anchored};
use rstest::rstest;

use super::*;
use crate::test_server::serve;

pub(super) fn job(discoveries: Vec<Discovery>) -> ScrapeJob {
    ScrapeJob {
        name: "node".to_owned(),
        interval: Duration::from_secs(15),
        timeout: Duration::from_secs(10),
        metrics_path: "/metrics".to_owned(),
        scheme: "http".to_owned(),
        params: Vec::new(),
        relabelling: Vec::new(),
        options: Arc::new(ScrapeOptions::default()),
        target_limit: 0,
        keep_dropped_targets: 0,
        discoveries,
    }
}

fn given(targets: &[&str]) -> Discovery {
    let addresses = targets.iter().map(|target| (*target).to_owned());
    Discovery::Static(vec![TargetGroup::new(addresses, Labels::from_pairs([("env", "prod")]))])
}

async fn targets(job: ScrapeJob) -> TargetSet {
    DiscoveredTargets::new(job).changed().await
}

/// Address and labels of each target, one a line.
pub(super) fn shown(set: &TargetSet) -> Vec<String> {
    set.active.iter().map(|target| format!("{} {}", target.url, target.labels)).collect()
}

fn replace(source: &str, pattern: &str, target: &str, replacement: &str) -> RelabelRule {
    let mut rule = RelabelRule::new(RelabelAction::Replace).unwrap();
    rule.source_labels = source.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    rule.regex = anchored(pattern).unwrap();
    (rule.target_label, rule.replacement) = (target.to_owned(), replacement.to_owned());
    rule
}

#[tokio::test]
async fn targets_get_the_defaults_of_their_job() {
    let mut job = job(vec![given(&["a:9100", "b"])]);
    job.params = vec![("module".to_owned(), vec!["x y".to_owned(), "z".to_owned()])];
    let set = targets(job).await;
    assert_eq!(
        shown(&set),
        [
            r#"http://a:9100/metrics?module=x+y&module=z {env="prod", instance="a:9100", job="node"}"#,
            r#"http://b/metrics?module=x+y&module=z {env="prod", instance="b", job="node"}"#
        ]
    );
    let discovered = r#"{__address__="b", __metrics_path__="/metrics", __param_module="x y", __scheme__="http", __scrape_interval__="15s", __scrape_timeout__="10s", env="prod", job="node"}"#;
    assert_eq!(set.active[1].discovered.to_string(), discovered);
    assert_eq!(
        (set.active[1].interval, set.active[1].timeout),
        (Duration::from_secs(15), Duration::from_secs(10))
    );
}

/// The pattern of blackbox exporters: the address becomes a parameter, and another one takes its place.
#[tokio::test]
async fn relabelling_makes_the_request() {
    let mut job = job(vec![given(&["https://shop.example/?q=1"])]);
    job.metrics_path = "/probe".to_owned();
    job.params = vec![("module".to_owned(), vec!["http_2xx".to_owned()])];
    job.relabelling = vec![
        replace("__address__", "(.*)", "__param_target", "$1"),
        replace("__param_target", "(.*)", "instance", "$1"),
        replace("", "(.*)", "__address__", "127.0.0.1:9115"),
        replace("", "(.*)", "__scheme__", "https"),
        replace("", "(.*)", "__scrape_interval__", "30s"),
    ];
    let set = targets(job).await;
    let expected = r#"https://127.0.0.1:9115/probe?module=http_2xx&target=https%3A%2F%2Fshop.example%2F%3Fq%3D1 {env="prod", instance="https://shop.example/?q=1", job="node"}"#;
    assert_eq!(shown(&set), [expected]);
    assert_eq!(set.active[0].interval, Duration::from_secs(30));
}

#[rstest]
#[case::a_path(replace("", "(.*)", "__address__", "a/b"), "`a/b` is no address of a host: it has a `/`")]
#[case::none(replace("", "(.*)", "__address__", ""), "it has no address")]
#[case::a_scheme(replace("", "(.*)", "__scheme__", "ftp"), "its scheme `ftp` is neither http nor https")]
#[case::an_interval(
    replace("", "(.*)", "__scrape_interval__", "soon"),
    "its __scrape_interval__ `soon` is no duration longer than zero"
)]
#[case::a_time_out(
    replace("", "(.*)", "__scrape_timeout__", "20s"),
    "its timeout 20s is longer than its interval 15s"
)]
#[case::a_port(
    replace("", "(.*)", "__address__", "a:99999"),
    "`a:99999` is no address of a host: invalid port number"
)]
#[tokio::test]
async fn targets_that_cannot_be_are_told_and_leave_the_others(
    #[case] rule: RelabelRule,
    #[case] reason: &str,
) {
    let mut job = job(vec![given(&["bad:1", "good:1"])]);
    let mut rule = rule;
    (rule.source_labels, rule.regex) = (vec!["instance_kind".to_owned()], anchored("bad").unwrap());
    job.relabelling = vec![replace("__address__", "bad:1", "instance_kind", "bad"), rule];
    let set = targets(job).await;
    assert_eq!(set.active.len(), 1, "{:?}", shown(&set));
    assert!(set.problem.as_ref().unwrap().ends_with(reason), "{:?}", set.problem);
}

#[tokio::test]
async fn what_is_found_twice_is_one_target() {
    let set = targets(job(vec![given(&["a:1", "a:1"]), given(&["a:1"])])).await;
    assert_eq!(set.active.len(), 1);
}

#[tokio::test]
async fn dropped_targets_are_kept_for_people_up_to_a_limit() {
    let mut drop = RelabelRule::new(RelabelAction::Drop).unwrap();
    (drop.source_labels, drop.regex) = (vec!["__address__".to_owned()], anchored("x.*").unwrap());
    let mut job = job(vec![given(&["x1:1", "x2:1", "y:1"])]);
    job.relabelling = vec![drop];
    assert_eq!(targets(job.clone()).await.dropped.len(), 2);
    job.keep_dropped_targets = 1;
    let set = targets(job).await;
    assert_eq!((set.active.len(), set.dropped[0].get("__address__")), (1, Some("x1:1")));
}

#[tokio::test]
async fn with_too_many_targets_all_scrapes_are_refused() {
    let mut job = job(vec![given(&["a:1", "b:1"])]);
    job.target_limit = 1;
    let set = targets(job.clone()).await;
    let refused = set.active[1].options.refused.as_deref();
    assert_eq!(
        (set.active.len(), refused),
        (2, Some("the job has 2 targets, more than its target_limit of 1"))
    );
    job.target_limit = 2;
    assert_eq!(targets(job).await.active[0].options.refused, None);
}

fn files(folder: &Path, pattern: &str, refresh: Duration) -> DiscoveredTargets {
    let files = FileDiscovery { files: vec![folder.join(pattern)], refresh_interval: refresh };
    DiscoveredTargets::new(job(vec![Discovery::Files(files)]))
}

fn addresses(set: &TargetSet) -> Vec<&str> {
    let mut found: Vec<_> = set.active.iter().map(|t| t.labels.get("instance").unwrap()).collect();
    found.sort_unstable();
    found
}

/// Writes beside and renames, as tools that care do: nobody ever reads half of it.
fn put(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(".new"), text).unwrap();
    std::fs::rename(folder.join(".new"), folder.join(name)).unwrap();
}

#[tokio::test]
async fn files_are_read_in_both_forms_and_again_when_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    put(path, "a.json", r#"[{"targets": ["a:1"], "labels": {"zone": "eu"}}]"#);
    put(path, "b.yml", "- targets: [\"b:1\", 'b:2']\n  labels: {version: 3, on: yes}\n- targets: []\n");
    put(path, "c.txt", "not of the pattern");
    let mut source = files(path, "*.[jy]*", Duration::from_secs(3600));
    let set = source.changed().await;
    assert_eq!((addresses(&set), &set.problem), (vec!["a:1", "b:1", "b:2"], &None));
    let of = |instance: &str, label: &str| {
        let target = set.active.iter().find(|t| t.labels.get("instance") == Some(instance)).unwrap();
        target.labels.get(label).or(target.discovered.get(label)).unwrap().to_owned()
    };
    assert_eq!((of("a:1", "zone"), of("b:1", "version")), ("eu".to_owned(), "3".to_owned()));
    assert_eq!(of("a:1", "__meta_filepath"), path.join("a.json").display().to_string());
    put(path, "a.json", r#"[{"targets": ["a:1", "a:2"]}]"#);
    assert_eq!(addresses(&source.changed().await), ["a:1", "a:2", "b:1", "b:2"]);
    put(path, "d.yaml", "[{targets: ['d:1']}]");
    assert_eq!(addresses(&source.changed().await), ["a:1", "a:2", "b:1", "b:2", "d:1"]);
}

#[rstest]
#[case::no_json("[{", "EOF while parsing")]
#[case::no_list(r#"{"targets": ["a:1"]}"#, "invalid type: map")]
#[case::a_mistyped_key(r#"[{"target": ["a:1"]}]"#, "unknown field `target`")]
#[case::null("[null]", "group 1 is null")]
#[tokio::test]
async fn a_broken_file_keeps_its_last_good(#[case] broken: &str, #[case] reason: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    put(path, "a.json", r#"[{"targets": ["a:1"]}]"#);
    put(path, "b.json", r#"[{"targets": ["b:1"]}]"#);
    let mut source = files(path, "*.json", Duration::from_secs(3600));
    assert_eq!(addresses(&source.changed().await), ["a:1", "b:1"]);
    put(path, "a.json", broken);
    let set = source.changed().await;
    let problem = set.problem.clone().unwrap();
    assert_eq!(addresses(&set), ["a:1", "b:1"]);
    assert!(problem.contains("a.json: read the groups: ") && problem.contains(reason), "{problem}");
    std::fs::remove_file(path.join("a.json")).unwrap();
    let set = source.changed().await;
    assert_eq!((addresses(&set), &set.problem), (vec!["b:1"], &None));
}

#[tokio::test]
async fn a_folder_that_comes_later_is_found_by_the_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = files(&folder.path().join("later"), "x.json", Duration::from_millis(5));
    assert_eq!(addresses(&source.changed().await), Vec::<&str>::new());
    std::fs::create_dir(folder.path().join("later")).unwrap();
    put(&folder.path().join("later"), "x.json", r#"[{"targets": ["x:1"]}]"#);
    assert_eq!(addresses(&source.changed().await), ["x:1"]);
}

#[rstest]
#[case("*.json", "a.json", true)]
#[case("*.json", ".json", true)]
#[case("*.json", "a.jsonx", false)]
#[case("a?c", "abc", true)]
#[case("a?c", "ac", false)]
#[case("[a-c]x*", "bxyz", true)]
#[case("[^a-c]x", "bx", false)]
#[case("*a*b*", "xxaxxbxx", true)]
#[case("[", "[", false)]
fn patterns_of_names(#[case] pattern: &str, #[case] name: &str, #[case] expected: bool) {
    assert_eq!(super::files::fits(pattern, name), expected);
}

type Answer = (StatusCode, &'static str, &'static str);

/// A server that gives these answers one after the other, the last one again and again.
async fn asked(answers: Vec<Answer>, seen: Arc<Mutex<Vec<HeaderMap>>>) -> (String, DiscoveredTargets) {
    let turn = Arc::new(AtomicUsize::new(0));
    let handler = move |headers: HeaderMap| {
        seen.lock().unwrap().push(headers);
        let index = turn.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        let (status, kind, body) = answers[index];
        async move { (status, [(header::CONTENT_TYPE, kind)], body).into_response() }
    };
    let url = serve(Router::new().route("/sd", get(handler))).await + "/sd";
    let http = HttpDiscovery {
        url: url.clone(),
        refresh_interval: Duration::from_millis(5),
        client: HttpClientSettings::default(),
    };
    (url, DiscoveredTargets::new(job(vec![given(&["s:1"]), Discovery::Http(http)])))
}

#[rstest]
#[case::a_bad_status((StatusCode::BAD_GATEWAY, "text/plain", "oops"), "answered 502 Bad Gateway")]
#[case::another_type((StatusCode::OK, "text/html", "[]"), "the answer's content type is `text/html`, not application/json")]
#[case::no_json((StatusCode::OK, "application/json", "{"), "read the groups: ")]
#[tokio::test]
async fn a_server_is_asked_again_and_its_last_good_answer_kept(#[case] broken: Answer, #[case] reason: &str) {
    let json = "application/json; charset=utf-8";
    let one = (StatusCode::OK, json, r#"[{"targets": ["a:1"], "labels": {"__meta_rack": "r1"}}]"#);
    let two = (StatusCode::OK, json, r#"[{"targets": ["a:2"]}]"#);
    let seen = Arc::default();
    let (url, mut source) = asked(vec![broken, one, broken, two], Arc::clone(&seen)).await;
    let mut sets = Vec::new();
    while sets.last().is_none_or(|set| addresses(set) != ["a:2", "s:1"]) {
        sets.push(source.changed().await);
    }
    let told: Vec<_> = sets.iter().map(|set| (addresses(set), set.problem.is_some())).collect();
    let (none, first) = (vec!["s:1"], vec!["a:1", "s:1"]);
    let expected = [(none.clone(), true), (first.clone(), false), (first, true), (vec!["a:2", "s:1"], false)];
    // The static target may be heard of alone, before the server answers.
    let told = if told.first() == Some(&(none, false)) { &told[1..] } else { &told[..] };
    assert_eq!(told, expected);
    assert!(sets.iter().flat_map(|set| &set.problem).all(|p| p.starts_with(&format!("ask {url}: {reason}"))));
    let discovered =
        sets.iter().flat_map(|set| &set.active).find(|t| t.labels.get("instance") == Some("a:1"));
    assert_eq!(discovered.unwrap().discovered.get("__meta_url"), Some(url.as_str()));
    assert_eq!(seen.lock().unwrap()[0]["x-prometheus-refresh-interval-seconds"], "0.005");
}
