//! Scrape configurations as people write them, right and wrong; the wrong ones with what they are told.

use std::time::Duration;

use ballast_outbound::discovery::{Api, Discovery, Role};
use ballast_ports::ScrapeProtocol;
use ballast_ports::http_client::{Authorization, TlsVersion};
use ballast_types::relabel::RelabelAction;

use super::tests::{brief, folder, read_file};
use super::*;

fn job<'c>(config: &'c Config, name: &str) -> &'c ScrapeJob {
    config.jobs.iter().find(|job| job.name == name).unwrap()
}

#[test]
fn the_scraping_part_of_a_prometheus_yml_is_read_unchanged() {
    let reading = read_file("prometheus.yaml");
    assert_eq!(reading.problems, []);
    let warnings: Vec<_> = reading.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings, ["`external_labels` are read and attached to nothing"]);
    let config = reading.config.unwrap();
    let names: Vec<_> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    let expected =
        ["prometheus", "node", "blackbox", "files", "kubernetes-apiservers", "kubernetes-pods", "http"];
    assert_eq!(names, expected);
    assert_eq!(config.settings.evaluation_interval, Duration::from_secs(15));
    let node = job(&config, "node");
    let times = (node.interval.as_secs(), node.timeout.as_secs());
    assert_eq!((times, node.options.sample_limit), ((5, 5), 1500));
    let Discovery::Static(groups) = &node.discoveries[0] else { panic!("{:?}", node.discoveries) };
    assert_eq!(groups[0].labels.to_string(), r#"{env="prod", rack="7"}"#);
    assert_eq!((groups[0].targets.len(), groups[1].targets.len()), (2, 1));
    assert_eq!(node.options.metric_relabelling[0].action, RelabelAction::Keep);
}

