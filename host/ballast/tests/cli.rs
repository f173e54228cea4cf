//! The command line as people and scripts meet it: the real binary, its output and its exit codes. Nothing here needs the
//! network or a plugin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

const CONFIGURATION: &str = "\
rules: {path: rules}
plugins: {path: plugins}
monitoring:
  scrapeInterval: 1s
  services:
    - name: api
      slo: {errorRate: 0.01}
";
const RULES: &str = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n";

/// A folder with a configuration, its rules and its plugins.
fn site(configuration: &str, rules: &str) -> tempfile::TempDir {
    let site = tempfile::tempdir().unwrap();
    for folder in ["rules", "plugins"] {
        std::fs::create_dir(site.path().join(folder)).unwrap();
    }
    std::fs::write(site.path().join("ballast.yaml"), configuration).unwrap();
    std::fs::write(site.path().join("rules/a.yaml"), rules).unwrap();
    site
}

fn ballast(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ballast"));
    command.args(arguments).current_dir(folder).env_remove("BALLAST_CONFIG").env_remove("BALLAST_URL");
    command.output().unwrap()
}

/// Exit code and standard output, without blanks at the ends of lines.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    format!("{lines}exit {}", output.status.code().unwrap())
}

#[test]
fn a_sound_configuration_passes() {
    let site = site(CONFIGURATION, RULES);
    let output = ballast(site.path(), &["check", "--config", "ballast.yaml"]);
    insta::assert_snapshot!(said(&output), @r"
    checked 1 configuration, 1 rule in 1 file: 0 errors, 0 warnings
    exit 0
    ");
}

#[test]
fn errors_are_marked_where_they_are_in_configuration_and_rules() {
    let configuration = CONFIGURATION.replace("scrapeInterval", "scrapeIntervall");
    let site = site(&configuration, RULES);
    let output = ballast(site.path(), &["check", "--config", "ballast.yaml"]);
    insta::assert_snapshot!(said(&output), @r#"
      x ballast.yaml:4:3: unknown key `scrapeIntervall`
       ,-[4:3]
     3 | monitoring:
     4 |   scrapeIntervall: 1s
       :   ^^^^^^^^^^^^^^^
     5 |   services:
       `----
      help: did you mean `scrapeInterval`?
    checked 1 configuration: 1 error, 0 warnings
    exit 1
    "#);
    std::fs::write(
        site.path().join("rules/a.yaml"),
        "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up ==\n",
    )
    .unwrap();
    let output = ballast(site.path(), &["check", "rules"]);
    insta::assert_snapshot!(said(&output), @r#"
      x rules/a.yaml:5:20: unexpected end of input
       ,-[5:20]
     4 |       - alert: A
     5 |         expr: up ==
       :                    ^
       `----
    checked 0 rules in 1 file: 1 error, 0 warnings
    exit 1
    "#);
}

#[test]
fn a_component_that_is_none_and_a_runbook_that_is_missing_are_errors() {
    let automation = "automation: {runbooks: [{runbook: fix, match: {alertname: Down}}]}\n";
    let site = site(&format!("{CONFIGURATION}{automation}"), RULES);
    std::fs::write(site.path().join("plugins/no.wasm"), "not wasm").unwrap();
    let output = ballast(site.path(), &["check", "--config", "ballast.yaml"]);
    insta::assert_snapshot!(said(&output), @r#"
      x plugins/no.wasm:1:1: failed to load the component: it is not WebAssembly: it begins with `not wasm`
      x ballast.yaml:8:35: there is no plugin `fix` in plugins
       ,-[8:35]
     7 |       slo: {errorRate: 0.01}
     8 | automation: {runbooks: [{runbook: fix, match: {alertname: Down}}]}
       :                                   ^^^
       `----
    checked 1 configuration, 1 rule in 1 file, 1 plugin: 2 errors, 0 warnings
    exit 1
    "#);
}

#[test]
fn programs_get_json_and_warnings_pass() {
    let site = site("chaos: {enabled: true}\n", RULES);
    let output = ballast(site.path(), &["check", "--config", "ballast.yaml", "--format", "json"]);
    assert!(output.status.success());
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["ok"], &found["findings"][0]["severity"]), (&true.into(), &"warning".into()));
    assert_eq!((&found["findings"][0]["line"], &found["findings"][0]["column"]), (&1.into(), &18.into()));
    std::fs::write(site.path().join("ballast.yaml"), "chaos: 3\n").unwrap();
    let output = ballast(site.path(), &["check", "--config", "ballast.yaml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["findings"][0]["message"], "expected a map, found a single value");
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let site = site(CONFIGURATION, RULES);
    let code = |arguments: &[&str]| ballast(site.path(), arguments).status.code();
    assert_eq!(code(&["version"]), Some(0));
    for usage in [&["check"][..], &["serve"], &["query"], &["fly"], &[]] {
        assert_eq!(code(usage), Some(2), "{usage:?}");
    }
    for failure in [
        &["check", "nowhere"][..],
        &["check", "--config", "nowhere.yaml"],
        &["serve", "--config", "nowhere.yaml"],
        &["query", "up", "--url", "http://127.0.0.1:1"],
        &["query", "up", "--url", "no address"],
        &["demo", "--faults", "no-such-fault"],
    ] {
        assert_eq!(code(failure), Some(1), "{failure:?}");
    }
}

#[test]
fn serve_shows_what_is_wrong_and_does_not_start() {
    let site = site("server: {listen: here}\n", RULES);
    let output = ballast(site.path(), &["serve", "--config", "ballast.yaml"]);
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    insta::assert_snapshot!(lines, @r#"
     x ballast.yaml:1:18: `here` is no address to listen on
      ,----
    1 | server: {listen: here}
      :                  ^^^^
      `----
     help: write an IP address and a port, as in 127.0.0.1:9090
     x failed to start: the configuration ballast.yaml has a problem
     help: mend what is marked above; `ballast check --config ballast.yaml` shows it again
    "#);
}

#[test]
fn a_failed_query_says_what_to_do() {
    let site = site(CONFIGURATION, RULES);
    let output = ballast(site.path(), &["query", "up", "--url", "http://127.0.0.1:1"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr).trim(), @r#"
    x failed to query http://127.0.0.1:1: Connection refused (os error 111)
      help: is `ballast serve` running there? `--url` says where
    "#);
}
