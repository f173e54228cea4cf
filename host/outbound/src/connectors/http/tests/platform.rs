//! A platform of the default contract: it scales, sets parameters, remembers keys, and can lose its answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

/// How an effect is answered once its work is done.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Reply {
    /// Properly.
    #[default]
    Whole,
    /// The connection breaks in the middle of the answer.
    Broken,
    /// Never.
    Never,
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) replicas: u64,
    pub(super) parameters: BTreeMap<String, String>,
    /// Verb and body of every effect whose work was done.
    pub(super) done: Vec<String>,
    pub(super) results: BTreeMap<String, Value>,
    pub(super) reply: Reply,
}

/// Shared with the server.
#[derive(Clone, Default)]
pub(super) struct Platform(Arc<Mutex<Inside>>);

impl Platform {
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Inside) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    pub(super) async fn serve(&self) -> String {
        let router = Router::new()
            .route("/restart", post(restart))
            .route("/rollback", post(rollback))
            .route("/replicas", put(scale))
            .route("/parameters/{name}", put(set_parameter))
            .route("/effects/{key}", get(settle))
            .with_state(self.clone());
        crate::test_server::serve(router).await
    }
}

type Asked = Query<BTreeMap<String, String>>;

async fn restart(
    State(platform): State<Platform>,
    asked: Asked,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    platform.act("restart", &asked, &headers, &body, |_| Ok("restarted".to_owned()))
}

async fn rollback(
    State(platform): State<Platform>,
    asked: Asked,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    platform.act("rollback", &asked, &headers, &body, |_| {
        Err((StatusCode::CONFLICT, "a deployment is running".to_owned()))
    })
}

async fn scale(
    State(platform): State<Platform>,
    asked: Asked,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let replicas = body["replicas"].as_u64().unwrap();
    platform.act("scale", &asked, &headers, &body, |inside| {
        inside.replicas = replicas;
        Ok(format!("{replicas} replicas"))
    })
}

async fn set_parameter(
    State(platform): State<Platform>,
    Path(name): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let value = body["value"].as_str().unwrap().to_owned();
    platform.act("set-parameter", &asked, &headers, &body, |inside| {
        inside.parameters.insert(name, value);
        Ok("set".to_owned())
    })
}

async fn settle(State(platform): State<Platform>, Path(key): Path<String>) -> Response {
    match platform.with(|inside| inside.results.get(&key).cloned()) {
        Some(result) => {
            Json(json!({"key": key, "performed": true, "status": 200, "result": result})).into_response()
        }
        None => (StatusCode::NOT_FOUND, Json(json!({"error": "no such effect"}))).into_response(),
    }
}

impl Platform {
    fn act(
        &self,
        verb: &str,
        Query(asked): &Asked,
        headers: &HeaderMap,
        body: &Value,
        work: impl FnOnce(&mut Inside) -> Result<String, (StatusCode, String)>,
    ) -> Response {
        if asked.get("dryRun").is_some_and(|dry| dry == "true") {
            return Json(json!({"ok": true, "detail": format!("would {verb}")})).into_response();
        }
        let key = headers.get("idempotency-key").unwrap().to_str().unwrap().to_owned();
        let mut inside = self.0.lock().unwrap();
        if let Some(result) = inside.results.get(&key) {
            return Json(result.clone()).into_response();
        }
        match work(&mut inside) {
            Err((status, error)) => (status, Json(json!({ "error": error }))).into_response(),
            Ok(detail) => {
                let result = json!({"ok": true, "detail": detail});
                inside.done.push(format!("{verb} {body}"));
                inside.results.insert(key, result.clone());
                reply(inside.reply, &result)
            }
        }
    }
}

fn reply(how: Reply, result: &Value) -> Response {
    let begin: Result<String, std::io::Error> = Ok("{".to_owned());
    match how {
        Reply::Whole => Json(result).into_response(),
        Reply::Broken => {
            let broken = Err(std::io::Error::other("broken on purpose"));
            Body::from_stream(futures::stream::iter([begin, broken])).into_response()
        }
        Reply::Never => {
            let rest = futures::stream::pending();
            Body::from_stream(futures::StreamExt::chain(futures::stream::iter([begin]), rest)).into_response()
        }
    }
}
