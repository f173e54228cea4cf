//! Rule files that people write, and what is said about them.

use insta::assert_snapshot;

use super::*;
use crate::rule::Rule;

/// Every problem of a file, one a line, with its help.
fn problems(text: &str) -> String {
    let found = parse_rule_file("r.yml", text).unwrap_err();
    let line = |problem: &Problem| match &problem.help {
        Some(help) => format!("{problem} ({help})"),
        None => problem.to_string(),
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_problems_of_a_file_are_found_in_one_pass() {
    let text = r#"
groups:
  - name: one
    intervall: 30s
    rules:
      - alert: A
        expr: sum(rate(x[5m]) by (a)
        fro: 5m
        labels: {__name__: x, severity: "{{ $lables.s }}"}
      - record: a{b="c"}
        expr: |
          sum(a)
            + nope(b)
        for: 5m
      - alert: B
        expr: up[5m]
        for: 300
        annotations:
          summary: 'it''s {{ humanise $value }}'
          list: [1]
      - alert: C
        record: C
        expr: 1
      - expr: 1
      - alert: D
      - alert: E
        expr: ""
      - alert: F
        expr: {a: b}
      - nothing
  - name: one
    limit: -1
  - rules: []
extra: 1
"#;
    assert_snapshot!(problems(text), @r#"
    r.yml:4:5: unknown key `intervall` in a group (did you mean `interval`?)
    r.yml:7:31: unexpected <by>
    r.yml:8:9: unknown key `fro` in a rule (did you mean `for`?)
    r.yml:9:18: `__name__` is the series' name and no label that a rule may set
    r.yml:9:45: the template of `severity`: undefined variable `$lables`
    r.yml:10:17: `a{b="c"}` is no name of a series: it has braces (labels go under `labels`, a selector under `expr`)
    r.yml:13:15: unknown function with name "nope"
    r.yml:14:9: `for` makes no sense in a recording rule
    r.yml:16:15: a rule's expression yields an instant vector or a scalar, not a range vector
    r.yml:17:14: `for`: `300` is no duration; write it like 30s, 5m, 1h30m or 250ms (a unit is missing: 300s?)
    r.yml:19:30: the template of `summary`: unknown function `humanise`
    r.yml:20:17: `list` takes a text, not a list
    r.yml:22:9: a rule takes either `record` or `alert`, not both
    r.yml:24:9: a rule needs a name: `record` or `alert`
    r.yml:25:9: a rule needs an expression: `expr`
    r.yml:27:9: a rule needs an expression: `expr`
    r.yml:29:15: `expr` takes a single value, not a map
    r.yml:30:9: a rule is a map with `record`, `alert`, `expr`, `for`, `keep_firing_for`, `labels`, `annotations`, not a single value
    r.yml:31:11: the group `one` is already in this file, at line 3
    r.yml:32:12: `limit` takes a whole number from 0, not `-1`
    r.yml:33:5: a group needs a `name`
    r.yml:34:1: unknown key `extra` in a rule file (known are: groups)
    "#);
}

#[test]
fn a_problem_of_an_expression_is_at_its_character() {
    let double = "groups: [{name: g, rules: [{alert: A, expr: \"sum(a)\\n  + \\u0072at(b)\"}]}]";
    assert_snapshot!(problems(double), @r#"r.yml:1:58: unknown function with name "rat""#);
    let folded = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: >-\n      sum(a)\n\n      + rat(b)\n";
    assert_snapshot!(problems(folded), @r#"r.yml:8:9: unknown function with name "rat""#);
    let aliased = "x: &x rat(b)\ngroups:\n- name: g\n  rules:\n  - {alert: A, expr: *x}\n";
    assert_snapshot!(problems(aliased), @r#"
    r.yml:1:1: unknown key `x` in a rule file (known are: groups)
    r.yml:1:7: unknown function with name "rat"
    "#);
}

#[test]
fn repeated_keys_and_broken_yaml_are_told() {
    assert_snapshot!(problems("groups: []\ngroups: []\n"), @"r.yml:2:1: the key `groups` is already given at line 1");
    assert_snapshot!(problems("groups:\n  - name: a\n rules: []\n"), @"r.yml:3:2: not valid YAML: while parsing a block mapping, did not find expected key");
    assert_snapshot!(problems("- a\n"), @"r.yml:1:1: a rule file is a map with `groups`, not a list");
}

#[test]
fn a_whole_file_is_read() {
    let text = r#"
groups:
  - name: g
    interval: 10s
    query_offset: 1m
    limit: 5
    labels: {team: infra, severity: low}
    rules:
      - alert: A
        expr: up == 0
        for: 1m30s
        keep_firing_for: 5m
        labels: {severity: high}
        annotations: {summary: "{{ $labels.job }} is down", none: }
      - record: job:up
        expr: 1.0
        labels: {a: 0x10, b: yes}
"#;
    let file = parse_rule_file("r.yml", text).unwrap();
    let group = &file.groups[0];
    let [Rule::Alert(alert), Rule::Record(record)] = group.rules.as_slice() else { panic!("{group:?}") };
    assert_snapshot!(format!("{:?} {:?} {:?}", group.interval, group.query_offset, group.limit), @"Some(10s) Some(60s) Some(5)");
    assert_snapshot!(format!("{} {:?} {:?} {}", alert.name, alert.timing, Rule::Alert(alert.clone()).labels_as_written(), alert.annotations.len()), @r#"A AlertTiming { for_: 90s, keep_firing_for: 300s } [("severity", "high"), ("team", "infra")] 1"#);
    assert_snapshot!(format!("{} {} {:?} {:?}", record.metric, record.expression, record.labels, record.place.position), @r#"job:up 1 [("team", "infra"), ("severity", "low"), ("a", "0x10"), ("b", "yes")] Position { line: 15, column: 9 }"#);
}

#[test]
fn empty_files_and_empty_groups_are_fine() {
    for text in [
        "",
        "# nothing\n",
        "groups:\n",
        "groups: []\n",
        "groups: [{name: a}]\n",
        "groups: [{name: a, rules: }]\n",
    ] {
        assert!(parse_rule_file("r.yml", text).is_ok(), "{text:?}");
    }
}

#[test]
fn the_wrapper_of_kubernetes_is_read() {
    let text = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: x, labels: {a: b}}\nspec:\n  groups:\n  - name: g\n    rules: [{alert: A, expr: up == 0}]\n";
    assert_eq!(parse_rule_file("r.yml", text).unwrap().groups[0].rules.len(), 1);
    assert_snapshot!(problems(&text.replace("kind: PrometheusRule", "kind: Service").replace("spec", "spek")), @r#"
    r.yml:1:1: `spec` with the groups is missing
    r.yml:2:7: `Service` holds no rules; expected `PrometheusRule`
    r.yml:4:1: unknown key `spek` in a PrometheusRule (did you mean `spec`?)
    "#);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"(groups|rules|name|expr|alert|[-:{}\[\]&*|>'"\n #a0.é]){0,60}"#) {
        let _ = parse_rule_file("r.yml", &text);
        let _ = parse_rule_file("r.yml", &format!("groups:\n- name: g\n  rules:\n  - alert: a\n    expr: {text}\n"));
    }
}