#[test]
fn nothing_of_a_job_is_lost() {
    let config = read_file("prometheus.yaml").config.unwrap();
    let files = job(&config, "files");
    let Some(Authorization::Basic { username, password }) = &files.options.client.authorization else {
        panic!("{:?}", files.options.client)
    };
    let password = password.as_ref().map(|password| format!("{password:?}"));
    assert_eq!((username.as_str(), password.as_deref()), ("admin", Some("Inline(<secret>)")));
    assert_eq!(files.relabelling[0].target_label, "${1}_job");
    assert_eq!(files.relabelling[1].modulus, 8);
    let tls = &files.options.client.tls;
    assert_eq!(
        (tls.ca_file.clone(), tls.min_version),
        (Some(folder().join("valid_ca_file")), Some(TlsVersion::V1_2))
    );
    assert!(files.options.honor_labels && !files.options.honor_timestamps && tls.insecure_skip_verify);
    let Discovery::Files(found) = &files.discoveries[0] else { panic!("{:?}", files.discoveries) };
    assert_eq!(found.files, [folder().join("targets/*.json"), folder().join("single.yml")]);
    let Discovery::Kubernetes(pods) = &job(&config, "kubernetes-pods").discoveries[0] else { panic!() };
    assert_eq!((pods.role, &pods.api, pods.selectors.len()), (Role::Pod, &Api::InCluster, 1));
    let http = job(&config, "http");
    assert_eq!(http.options.body_bytes_max, 10 << 20);
    assert_eq!(http.options.protocols, [ScrapeProtocol::OpenMetrics1, ScrapeProtocol::Text0]);
    assert_eq!(http.options.client.headers.len(), 1);
    assert!(http.options.client.proxy_url.is_some() && !http.options.client.enable_http2);
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let source = r#"
global: {scrape_interval: 10s, scrape_timeout: 20s, scrape_intervall: 1m}
scrape_configs:
  - job_name: a
    scrape_timeout: 30s
    metrics_paths: /x
    static_configs:
      - targets: [http://a:1/metrics]
  - job_name: a
    consul_sd_configs: [{server: x}]
    oauth2: {client_id: x}
    basic_auth: {username: x, password: y, password_file: z}
  - scheme: ftp
    file_sd_configs: [{files: [targets.txt, "a*/b.yml"]}]
    http_sd_configs: [{url: sd.local}]
    kubernetes_sd_configs: [{role: pods}, {role: pod, selectors: [{role: node}], bearer_token: x}]
    tls_config: {cert_file: x, min_version: TLS9}
    authorization: {type: Basic, credentials: x}
    scrape_interval: 0s
    relabel_configs:
      - action: hashmod
        target_label: x
      - {action: keeps, source_labels: [a]}
      - {regex: "a)|(b", target_label: x}
      - {action: labeldrop, regex: a, source_labels: [b]}
"#;
    let expected = [
        (2, "the scrape_timeout 20s is longer than the scrape_interval 10s"),
        (2, "unknown key `scrape_intervall`"),
        (5, "the scrape_timeout 30s is longer than the scrape_interval 10s"),
        (6, "unknown key `metrics_paths`"),
        (8, "`http://a:1/metrics` is no address of a host: it has a `/`"),
        (9, "there are two scrape jobs named `a`"),
        (10, "`consul_sd_configs` is not supported"),
        (11, "`oauth2` cannot stand beside `basic_auth`: one way to log in is enough"),
        (11, "`oauth2` is not supported"),
        (12, "`password_file` cannot stand beside `password`"),
        (13, "the key `job_name` is missing"),
        (13, "unknown scheme `ftp`"),
        (14, "the name of a file of targets ends in .json, .yml or .yaml"),
        (14, "only the last part of the path may have `*`, `?` or `[…]`"),
        (15, "expected an address that begins with http:// or https://"),
        (16, "unknown role `pods`"),
        (16, "credentials and TLS for the API need its address in `api_server`"),
        (17, "unknown version of TLS `TLS9`"),
        (17, "a client's certificate and its key belong together: one of them is missing"),
        (18, "for the type `basic` use `basic_auth`"),
        (19, "expected a duration longer than zero"),
        (21, "the action `hashmod` needs a `modulus` of at least 1"),
        (23, "unknown action `keeps`"),
        (24, "`a)|(b` is no pattern"),
        (25, "the action `labeldrop` takes only `regex`, and no `source_labels`"),
    ];
    assert_told(&brief(source), &expected);
}

/// Each problem is told in its line.
fn assert_told(shown: &str, expected: &[(usize, &str)]) {
    for (line, message) in expected {
        let place = format!("ballast.yaml:{line}:");
        let told = shown.lines().any(|told| told.contains(&place) && told.contains(message));
        assert!(told, "line {line}: {message}\nin\n{shown}");
    }
}

#[test]
fn keys_of_native_histograms_are_passed_over_with_a_word() {
    let source = "
scrape_configs:
  - job_name: a
    scrape_native_histograms: true
    native_histogram_bucket_limit: 0
    metric_name_validation_scheme: legacy
    scrape_protocols: [PrometheusProto]
";
    let expected = [
        (4, "`scrape_native_histograms` is passed over: native histograms are not kept"),
        (6, "`metric_name_validation_scheme` is passed over"),
        (7, "metrics are never asked for as protobuf, but as text"),
    ];
    let shown = brief(source);
    assert_told(&shown, &expected);
    assert!(!shown.contains("ballast.yaml:5:"), "{shown}");
}

#[test]
fn jobs_in_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("more")).unwrap();
    write("more/one.yml", "scrape_configs:\n- job_name: one\n  bearer_token_file: token\n");
    write("more/two.yml", "scrape_configs:\n- job_name: main\n- job_name: two\n  jobname: x\nglobal: {}\n");
    let source = "scrape_config_files: ['more/*.yml']\nscrape_configs: [{job_name: main}]\n";
    let file = folder.path().join("ballast.yaml");
    let reading = read(&file, source, &|_| None);
    let shown: Vec<_> = reading
        .problems
        .iter()
        .map(|p| format!("{}:{}:{} {}", p.file.rsplit('/').next().unwrap(), p.line, p.column, p.message))
        .collect();
    assert_eq!(
        shown,
        [
            "two.yml:2:13 there are two scrape jobs named `main`",
            "two.yml:4:3 unknown key `jobname`",
            "two.yml:5:1 unknown key `global`"
        ]
    );
    assert_eq!(reading.included.len(), 2);
    write("more/two.yml", "scrape_configs:\n- job_name: two\n");
    let config = read(&file, source, &|_| None).config.unwrap();
    let names: Vec<_> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["main", "one", "two"]);
    let authorization = format!("{:?}", config.jobs[1].options.client.authorization);
    assert!(
        authorization.contains(&folder.path().join("more/token").display().to_string()),
        "{authorization}"
    );
}
