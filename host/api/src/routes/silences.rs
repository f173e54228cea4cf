//! `/api/silences`, and `/api/alerts/silence`, where they are made.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use ballast_engine::{Command, Engine, Reply};
use ballast_types::SilenceId;

use super::{Answer, Host};
use crate::extract::{Body, Id};
use crate::problem::Kind;
use crate::router::Api;
use crate::wire::problem::Problem;
use crate::wire::silence::{NewSilence, Silence, SilenceList};

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/alerts/silence", post(create))
        .route("/api/silences", get(list))
        .route("/api/silences/{id}", get(one).delete(expire))
}

/// Mutes alerts for a time.
#[utoipa::path(post, path = "/api/alerts/silence", operation_id = "createSilence", tag = "silences", request_body = NewSilence, responses(
    (status = 201, body = Silence), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(State(engine): Host, Body(new): Body<NewSilence>) -> Answer<impl IntoResponse> {
    let silence = command(&engine, Command::Silence(new.command(engine.now())?)).await?;
    let location = format!("/api/silences/{}", silence.0.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], silence))
}

/// All silences, those that are over for less than five days among them.
#[utoipa::path(get, path = "/api/silences", operation_id = "listSilences", tag = "silences", responses((status = 200, body = SilenceList)))]
pub(crate) async fn list(State(engine): Host) -> Json<SilenceList> {
    let now = engine.now();
    let silences = engine.look(|core| core.silences().map(|silence| Silence::of(silence, now)).collect());
    Json(SilenceList { silences })
}

/// One silence.
#[utoipa::path(get, path = "/api/silences/{id}", operation_id = "getSilence", tag = "silences", params(("id" = String, Path)), responses(
    (status = 200, body = Silence), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(State(engine): Host, Id(id): Id) -> Answer<Json<Silence>> {
    let now = engine.now();
    let found =
        engine.look(|core| core.silences().find(|s| s.id.as_str() == id).map(|s| Silence::of(s, now)));
    found.map(Json).ok_or_else(|| Problem::not_found("silence", &id))
}

/// Ends a silence now.
#[utoipa::path(delete, path = "/api/silences/{id}", operation_id = "expireSilence", tag = "silences", params(("id" = String, Path)), responses(
    (status = 200, body = Silence), (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn expire(State(engine): Host, Id(id): Id) -> Answer<Json<Silence>> {
    command(&engine, Command::ExpireSilence { id: SilenceId::new(id) }).await
}

async fn command(engine: &Engine, command: Command) -> Answer<Json<Silence>> {
    match engine.command(command).await? {
        Reply::Silence(silence) => Ok(Json(Silence::of(&silence, engine.now()))),
        other => {
            tracing::error!(?other, "the engine answered a command on a silence with something else");
            Err(Problem::new(Kind::Internal, "the command took effect; what it did cannot be shown"))
        }
    }
}
