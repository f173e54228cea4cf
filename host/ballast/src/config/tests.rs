//! Configurations as people write them, right and wrong; the wrong ones with what they are told.

use std::path::{Path, PathBuf};

use ballast_types::objective::IndicatorKind;
use ballast_types::plugin::ServiceScope;
use ballast_types::service::Criticality;
use ballast_types::{ServiceName, Timestamp};

use super::*;
use crate::report::{self, Finding, Sources};

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

fn environment(name: &str) -> Option<String> {
    (name == "HOST").then(|| "127.0.0.1".to_owned())
}

pub(super) fn read_file(name: &str) -> Reading {
    let file = folder().join(name);
    read(&file, &std::fs::read_to_string(&file).unwrap(), &environment)
}

/// What a person is shown about a text, with `ballast.yaml` for the file's name.
fn shown(source: &str) -> String {
    let file = folder().join("ballast.yaml");
    let reading = read(&file, source, &environment);
    assert_eq!(reading.config.is_none(), !reading.problems.is_empty());
    let findings = reading.problems.into_iter().map(Finding::error);
    let findings: Vec<_> = findings.chain(reading.warnings.into_iter().map(Finding::warning)).collect();
    let sources = Sources::from([(file.display().to_string(), source.to_owned())]);
    let text = report::text(&findings, &sources, report::plain());
    text.replace(&format!("{}/", folder().display()), "")
        .lines()
        .map(|l| format!("{}\n", l.trim_end()))
        .collect()
}

