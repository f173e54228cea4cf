//! The rule packs that ship: they load without a warning, say what they should, and alert on what they are about.
//! A case is series in the notation of PromQL's test scripts, and the timeline that comes out of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test reads the files that it is about")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ballast_alerting::{AlertRule, Externals, Rule, RuleSet, Template, evaluate_alert_rule};
use ballast_promql::script::{Command, MemorySource, read};
use ballast_promql::{Options, evaluate};
use ballast_types::alert::{Alert, AlertKey};
use ballast_types::{Labels, Queryable, Timestamp};
use rstest::rstest;

/// Every YAML file in rules/, with its name.
fn packs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

fn alert_rules(set: &RuleSet) -> impl Iterator<Item = &AlertRule> {
    set.rules().filter_map(|rule| match rule {
        Rule::Alert(rule) => Some(&**rule),
        Rule::Record(_) => None,
    })
}

fn text<'a>(pairs: &'a [(String, Template)], name: &str) -> &'a str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, template)| template.source())
}

#[test]
fn every_alert_says_how_bad_it_is_and_what_to_do() {
    let set = RuleSet::build(packs()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(set.warnings(), []);
    assert!(alert_rules(&set).count() >= 10);
    for rule in alert_rules(&set) {
        assert!(text(&rule.labels, "severity").starts_with("SEV"), "{}", rule.name);
        for annotation in ["summary", "description", "runbook"] {
            assert!(!text(&rule.annotations, annotation).is_empty(), "{} has no {annotation}", rule.name);
        }
        let runbook = text(&rule.annotations, "runbook");
        if let Some((file, paragraph)) = runbook.split_once('#') {
            let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules").join(file);
            let guide = std::fs::read_to_string(guide).unwrap().to_lowercase();
            assert!(guide.contains(&format!("## {paragraph}\n")), "{runbook}");
        }
    }
}

/// Evaluates one rule each minute, and draws it: `-` nothing, `P` pending, `F` firing, `R` resolved (the worst of its alerts).
fn timeline(name: &str, load: &str, minutes: i64) -> (String, Vec<Alert>) {
    let set = RuleSet::build(packs()).unwrap();
    let rule = alert_rules(&set).find(|rule| rule.name == name).unwrap();
    let commands = read(&format!("load 1m\n{load}\n")).unwrap();
    let Some(Command::Load { series, .. }) = commands.first() else { panic!("no series in {load}") };
    let source = MemorySource::of(series);
    let mut active: BTreeMap<AlertKey, Alert> = BTreeMap::new();
    let (mut drawn, mut fired) = (String::new(), Vec::new());
    for minute in 0..minutes {
        let now = Timestamp::from_secs(0) + Duration::from_secs(60 * u64::try_from(minute).unwrap());
        let result = instant(&source, rule, now);
        let mut query = |_: &str, _: Timestamp| Ok(Vec::new());
        let outcome =
            evaluate_alert_rule(rule, &active, &result, now, &mut query, &Externals::default()).unwrap();
        assert_eq!(outcome.warnings, Vec::<String>::new());
        active = outcome.alerts.into_iter().map(|alert| (alert.key.clone(), alert)).collect();
        let state = |name: &str| active.values().any(|alert| alert.state.name() == name);
        drawn.push(if state("firing") {
            'F'
        } else if state("pending") {
            'P'
        } else if state("resolved") {
            'R'
        } else {
            '-'
        });
        if fired.is_empty() {
            fired = active.values().filter(|alert| alert.state.name() == "firing").cloned().collect();
        }
    }
    (drawn, fired)
}

fn instant(source: &dyn Queryable, rule: &AlertRule, now: Timestamp) -> Vec<(Labels, f64)> {
    let value = evaluate(&rule.expression, source, now, &Options::default()).unwrap();
    value.into_vector().into_iter().map(|sample| (sample.labels, sample.value)).collect()
}

#[rstest]
#[case::errors(
    "HighErrorRate",
    "http_requests_total{service=\"a\",code=\"200\"} 0+540x19
     http_requests_total{service=\"a\",code=\"503\"} 0x5 0+60x6 360x6",
    20,
    "---------PPFFFFFFRRR"
)]
#[case::too_few_requests_to_judge(
    "HighErrorRate",
    "http_requests_total{service=\"a\",code=\"503\"} 0+3x19",
    20,
    "--------------------"
)]
#[case::latency(
    "HighLatencyP95",
    "http_request_duration_seconds_bucket{service=\"a\",le=\"0.1\"} 0+600x19
     http_request_duration_seconds_bucket{service=\"a\",le=\"1\"} 0+700x19
     http_request_duration_seconds_bucket{service=\"a\",le=\"+Inf\"} 0+700x19
     http_request_duration_seconds_count{service=\"a\"} 0+700x19",
    10,
    "-PPPPPFFFF"
)]
#[case::one_of_two_targets(
    "TargetDown",
    "up{service=\"a\",instance=\"1\"} 1 1 0 0 0 1 1
     up{service=\"a\",instance=\"2\"} 1x6",
    7,
    "--PFFRR"
)]
#[case::a_service_with_one_target_left(
    "ServiceDown",
    "up{service=\"a\",instance=\"1\"} 0x6
     up{service=\"a\",instance=\"2\"} 1x6",
    7,
    "-------"
)]
#[case::a_service_without_targets("ServiceDown", "up{service=\"a\",instance=\"1\"} 1 0x6", 7, "-PFFFFF")]
#[case::slow_dependency(
    "SlowDependency",
    "upstream_request_duration_seconds_bucket{service=\"a\",dependency=\"b\",le=\"1\"} 0+10x19
     upstream_request_duration_seconds_bucket{service=\"a\",dependency=\"b\",le=\"5\"} 0+100x19
     upstream_request_duration_seconds_bucket{service=\"a\",dependency=\"b\",le=\"+Inf\"} 0+100x19
     upstream_request_duration_seconds_count{service=\"a\",dependency=\"b\"} 0+100x19",
    10,
    "-PPPPPFFFF"
)]
#[case::failing_dependency(
    "FailingDependency",
    "upstream_requests_total{service=\"a\",dependency=\"b\",code=\"200\"} 0+100x9
     upstream_requests_total{service=\"a\",dependency=\"b\",code=\"timeout\"} 0+50x9",
    10,
    "-PPFFFFFFF"
)]
#[case::traffic(
    "TrafficDropped",
    "http_requests_total{service=\"a\",code=\"200\"} 0+600x40 24000+10x20",
    60,
    "--------------------------------------------PPPPPFFFFFFFFFFF"
)]
#[case::workers(
    "WorkersSaturated",
    "worker_pool_busy{service=\"a\"} 19x9\nworker_pool_size{service=\"a\"} 20x9",
    10,
    "PPPPPFFFFF"
)]
#[case::pool(
    "ConnectionPoolExhausted",
    "db_pool_in_use{service=\"a\"} 5 5 20x9\ndb_pool_size{service=\"a\"} 20x9",
    10,
    "--PPFFFFFF"
)]
#[case::memory(
    "MemoryGrowing",
    "process_resident_memory_bytes{service=\"a\",instance=\"1\"} 200e6+20e6x29",
    30,
    "-PPPPPPPPPPFFFFFFFFFFFFFFFFFFF"
)]
fn it_alerts_on_what_it_is_about(
    #[case] rule: &str,
    #[case] load: &str,
    #[case] minutes: i64,
    #[case] expected: &str,
) {
    let (drawn, fired) = timeline(rule, load, minutes);
    assert_eq!(drawn, expected);
    for alert in fired {
        assert_eq!(alert.labels.get("service"), Some("a"), "{}", alert.labels);
        assert!(!alert.annotations.to_string().contains("<"), "{}", alert.annotations);
    }
}
