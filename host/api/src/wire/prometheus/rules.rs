//! Rules and alerts in the shape of Prometheus's API.

use std::time::Duration;

use ballast_engine::{Rule as DomainRule, RuleGroup as DomainGroup, RuleStatus};
use ballast_types::alert::{Alert as DomainAlert, AlertState};
use serde_json::{Value as Json, json};

use super::number::value_text;
use crate::wire::rule::{annotations, health, kind, labels as rule_labels};
use crate::wire::scalar::{Instant, LabelMap, labels};

/// An alert, where it is pending or fires.
pub(crate) fn alert(alert: &DomainAlert) -> Option<Json> {
    let (AlertState::Pending { .. } | AlertState::Firing { .. }) = alert.state else { return None };
    Some(json!({
        "labels": labels(&alert.labels),
        "annotations": labels(&alert.annotations),
        "state": alert.state.name(),
        "activeAt": Instant(alert.state.active_at()),
        "value": value_text(alert.value),
    }))
}

/// A group with its rules; `alerts` are those of each rule.
pub(crate) fn group(
    group: &DomainGroup,
    interval: Duration,
    rule: impl Fn(&DomainRule) -> (RuleStatus, Vec<Json>),
) -> Json {
    let rules = group.rules.iter().map(|each| {
        let (status, alerts) = rule(each);
        rule_data(each, &status, alerts)
    });
    json!({
        "name": group.name,
        "file": &*group.place.file,
        "interval": group.interval.unwrap_or(interval).as_secs_f64(),
        "limit": group.limit.unwrap_or(0),
        "rules": rules.collect::<Vec<_>>(),
    })
}

fn rule_data(rule: &DomainRule, status: &RuleStatus, alerts: Vec<Json>) -> Json {
    let mut data = json!({
        "type": kind(rule),
        "name": rule.name(),
        "query": rule.expression().to_string(),
        "labels": rule_labels(rule),
        "health": health(status),
        "evaluationTime": status.took.as_secs_f64(),
        "lastEvaluation": status.evaluated_at.map(Instant),
    });
    if let (DomainRule::Alert(alerting), Some(map)) = (rule, data.as_object_mut()) {
        let annotations: LabelMap = annotations(rule);
        map.insert("state".into(), json!(state(&alerts)));
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
fn state(alerts: &[Json]) -> &'static str {
    let is = |name: &str| alerts.iter().any(|alert| alert.get("state").and_then(Json::as_str) == Some(name));
    match (is("firing"), is("pending")) {
        (true, _) => "firing",
        (false, true) => "pending",
        (false, false) => "inactive",
    }
}
