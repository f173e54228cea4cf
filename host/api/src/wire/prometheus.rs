//! The shapes of Prometheus's own API, so that what already speaks it can ask Ballast: the envelope, query results, rules
//! and alerts. Numbers of series travel as strings there.

use std::time::Duration;

use ballast_engine::{Rule as DomainRule, RuleGroup as DomainGroup, RuleStatus, Value as DomainValue};
use ballast_types::alert::{Alert as DomainAlert, AlertState};
use ballast_types::{Sample, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::{IntoParams, ToSchema};

use super::rule::{annotations, health, kind, labels as rule_labels};
use super::scalar::{Instant, LabelMap, labels, value_text};

/// What is asked, in the address or as a form. Other parameters that Prometheus knows are allowed and have no effect.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct QueryParameters {
    /// PromQL.
    pub(crate) query: Option<String>,
    /// Seconds since the epoch or RFC 3339; the present where nothing is said.
    pub(crate) time: Option<String>,
}

/// An answer, as Prometheus wraps it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Envelope {
    /// `success`.
    status: &'static str,
    #[schema(value_type = Object)]
    data: Json,
}

impl Envelope {
    /// A success.
    pub(crate) fn of(data: Json) -> Self {
        Envelope { status: "success", data }
    }
}

/// A refusal, as Prometheus wraps it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorEnvelope {
    /// `error`.
    status: &'static str,
    /// `bad_data` or `execution`.
    error_type: &'static str,
    error: String,
}

impl ErrorEnvelope {
    /// A refusal.
    pub(crate) fn new(error_type: &'static str, error: String) -> Self {
        ErrorEnvelope { status: "error", error_type, error }
    }
}

/// The result of a query at an instant.
pub(crate) fn query_data(value: &DomainValue, at: Timestamp) -> Json {
    let (kind, result) = match value {
        DomainValue::Scalar(sample) => ("scalar", point(sample.at, sample.value)),
        DomainValue::Vector(samples) => {
            let element =
                samples.iter().map(|s| json!({ "metric": labels(&s.labels), "value": point(s.at, s.value) }));
            ("vector", element.collect())
        }
        DomainValue::Matrix(series) => {
            let points = |samples: &[Sample]| samples.iter().map(|s| point(s.at, s.value)).collect::<Json>();
            let element =
                series.iter().map(|s| json!({ "metric": labels(&s.labels), "values": points(&s.samples) }));
            ("matrix", element.collect())
        }
        DomainValue::String(text) => ("string", json!([seconds(at), text])),
    };
    json!({ "resultType": kind, "result": result })
}

fn point(at: Timestamp, value: f64) -> Json {
    json!([seconds(at), value_text(value)])
}

/// Whole seconds without a fraction, as Prometheus writes them.
fn seconds(at: Timestamp) -> Json {
    match at.as_millis() % 1000 {
        0 => json!(at.as_millis() / 1000),
        _ => json!(at.as_secs_f64()),
    }
}

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
