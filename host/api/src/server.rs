//! Serving: one listener until it is told to stop, then a bounded time for what is under way.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ballast_engine::Engine;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::router::router_that_closes;

/// How long requests and streams that are under way may take once the server is told to stop.
pub const GRACE: Duration = Duration::from_secs(5);

/// Why serving ended before it was told to.
#[derive(Debug, thiserror::Error)]
#[error("serve {address}: {source}")]
pub struct ServeError {
    /// The listener's address.
    pub address: String,
    /// What failed.
    pub source: std::io::Error,
}

/// Serves the API until `shutdown` is ready, then takes no more connections, closes streams and lets requests finish,
/// for at most [`GRACE`]. The engine itself goes on.
///
/// There is no access control: listen on a loopback address.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let address =
        listener.local_addr().map_or_else(|_| "the listener".to_owned(), |address| address.to_string());
    let (close, closing) = watch::channel(false);
    let close = Arc::new(close);
    let app = router_that_closes(engine, closing.clone());
    let told = close.clone();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        told.send_replace(true);
    });
    let ended = async {
        serving.await?;
        // Streams left HTTP behind, so that the server does not wait for them; each holds a receiver.
        close.closed().await;
        Ok(())
    };
    tokio::select! {
        result = ended => result.map_err(|source| ServeError { address, source }),
        () = grace_over(closing) => Ok(()),
    }
}

async fn grace_over(mut closing: watch::Receiver<bool>) {
    if closing.wait_for(|closing| *closing).await.is_ok() {
        drop(closing);
        tokio::time::sleep(GRACE).await;
    }
}
