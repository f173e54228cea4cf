//! One evaluation of one alerting rule: from the result of its expression to alerts and transitions. It moves each alert
//! by [`step`], labels it as Prometheus does, and expands its texts. It stores, sends and mutes nothing.
//!
//! Invariant: where the evaluation fails (the query, too many alerts, two alerts with the same labels) there is no outcome,
//! and every alert stays as it is: what could not be seen is never taken for "all is well".

use std::collections::BTreeMap;

use ballast_types::alert::{Alert, AlertKey, AlertState, AlertTransition};
use ballast_types::labels::{ALERT_NAME, METRIC_NAME};
use ballast_types::limits::ALERTS_PER_RULE_MAX;
use ballast_types::{Labels, Timestamp};

use crate::rule::AlertRule;
use crate::template::{Externals, QueryFn, Template, TemplateData};
use crate::{AlertTiming, step};

/// Why a rule has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The expression has no value.
    #[error("evaluate the rule `{rule}`: {reason}")]
    Query {
        /// The rule's name.
        rule: String,
        /// What the query said.
        reason: String,
    },
    /// Two elements of the result become the same alert or series.
    #[error(
        "evaluate the rule `{rule}`: two elements of its result have the labels {labels} once the rule's labels are set"
    )]
    DuplicateLabels {
        /// The rule's name.
        rule: String,
        /// The labels that occur twice.
        labels: Labels,
    },
    /// The result is larger than allowed.
    #[error("evaluate the rule `{rule}`: {found} elements, at most {limit} are allowed")]
    TooMany {
        /// The rule's name.
        rule: String,
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
}

/// What an evaluation made of a rule's alerts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertRuleOutcome {
    /// Every alert that the rule has now, in the order of their keys.
    pub alerts: Vec<Alert>,
    /// Those of them whose state, labels or annotations are not what they were: worth storing.
    pub changed: Vec<AlertKey>,
    /// Alerts that are no more.
    pub removed: Vec<AlertKey>,
    /// What the next stage acts on.
    pub transitions: Vec<(AlertKey, AlertTransition)>,
    /// Templates that failed; their alerts go out all the same.
    pub warnings: Vec<String>,
}

/// Evaluates a rule: `active` are its present alerts, `result` its expression's value at `now`.
///
/// `query` answers what templates ask. A failed query of the expression has no result to pass here: keep the alerts.
pub fn evaluate_alert_rule(
    rule: &AlertRule,
    active: &BTreeMap<AlertKey, Alert>,
    result: &[(Labels, f64)],
    now: Timestamp,
    query: &mut QueryFn<'_>,
    externals: &Externals,
) -> Result<AlertRuleOutcome, EvaluationError> {
    check_count(&rule.name, result.len(), rule.limit)?;
    let mut outcome = AlertRuleOutcome::default();
    let mut breached = BTreeMap::new();
    for (labels, value) in result {
        let data = TemplateData { labels, value: *value, externals, now };
        let alert = breached_alert(rule, data, query, &mut outcome.warnings);
        if let Some(twin) = breached.insert(alert.key.clone(), alert) {
            return Err(EvaluationError::DuplicateLabels { rule: rule.name.clone(), labels: twin.labels });
        }
    }
    for (key, before) in active {
        if !breached.contains_key(key) {
            settle(before.clone(), Some(before), false, rule.timing, now, &mut outcome);
        }
    }
    for (key, alert) in breached {
        settle(alert, active.get(&key), true, rule.timing, now, &mut outcome);
    }
    outcome.alerts.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(outcome)
}

/// Ends the alerts of a rule that is gone: what fired resolves at once, what was pending is cleared.
pub fn retire_alerts(active: &BTreeMap<AlertKey, Alert>, now: Timestamp) -> AlertRuleOutcome {
    let mut outcome = AlertRuleOutcome::default();
    for before in active.values() {
        settle(before.clone(), Some(before), false, AlertTiming::default(), now, &mut outcome);
    }
    outcome
}

/// The bound that a rule's result must keep.
pub(crate) fn check_count(rule: &str, found: usize, limit: Option<usize>) -> Result<(), EvaluationError> {
    let limit = limit.unwrap_or(ALERTS_PER_RULE_MAX).min(ALERTS_PER_RULE_MAX);
    if found > limit {
        return Err(EvaluationError::TooMany { rule: rule.to_owned(), found, limit });
    }
    Ok(())
}

/// Takes an alert one step further and notes what became of it. `alert` is what it shows now.
fn settle(
    alert: Alert,
    before: Option<&Alert>,
    breached: bool,
    timing: AlertTiming,
    now: Timestamp,
    outcome: &mut AlertRuleOutcome,
) {
    let (state, transition) = step(before.map(|alert| alert.state), now, breached, timing);
    outcome.transitions.extend(transition.map(|transition| (alert.key.clone(), transition)));
    let Some(state) = state else {
        outcome.removed.push(alert.key);
        return;
    };
    let alert = Alert { state, evaluated_at: now, ..alert };
    if before.is_none_or(|before| differs(before, &alert)) {
        outcome.changed.push(alert.key.clone());
    }
    outcome.alerts.push(alert);
}

fn differs(before: &Alert, after: &Alert) -> bool {
    before.state != after.state || before.labels != after.labels || before.annotations != after.annotations
}

/// The alert of one element of the result; its state is set when it is settled.
fn breached_alert(
    rule: &AlertRule,
    data: TemplateData<'_>,
    query: &mut QueryFn<'_>,
    warnings: &mut Vec<String>,
) -> Alert {
    let mut expand = |templates: &[(String, Template)]| -> Vec<(String, String)> {
        let expanded = templates.iter().map(|(name, template)| {
            (name.clone(), expanded_or_error(rule, name, template.expand(data, query), warnings))
        });
        expanded.collect()
    };
    let own = expand(&rule.labels);
    let annotations = expand(&rule.annotations).into_iter().collect();
    let own = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fixed = [(METRIC_NAME, ""), (ALERT_NAME, rule.name.as_str())];
    let labels = data.labels.with_all(own.chain(fixed));
    Alert {
        key: AlertKey { rule: rule.id.clone(), fingerprint: labels.fingerprint() },
        name: rule.name.clone(),
        labels,
        annotations,
        value: data.value,
        state: AlertState::Pending { since: data.now },
        evaluated_at: data.now,
    }
}

/// A text, or what went wrong in its place: somebody is to be woken, even by half a sentence.
fn expanded_or_error(
    rule: &AlertRule,
    name: &str,
    expanded: Result<String, String>,
    warnings: &mut Vec<String>,
) -> String {
    expanded.unwrap_or_else(|reason| {
        warnings.push(format!("expand the template of `{name}` of the rule `{}`: {reason}", rule.name));
        format!("<error expanding template: {reason}>")
    })
}

#[cfg(test)]
mod tests;
