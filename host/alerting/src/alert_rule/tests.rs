//! Whole evaluations: results in, alerts out.

use std::time::Duration;

use super::*;
use crate::RuleSet;
use crate::rule::Rule;

/// One rule, its alerts, and the clock.
struct Bench {
    rules: RuleSet,
    active: BTreeMap<AlertKey, Alert>,
    now: Timestamp,
}

impl Bench {
    fn new(group: &str) -> Self {
        let mut bench =
            Bench { rules: RuleSet::default(), active: BTreeMap::new(), now: Timestamp::from_secs(1000) };
        bench.reload(group);
        bench
    }

    fn reload(&mut self, group: &str) {
        let text = format!("groups: [{{name: g, {group}}}]");
        self.rules = RuleSet::build(vec![("r.yml".to_owned(), text)]).unwrap();
    }

    fn evaluate(&mut self, result: &[(&[(&str, &str)], f64)]) -> Result<AlertRuleOutcome, EvaluationError> {
        let Some(Rule::Alert(rule)) = self.rules.rules().next() else { panic!("an alert rule comes first") };
        let result: Vec<(Labels, f64)> = result
            .iter()
            .map(|(labels, value)| (Labels::from_pairs(labels.iter().copied()), *value))
            .collect();
        self.now = self.now + Duration::from_secs(60);
        let mut query = |_: &str, _: Timestamp| Err("the store is closed".to_owned());
        let outcome =
            evaluate_alert_rule(rule, &self.active, &result, self.now, &mut query, &Externals::default())?;
        self.active = outcome.alerts.iter().map(|alert| (alert.key.clone(), alert.clone())).collect();
        Ok(outcome)
    }

    /// One line for each alert, and the transitions.
    fn line(&mut self, result: &[(&[(&str, &str)], f64)]) -> String {
        let outcome = self.evaluate(result).unwrap();
        let alerts = outcome.alerts.iter().map(|alert| {
            let annotations =
                if alert.annotations.is_empty() { String::new() } else { format!(" {}", alert.annotations) };
            format!("{} {}={}{annotations}", alert.state.name(), alert.labels, alert.value)
        });
        let told = outcome.transitions.iter().map(|(_, transition)| format!("!{}", transition.name()));
        alerts.chain(told).collect::<Vec<_>>().join("; ")
    }
}

#[test]
fn labels_and_annotations_are_those_of_prometheus() {
    let mut bench = Bench::new(
        r#"labels: {team: infra}, rules: [{alert: Down, expr: up == 0, labels: {instance: "", severity: "{{ if eq $value 0.0 }}page{{ end }}", alertname: x},
           annotations: {summary: "{{ $labels.__name__ }} of {{ $labels.instance }} is {{ $value }}"}}]"#,
    );
    insta::assert_snapshot!(bench.line(&[(&[("__name__", "up"), ("instance", "a:1"), ("job", "api")], 0.0)]), @r#"firing {alertname="Down", job="api", severity="page", team="infra"}=0 {summary="up of a:1 is 0"}; !firing"#);
}

