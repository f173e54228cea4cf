//! All routes put together, and what holds for each of them: the limit on bodies, and refusals for what is not there.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::{Method, Uri};
use ballast_engine::Engine;
use tokio::sync::watch;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::decoders::Decoders;
use crate::extract::BODY_BYTES_MAX;
use crate::problem::Kind;
use crate::routes;
use crate::wire::problem::Problem;

/// Answers below it are not worth packing.
const PACKED_FROM_BYTES: u64 = 1024;

/// What handlers are given.
#[derive(Clone, FromRef)]
pub(crate) struct Api {
    /// The host.
    pub(crate) engine: Arc<Engine>,
    /// What decoders of samples remember.
    pub(crate) decoders: Arc<Decoders>,
    /// Turns true when the server closes; streams end then.
    pub(crate) closing: watch::Receiver<bool>,
}

/// The whole API over an engine. Streams end when the engine stops.
pub fn router(engine: Arc<Engine>) -> Router {
    // The sender is dropped: nobody closes but the engine.
    let (_, closing) = watch::channel(false);
    router_that_closes(engine, closing)
}

/// The same, where streams end when `closing` turns true, too.
pub(crate) fn router_that_closes(engine: Arc<Engine>, closing: watch::Receiver<bool>) -> Router {
    let decoders = Decoders::new(&engine);
    Router::new()
        .merge(routes::health::routes())
        .merge(routes::metrics::routes())
        .merge(routes::incidents::routes())
        .merge(routes::alerts::routes())
        .merge(routes::silences::routes())
        .merge(routes::executions::routes())
        .merge(routes::rules::routes())
        .merge(routes::plugins::routes())
        .merge(routes::targets::routes())
        .merge(routes::dashboard::routes())
        .merge(routes::reload::routes())
        .merge(routes::prometheus::routes())
        .merge(routes::push::routes())
        .merge(routes::openapi::routes())
        .merge(routes::events::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(packed())
        .with_state(Api { engine, decoders, closing })
}

/// Answers are packed with gzip for who asks for it, where they are long enough; a stream of events never is, because it
/// would be held back.
fn packed() -> CompressionLayer<impl Predicate> {
    let events = NotForContentType::const_new("text/event-stream");
    let when = SizeAbove::new(PACKED_FROM_BYTES).and(events).and(NotForContentType::IMAGES);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(when)
}

async fn unknown_path(uri: Uri) -> Problem {
    Problem::new(
        Kind::UnknownPath,
        format!("there is no `{}`; /api/openapi.json lists what there is", uri.path()),
    )
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("`{}` does not take {method}", uri.path()))
}
