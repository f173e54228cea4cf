//! `/api/alerts`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::{Answer, Host};
use crate::extract::Parameters;
use crate::router::Api;
use crate::wire::alert::{Alert, AlertFilter, AlertList, AlertParameters};
use crate::wire::problem::Problem;

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/api/alerts", get(list))
}

/// All alerts that are not inactive.
#[utoipa::path(get, path = "/api/alerts", operation_id = "listAlerts", tag = "alerts", params(AlertParameters), responses(
    (status = 200, body = AlertList), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(engine): Host,
    Parameters(parameters): Parameters<AlertParameters>,
) -> Answer<Json<AlertList>> {
    let filter = AlertFilter::try_from(parameters).map_err(Problem::parameters)?;
    let now = engine.now();
    let alerts = engine.look(|core| {
        let all = core.alerts().map(|alert| (alert, core.muted_by(alert, now)));
        let wanted = all.filter(|(alert, silence)| filter.wants(alert, silence.is_some()));
        wanted.map(|(alert, silence)| Alert::of(alert, silence)).collect()
    });
    Ok(Json(AlertList { alerts }))
}
