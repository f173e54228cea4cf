//! `/api/v1/rules` and `/api/v1/alerts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ballast_engine::{Engine, Rule};
use serde_json::{Value as Data, json};

use super::Host;
use crate::wire::prometheus::{Envelope, rules as wire};

/// The rules in force in Prometheus's shape.
#[utoipa::path(get, path = "/api/v1/rules", operation_id = "prometheusRules", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn rules(State(engine): Host) -> Json<Envelope> {
    let interval = engine.look(|core| core.settings().evaluation_interval);
    let of_rule = |rule: &Rule| (engine.rulebook().status(rule.id()), alerts_of(&engine, rule));
    let rules = engine.rulebook().rules();
    let groups = rules.groups().iter().map(|group| wire::group(group, interval, of_rule));
    Json(Envelope::of(json!({ "groups": groups.collect::<Vec<_>>() })))
}

fn alerts_of(engine: &Arc<Engine>, rule: &Rule) -> Vec<Data> {
    let of_rule = |alert: &&ballast_types::alert::Alert| alert.key.rule == *rule.id();
    engine.look(|core| core.alerts().filter(of_rule).filter_map(wire::alert).collect())
}

/// Alerts that are pending or fire, in Prometheus's shape.
#[utoipa::path(get, path = "/api/v1/alerts", operation_id = "prometheusAlerts", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn alerts(State(engine): Host) -> Json<Envelope> {
    let alerts: Vec<Data> = engine.look(|core| core.alerts().filter_map(wire::alert).collect());
    Json(Envelope::of(json!({ "alerts": alerts })))
}