/// Only the lines with a place, and the help.
pub(super) fn brief(source: &str) -> String {
    let wanted = |line: &&str| line.contains("ballast.yaml:") || line.trim_start().starts_with("help:");
    shown(source).lines().filter(wanted).map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn the_seeds_configuration_is_read_unchanged() {
    let reading = read_file("seed.yaml");
    assert_eq!(reading.problems, []);
    assert_eq!(reading.warnings.len(), 2, "{:?}", reading.warnings);
    let config = reading.config.unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9090");
    let service = &config.settings.services[0];
    assert_eq!((service.name.as_str(), service.criticality), ("model-management", Criticality::Critical));
    let owed: Vec<_> = service.objectives.iter().map(|o| (o.kind, o.target)).collect();
    let expected = [
        (IndicatorKind::Availability, 0.999),
        (IndicatorKind::LatencyP95, 0.1),
        (IndicatorKind::ErrorRate, 0.001),
    ];
    assert_eq!(owed, expected);
    assert_eq!(service.objectives[0].window, Duration::from_secs(30 * 86_400));
    assert_eq!(config.settings.data_folder, folder().join("data"));
}

#[test]
fn everything_that_can_be_said_is_read() {
    let reading = read_file("full.yaml");
    assert_eq!((reading.problems, reading.warnings), (vec![], vec![]));
    let config = reading.config.unwrap();
    let settings = &config.settings;
    assert_eq!(settings.evaluation_interval, Duration::from_millis(500));
    assert_eq!(settings.data_folder, folder().join("state"));
    assert_eq!(config.logging.format, LogFormat::Json);
    let targets: Vec<_> =
        settings.targets.iter().map(|t| format!("{} {}", t.target.url, t.target.labels)).collect();
    insta::assert_snapshot!(targets.join("\n"), @r#"
    http://127.0.0.1:9100/metrics {instance="127.0.0.1:9100", job="api", region="eu", service="api"}
    https://api.local/internal/metrics {instance="api.local:443", job="api", region="eu", service="api"}
    "#);
    let owed: Vec<_> = settings.services.iter().flat_map(|s| &s.objectives).collect();
    let owed: Vec<_> =
        owed.iter().map(|o| format!("{} {} {}: {}", o.service, o.name(), o.target, o.indicator)).collect();
    insta::assert_snapshot!(owed.join("\n"), @r#"
    api availability 0.99: 1 - (sum(rate(http_requests_total{service="api",code=~"5.."}[30s])) or vector(0)) / sum(rate(http_requests_total{service="api"}[30s]))
    api latency-p95 0.25: histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{service="api"}[30s])))
    api error-rate 0: sum(rate(errors[30s]))
    db availability 0.99: 1 - (sum(rate(http_requests_total{service="db",code=~"5.."}[5m])) or vector(0)) / sum(rate(http_requests_total{service="db"}[5m]))
    "#);
    let [connector] = &config.connectors[..] else { panic!("{:?}", config.connectors) };
    assert_eq!(connector.base_url, "http://127.0.0.1:8000/admin/");
    let headers = [("X-Team", "sre"), ("Authorization", "Bearer s3cret")];
    assert_eq!(connector.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(connector.idempotent_keys, Some(false));
}

#[test]
fn a_runbooks_policy_is_read() {
    let config = read_file("full.yaml").config.unwrap();
    let [first, second] = &config.settings.policies[..] else { panic!("two policies") };
    let matchers: Vec<_> = first.matchers.iter().map(ToString::to_string).collect();
    assert_eq!(matchers, [r#"alertname="HighErrorRate""#, r#"severity=~"critical|high""#, r#"team!="none""#]);
    assert_eq!(first.parameters, r#"{"list":[1,"2",true],"share":0.5,"text":"3","window":"5m"}"#);
    assert_eq!((&first.grant.read, &first.grant.act), (&ServiceScope::All, &ServiceScope::Subject));
    assert_eq!((first.limits.memory_bytes_max, first.guards.effects_per_hour_max), (32 << 20, 3));
    assert_eq!(first.verification.within, Duration::from_secs(60));
    assert_eq!(second.grant.act, ServiceScope::Named([ServiceName::new("db")].into()));
    assert_eq!(second.objective, IndicatorKind::Availability);
    assert_eq!(config.runbook_places[&second.runbook].1, Position { line: 56, column: 16 });
}

/// The default indicators must mean what their documentation says: 0, not nothing, where no request failed.
#[test]
fn without_a_failed_request_the_error_rate_is_zero() {
    let service = "monitoring: {services: [{name: api, slo: {errorRate: 0.1, availability: 0.9}, indicatorWindow: 30s}]}";
    let config = read(Path::new("x.yaml"), service, &environment).config.unwrap();
    let series = Traffic;
    let now = Timestamp::from_secs(60);
    for objective in &config.settings.services[0].objectives {
        let expression = ballast_promql::parse(&objective.indicator).unwrap();
        let value =
            ballast_promql::evaluate(&expression, &series, now, &ballast_promql::Options::default()).unwrap();
        let ballast_promql::Value::Vector(samples) = value else { panic!("{value:?}") };
        let expected = if objective.kind == IndicatorKind::ErrorRate { 0.0 } else { 1.0 };
        assert_eq!(samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [expected]);
    }
}

/// One series of good requests.
struct Traffic;

impl ballast_types::Queryable for Traffic {
    fn select(
        &self,
        matchers: &[ballast_types::Matcher],
        range: ballast_types::TimeRange,
    ) -> Result<Vec<ballast_types::Series>, ballast_types::QueryError> {
        let pairs = [("__name__", "http_requests_total"), ("service", "api"), ("code", "200")];
        let labels = ballast_types::Labels::from_pairs(pairs);
        let samples = (0..=60).map(|second| ballast_types::Sample {
            at: Timestamp::from_secs(second),
            value: second as f64 * 10.0,
        });
        let samples = samples.filter(|sample| (range.start..=range.end).contains(&sample.at)).collect();
        let matches = matchers.iter().all(|matcher| matcher.matches(&labels));
        Ok(if matches { vec![ballast_types::Series { labels, samples }] } else { Vec::new() })
    }
}

#[test]
fn a_mistyped_key_is_marked_in_its_line() {
    insta::assert_snapshot!(shown("monitoring:\n  scrape_interval: 1s\n  services: []\n"), @r#"
     x ballast.yaml:2:3: unknown key `scrape_interval`
      ,-[2:3]
    1 | monitoring:
    2 |   scrape_interval: 1s
      :   ^^^^^^^^^^^^^^^
    3 |   services: []
      `----
     help: did you mean `scrapeInterval`?
    "#);
}

#[test]
fn all_problems_of_a_file_are_found_at_once() {
    let source = "\
server: {listen: localhost}
slo:
  uptimeTarget: 99.9
  latencyP95Target: 5 minutes
chaos: {enabled: yes, maxConcurrentExperiments: 0}
alerting: {channels: [pager], deduplicationWindow: -1}
monitoring:
  services:
    - name: api
      critcality: high
      dependencies: [dbb]
      targets: [api:9100, 'ftp://x/']
    - {name: db, slo: 3, criticality: huge, labels: {job: x, a-b: y}}
    - {name: api}
    - criticality: low
    - {name: 'a b'}
unknown: 1
";
    insta::assert_snapshot!(brief(source), @r#"
    x ballast.yaml:1:18: `localhost` is no address to listen on
    help: write an IP address and a port, as in 127.0.0.1:9090
    x ballast.yaml:3:17: expected a number between 0 and 1, found 99.9
    help: for 99.9 % write 0.999
    x ballast.yaml:4:21: `5 minutes` is no duration
    help: write it like 30s, 5m, 1h30m or 250ms; a bare number is milliseconds
    x ballast.yaml:5:18: expected true or false, found `yes`
    x ballast.yaml:5:49: expected a whole number of at least 1, found `0`
    x ballast.yaml:6:23: unknown channel `pager`
    help: known are pagerduty, slack, email, webhook
    x ballast.yaml:6:52: `-1` is no duration
    help: write it like 30s, 5m, 1h30m or 250ms; a bare number is milliseconds
    x ballast.yaml:10:7: unknown key `critcality`
    help: did you mean `criticality`?
    x ballast.yaml:11:22: there is no service `dbb`
    help: did you mean `db`?
    x ballast.yaml:12:17: `api:9100` does not begin with http:// or https://
    help: write it like http://127.0.0.1:9100/metrics
    x ballast.yaml:12:27: `ftp://x/` does not begin with http:// or https://
    help: write it like http://127.0.0.1:9100/metrics
    x ballast.yaml:13:23: expected a map, found a single value
    x ballast.yaml:13:39: unknown criticality `huge`
    help: known are critical, high, medium, low
    x ballast.yaml:13:54: the label `job` is set by Ballast itself
    x ballast.yaml:13:62: `a-b` is no name for a label
    help: use letters, digits and `_`, no digit first and no `__` in front
    x ballast.yaml:14:14: there are two services named `api`
    x ballast.yaml:15:7: the key `name` is missing
    x ballast.yaml:16:14: `a b` is no name for a service
    help: use letters, digits, `-`, `_` and `.`, a letter or digit first
    x ballast.yaml:17:1: unknown key `unknown`
    help: known here are promql, slo, global, monitoring, scrape_configs, scrape_config_files, automation, server, storage, rules, plugins, logging, alerting, chaos, source
    "#);
}

#[test]
fn expressions_and_connectors_are_checked_where_they_stand() {
    let source = "\
monitoring:
  services:
    - name: api
      indicators:
        errorRate: sum(rate(x[5m])
        availability: 'rate(x)'
        latencyP95: x[5m]
      connector:
        http:
          baseUrl: api.local
          headers: {'bad name': x}
    - name: b
      connector:
        http:
          baseUrl: http://b
          requests:
            restrat: {method: POST, path: x}
            restart: {method: FETCH, path: x}
            scale: {path: x}
    - name: c
      connector: {kubernetes: {}}
";
    insta::assert_snapshot!(brief(source), @r#"
    x ballast.yaml:5:35: unclosed left parenthesis
    x ballast.yaml:6:29: expected type range vector in call to function "rate", got instant vector
    x ballast.yaml:7:21: expected an instant vector or a scalar, found a range vector
    help: an indicator is one present value: wrap a range in `rate(..)` or the like
    x ballast.yaml:10:20: cannot make a connector: failed to read the base address `api.local`: relative URL without a base
    x ballast.yaml:17:13: unknown operation `restrat`
    help: did you mean `restart`?
    x ballast.yaml:18:22: cannot make a connector: failed to read the method of the request for `restart`: `FETCH` is none of GET, POST, PUT, PATCH and DELETE
    x ballast.yaml:19:20: the key `method` is missing
    x ballast.yaml:21:18: the key `http` is missing
    x ballast.yaml:21:19: unknown key `kubernetes`
    help: known here are http
    "#);
}

#[test]
fn secrets_and_variables_are_missed_at_their_place() {
    let source = "\
server:
  listen: 127.0.0.1:${PORT}
storage: {path: \"${HOME_OF_X:-x}\"}
rules: {path: nowhere}
plugins: {path: full.yaml}
monitoring:
  services:
    - name: ${1}
      connector:
        http:
          baseUrl: http://${HOST}
          headers:
            Authorization_file: secrets/none
            XFile: secrets/empty
            Y: a
            YFile: secrets/token
";
    insta::assert_snapshot!(brief(source), @r#"
    x ballast.yaml:2:21: the environment variable `PORT` is not set
    help: set it, or give a default: `${PORT:-value}`
    x ballast.yaml:4:15: the folder nowhere does not exist
    help: relative paths start at the configuration's folder
    x ballast.yaml:5:17: the folder full.yaml is no folder
    help: relative paths start at the configuration's folder
    x ballast.yaml:8:13: `1` is no name of an environment variable
    help: write `${NAME}` or `${NAME:-default}`; `$${` stands for a plain `${`
    x ballast.yaml:13:33: cannot read the secret file secrets/none: No such file or directory (os error 2)
    help: relative paths start at the configuration's folder
    x ballast.yaml:14:20: the secret file secrets/empty is empty
    x ballast.yaml:16:13: `Y` is given twice, as a value and as a file
    "#);
}

#[test]
fn automation_is_held_to_what_is_configured() {
    let source = "\
slo: {uptimeTarget: 0.9}
monitoring: {services: [{name: api}]}
automation:
  resolveHold: soon
  runbooks:
    - {runbook: a, match: {}}
    - {runbook: b, match: {alertname: '=~('}}
    - {runbook: c}
    - runbook: c
      match: {alertname: X}
      grant: {capabilities: [service], read: api, act: [apis], verbs: [reboot], hosts: [x]}
      limits: {memory: 64MB, busy: 0}
      guards: {effectsPerHour: many}
      verify: {objective: errorRates}
    - {match: {alertname: X}, runbook: d, parameters: [1], verify: {hold: 1s}, grant: {act: subject}}
";
    insta::assert_snapshot!(brief(source), @r#"
    x ballast.yaml:4:16: `soon` is no duration
    help: write it like 30s, 5m, 1h30m or 250ms; a bare number is milliseconds
    x ballast.yaml:6:27: an empty match would start the runbook for every alert
    help: name the alert, as in `match: {alertname: HighErrorRate}`
    x ballast.yaml:7:39: the pattern `(` does not compile: unclosed group
    x ballast.yaml:8:7: the key `match` is missing
    x ballast.yaml:9:16: the runbook `c` has an entry already
    help: match several alerts with one entry, as in `alertname: "=~First|Second"`
    x ballast.yaml:11:30: unknown capability `service`
    help: did you mean `services`?
    x ballast.yaml:11:46: unknown scope `api`
    help: write it as a list: [api]
    x ballast.yaml:11:57: there is no service `apis`
    help: did you mean `api`?
    x ballast.yaml:11:72: unknown verb `reboot`
    help: known are restart, rollback, scale, set-parameter, switch-over
    x ballast.yaml:12:24: expected a size like 64MiB or a number of bytes, found `64MB`
    x ballast.yaml:12:36: expected a duration longer than zero
    x ballast.yaml:13:32: expected a whole number of at least 0, found `many`
    x ballast.yaml:14:27: unknown objective `errorRates`
    help: did you mean `errorRate`?
    x ballast.yaml:15:55: expected a map, found a list
    ! ballast.yaml:11:56: it may act on services, but no verb is granted
    help: list what it may do under `verbs`
    ! ballast.yaml:15:68: no service has such an objective, so nothing that the runbook does can be verified
    help: give targets under `slo` or under a service's `slo`
    ! ballast.yaml:15:93: it may act on services, but no verb is granted
    help: list what it may do under `verbs`
    "#);
}

#[test]
fn what_is_no_map_or_no_yaml_is_said() {
    let cases = [
        "- a\n",
        "slo: [1]\n",
        "slo: {a: 1\nb: 2\n",
        "slo:\n\ta: 1\n",
        "server: &x {listen: *y}\n",
        "logging: {level: verbose}\n",
        "logging: {level: 'a=b=c'}\n",
        "slo: {}\nslo: {}\n",
    ];
    let told: Vec<_> = cases.iter().map(|source| brief(source)).collect();
    insta::assert_snapshot!(told.concat(), @r#"
    x ballast.yaml:1:1: expected a map, found a list
    x ballast.yaml:1:6: expected a map, found a list
    x ballast.yaml:2:2: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'
    x ballast.yaml:2:2: not valid YAML: tabs disallowed within this context (block indentation)
    x ballast.yaml:1:21: not valid YAML: alias references unknown anchor
    x ballast.yaml:1:18: unknown level `verbose`
    help: known are off, error, warn, info, debug, trace
    x ballast.yaml:1:18: `a=b=c` is no level: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
    help: write a level or directives, as in info,ballast_engine=debug
    x ballast.yaml:2:1: the key `slo` was given before, in line 1
    "#);
}

#[test]
fn sections_that_do_nothing_yet_say_so() {
    let source = "server: {listen: '0.0.0.0:9090'}\nalerting: {channels: [slack]}\nchaos: {enabled: true}\n";
    insta::assert_snapshot!(brief(source), @r#"
    ! ballast.yaml:1:18: the API asks for no login: whoever reaches this address may silence and resolve
    help: listen on 127.0.0.1, or put a proxy with a login in front
    ! ballast.yaml:2:22: notifications are not delivered yet: nobody is told on these channels
    help: alerts and incidents are shown by `/api/alerts`, `/api/incidents` and `/ws/events`
    ! ballast.yaml:3:18: chaos experiments are not run yet: this section has no effect
    help: set `enabled: false`, or leave it for the version that runs experiments
    "#);
}

#[test]
fn an_empty_file_is_a_configuration_that_watches_nothing() {
    for source in ["", "# nothing\n", "monitoring:\n"] {
        let reading = read(Path::new("ballast.yaml"), source, &environment);
        assert_eq!(reading.problems, []);
        assert!(reading.config.unwrap().settings.services.is_empty());
    }
}
