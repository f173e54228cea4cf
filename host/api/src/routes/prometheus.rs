//! `/api/v1`: what speaks to Prometheus can ask Ballast the same. Refusals have Prometheus's shape here.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Json, Router};
use ballast_engine::{AskError, Engine, Rule};
use serde_json::{Value as Data, json};

use super::Host;
use crate::router::Api;
use crate::wire::parse;
use crate::wire::prometheus::{self, Envelope, ErrorEnvelope, QueryParameters};

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/v1/query", get(query).post(query_form))
        .route("/api/v1/rules", get(rules))
        .route("/api/v1/alerts", get(alerts))
}

/// Evaluates PromQL at an instant.
#[utoipa::path(get, path = "/api/v1/query", operation_id = "query", tag = "prometheus", params(QueryParameters), responses(
    (status = 200, body = Envelope), (status = 400, body = ErrorEnvelope), (status = 422, body = ErrorEnvelope),
))]
pub(crate) async fn query(
    State(engine): Host,
    parameters: Result<Form<QueryParameters>, FormRejection>,
) -> Result<Json<Envelope>, Refusal> {
    answer(&engine, parameters?.0).await
}

/// The same, as a form.
#[utoipa::path(post, path = "/api/v1/query", operation_id = "queryForm", tag = "prometheus",
    request_body(content = QueryParameters, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, body = Envelope), (status = 400, body = ErrorEnvelope), (status = 422, body = ErrorEnvelope),
))]
pub(crate) async fn query_form(
    State(engine): Host,
    parameters: Result<Form<QueryParameters>, FormRejection>,
) -> Result<Json<Envelope>, Refusal> {
    answer(&engine, parameters?.0).await
}

async fn answer(engine: &Engine, parameters: QueryParameters) -> Result<Json<Envelope>, Refusal> {
    let query = parameters.query.filter(|query| !query.trim().is_empty());
    let query = query.ok_or_else(|| Refusal::bad("the parameter `query` is missing".to_owned()))?;
    let at = parameters.time.as_deref().map(|text| parse::seconds_or_instant("time", text)).transpose();
    let at = at.map_err(|error| Refusal::bad(format!("time: {}", error.message)))?.unwrap_or(engine.now());
    let value = engine.query(&query, at).await?;
    Ok(Json(Envelope::of(prometheus::query_data(&value, at))))
}

/// The rules in force in Prometheus's shape.
#[utoipa::path(get, path = "/api/v1/rules", operation_id = "prometheusRules", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn rules(State(engine): Host) -> Json<Envelope> {
    let interval = engine.look(|core| core.settings().evaluation_interval);
    let of_rule = |rule: &Rule| (engine.rulebook().status(rule.id()), alerts_of(&engine, rule));
    let rules = engine.rulebook().rules();
    let groups = rules.groups().iter().map(|group| prometheus::group(group, interval, of_rule));
    Json(Envelope::of(json!({ "groups": groups.collect::<Vec<_>>() })))
}

fn alerts_of(engine: &Arc<Engine>, rule: &Rule) -> Vec<Data> {
    let of_rule = |alert: &&ballast_types::alert::Alert| alert.key.rule == *rule.id();
    engine.look(|core| core.alerts().filter(of_rule).filter_map(prometheus::alert).collect())
}

/// Alerts that are pending or fire, in Prometheus's shape.
#[utoipa::path(get, path = "/api/v1/alerts", operation_id = "prometheusAlerts", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn alerts(State(engine): Host) -> Json<Envelope> {
    let alerts: Vec<Data> = engine.look(|core| core.alerts().filter_map(prometheus::alert).collect());
    Json(Envelope::of(json!({ "alerts": alerts })))
}

/// A refusal in Prometheus's shape.
pub(crate) struct Refusal(StatusCode, ErrorEnvelope);

impl Refusal {
    fn bad(error: String) -> Self {
        Refusal(StatusCode::BAD_REQUEST, ErrorEnvelope::new("bad_data", error))
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Parse(error) => Refusal::bad(error.to_string()),
            AskError::Broken(reason) => {
                tracing::error!(%reason, "a query broke off");
                Refusal(StatusCode::INTERNAL_SERVER_ERROR, ErrorEnvelope::new("internal", reason))
            }
            AskError::Evaluate(error) => {
                Refusal(StatusCode::UNPROCESSABLE_ENTITY, ErrorEnvelope::new("execution", error.to_string()))
            }
        }
    }
}

impl From<FormRejection> for Refusal {
    fn from(rejection: FormRejection) -> Self {
        Refusal(rejection.status(), ErrorEnvelope::new("bad_data", rejection.body_text()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}
