//! `/-/reload`.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};

use super::{Answer, Host};
use crate::problem::Kind;
use crate::router::Api;
use crate::wire::problem::{Problem, ProblemError, of_file};
use crate::wire::rule::Reloaded;

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/-/reload", post(reload))
}

/// Reads rules and plugins again. Whatever is good takes effect; of what was refused, the last good goes on.
#[utoipa::path(post, path = "/-/reload", operation_id = "reload", tag = "rules", responses(
    (status = 200, body = Reloaded),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "Some files were refused"),
))]
pub(crate) async fn reload(State(engine): Host) -> Answer<Json<Reloaded>> {
    let report = engine.reload().await;
    let mut refused: Vec<ProblemError> = report.rules.iter().map(ProblemError::from).collect();
    refused.extend(report.plugins.into_iter().map(|(file, reason)| of_file(file, reason)));
    if !refused.is_empty() {
        let detail = format!("{} problems; of these files, what was good before goes on", refused.len());
        return Err(Problem::new(Kind::Refused, detail).with(refused));
    }
    let (rules, plugins) = (engine.rulebook().rules().rule_count(), engine.plugins().in_force().len());
    Ok(Json(Reloaded { rules, plugins }))
}