#[test]
fn an_alert_pends_fires_resolves_and_keeps_its_last_value() {
    let mut bench = Bench::new("rules: [{alert: A, expr: x > 1, for: 1m}]");
    insta::assert_snapshot!(bench.line(&[(&[("i", "1")], 5.0)]), @r#"pending {alertname="A", i="1"}=5; !pending"#);
    insta::assert_snapshot!(bench.line(&[(&[("i", "1")], 6.0)]), @r#"firing {alertname="A", i="1"}=6; !firing"#);
    insta::assert_snapshot!(bench.line(&[(&[("i", "1")], 7.0)]), @r#"firing {alertname="A", i="1"}=7"#);
    insta::assert_snapshot!(bench.line(&[(&[("i", "2")], 1.5)]), @r#"pending {alertname="A", i="2"}=1.5; resolved {alertname="A", i="1"}=7; !resolved; !pending"#);
    insta::assert_snapshot!(bench.line(&[]), @r#"resolved {alertname="A", i="1"}=7; !cleared"#);
    for _ in 0..14 {
        bench.evaluate(&[]).unwrap();
    }
    let outcome = bench.evaluate(&[]).unwrap();
    assert_eq!((outcome.alerts.len(), outcome.removed.len()), (0, 1));
}

#[test]
fn only_what_changed_is_to_be_stored() {
    let mut bench = Bench::new("rules: [{alert: A, expr: x > 1}]");
    let changed = |outcome: AlertRuleOutcome| outcome.changed.len();
    assert_eq!(bench.evaluate(&[(&[("i", "1")], 5.0)]).map(changed), Ok(1));
    assert_eq!(bench.evaluate(&[(&[("i", "1")], 6.0)]).map(changed), Ok(0));
    assert_eq!(bench.evaluate(&[]).map(changed), Ok(1));
}

#[test]
fn a_reload_keeps_the_for_clock_while_the_expression_stays() {
    let mut bench = Bench::new("rules: [{alert: A, expr: x > 1, for: 2m}]");
    let breached: &[(&[(&str, &str)], f64)] = &[(&[("i", "1")], 5.0)];
    bench.evaluate(breached).unwrap();
    bench.evaluate(breached).unwrap();
    bench.reload("interval: 7s, rules: [{alert: A, annotations: {a: b}, for: 2m, expr: 'x  >  1'}]");
    insta::assert_snapshot!(bench.line(breached), @r#"firing {alertname="A", i="1"}=5 {a="b"}; !firing"#);
    bench.reload("rules: [{alert: A, expr: x > 2, for: 2m}]");
    let Some(Rule::Alert(rule)) = bench.rules.rules().next() else { panic!() };
    assert!(bench.active.keys().all(|key| key.rule != rule.id));
    let retired = retire_alerts(&bench.active, bench.now);
    assert_eq!(retired.transitions[0].1, AlertTransition::Resolved);
}

#[test]
fn a_template_that_fails_costs_its_text_and_not_the_alert() {
    let mut bench =
        Bench::new(r#"rules: [{alert: A, expr: x, annotations: {a: "{{ query `up` }}", b: fine}}]"#);
    let outcome = bench.evaluate(&[(&[("i", "1")], 5.0)]).unwrap();
    insta::assert_snapshot!(outcome.alerts[0].annotations, @r#"{a="<error expanding template: error calling query: the store is closed>", b="fine"}"#);
    assert_eq!(outcome.transitions[0].1, AlertTransition::Firing);
    assert_eq!(
        outcome.warnings,
        ["expand the template of `a` of the rule `A`: error calling query: the store is closed"]
    );
}

#[test]
fn two_elements_that_become_one_alert_are_an_error() {
    let mut bench = Bench::new("rules: [{alert: A, expr: x, labels: {i: same}}]");
    let error = bench.evaluate(&[(&[("i", "1")], 1.0), (&[("i", "2")], 1.0)]).unwrap_err();
    insta::assert_snapshot!(error, @r#"evaluate the rule `A`: two elements of its result have the labels {alertname="A", i="same"} once the rule's labels are set"#);
}

#[test]
fn more_alerts_than_allowed_are_an_error_and_change_nothing() {
    let mut bench = Bench::new("limit: 1, rules: [{alert: A, expr: x}]");
    bench.evaluate(&[(&[("i", "1")], 1.0)]).unwrap();
    let before = bench.active.clone();
    let error = bench.evaluate(&[(&[("i", "1")], 1.0), (&[("i", "2")], 1.0)]).unwrap_err();
    assert_eq!(error, EvaluationError::TooMany { rule: "A".to_owned(), found: 2, limit: 1 });
    assert_eq!(bench.active, before);
}

#[test]
fn the_hosts_own_bound_holds_without_a_limit() {
    assert_eq!(check_count("A", ALERTS_PER_RULE_MAX, None), Ok(()));
    assert!(check_count("A", ALERTS_PER_RULE_MAX + 1, None).is_err());
    assert!(check_count("A", ALERTS_PER_RULE_MAX + 1, Some(1_000_000)).is_err());
}
