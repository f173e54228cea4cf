//! Rules and alerts in the shape of Prometheus's API.

use std::time::Duration;

use ballast_engine::{Rule as DomainRule, RuleGroup as DomainGroup, RuleStatus};
use ballast_types::alert::{Alert as DomainAlert, AlertState};
use serde_json::{Value as Json, json};

use super::number::exponent_text;
use super::targets::NEVER;
use crate::wire::rule::{annotations, health, kind, labels as rule_labels};
use crate::wire::scalar::{Instant, LabelMap, labels};

/// An alert, where it is pending or fires.
pub(crate) fn alert(alert: &DomainAlert) -> Option<Json> {
    let (AlertState::Pending { .. } | AlertState::Firing { .. }) = alert.state else { return None };
    let mut data = json!({
        "labels": labels(&alert.labels),
        "annotations": labels(&alert.annotations),
        "state": alert.state.name(),
        "activeAt": Instant(alert.state.active_at()),
        "value": exponent_text(alert.value),
    });
    if let (AlertState::Firing { cleared_at: Some(at), .. }, Some(map)) = (&alert.state, data.as_object_mut())
    {
        map.insert("keepFiringSince".into(), json!(Instant(*at)));
    }
    Some(data)
}

/// A group with those of its rules that are asked for: each with its status, its state and its alerts.
pub(crate) fn group(
    group: &DomainGroup,
    rules: &[&DomainRule],
    interval: Duration,
    of: impl Fn(&DomainRule) -> (RuleStatus, &'static str, Vec<Json>),
) -> Json {
    let (mut took, mut last, mut shown) = (Duration::ZERO, None, Vec::new());
    for rule in rules {
        let (status, state, alerts) = of(rule);
        took += status.took;
        last = last.max(status.evaluated_at);
        shown.push(rule_data(rule, &status, state, alerts));
    }
    json!({
        "name": group.name,
        "file": &*group.place.file,
        "interval": group.interval.unwrap_or(interval).as_secs_f64(),
        "limit": group.limit.unwrap_or(0),
        "rules": shown,
        "evaluationTime": took.as_secs_f64(),
        "lastEvaluation": evaluated(last),
    })
}

fn evaluated(at: Option<ballast_types::Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), |at| Instant(at).text())
}

fn rule_data(rule: &DomainRule, status: &RuleStatus, state: &str, alerts: Vec<Json>) -> Json {
    let mut data = json!({
        "type": kind(rule),
        "name": rule.name(),
        "query": rule.expression().to_string(),
        "labels": rule_labels(rule),
        "health": health(status),
        "evaluationTime": status.took.as_secs_f64(),
        "lastEvaluation": evaluated(status.evaluated_at),
    });
    if let (DomainRule::Alert(alerting), Some(map)) = (rule, data.as_object_mut()) {
        let annotations: LabelMap = annotations(rule);
        map.insert("state".into(), json!(state));
        map.insert("duration".into(), json!(alerting.timing.for_.as_secs_f64()));
        map.insert("keepFiringFor".into(), json!(alerting.timing.keep_firing_for.as_secs_f64()));
        map.insert("annotations".into(), json!(annotations));
        map.insert("alerts".into(), Json::Array(alerts));
    }
    if let (Some(error), Some(map)) = (&status.error, data.as_object_mut()) {
        map.insert("lastError".into(), json!(error));
    }
    data
}

/// The worst state of a rule's alerts.
pub(crate) fn state<'a>(alerts: impl Iterator<Item = &'a DomainAlert>) -> &'static str {
    let mut worst = "inactive";
    for alert in alerts {
        match alert.state {
            AlertState::Firing { .. } => return "firing",
            AlertState::Pending { .. } => worst = "pending",
            _ => {}
        }
    }
    worst
}
