//! `/api/rules`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::Host;
use crate::router::Api;
use crate::wire::problem::ProblemError;
use crate::wire::rule::{RuleGroup, RuleList};

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/api/rules", get(list))
}

/// The rules in force with their health, and what is wrong with the files that are not.
#[utoipa::path(get, path = "/api/rules", operation_id = "listRules", tag = "rules", responses((status = 200, body = RuleList)))]
pub(crate) async fn list(State(engine): Host) -> Json<RuleList> {
    let interval = engine.look(|core| core.settings().evaluation_interval);
    let (rules, book) = (engine.rulebook().rules(), engine.rulebook());
    let group = |group| RuleGroup::of(group, interval, |rule| book.status(rule.id()));
    Json(RuleList {
        groups: rules.groups().iter().map(|each| group(each)).collect(),
        problems: book.problems().iter().map(ProblemError::from).collect(),
        warnings: rules.warnings().iter().map(ProblemError::from).collect(),
    })
}
