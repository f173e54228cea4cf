//! What the system tells a running host: SIGTERM and SIGINT stop it, SIGHUP reloads it.

use std::path::PathBuf;
use std::sync::Arc;

use ballast_engine::Engine;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;

/// Ready when the host is told to stop; `with_stdin` lets the end of standard input tell it too.
pub(super) async fn stop(with_stdin: bool) {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "cannot listen to SIGTERM");
                std::future::pending().await
            }
        }
    };
    tokio::select! {
        () = terminated => tracing::info!("told to stop by SIGTERM"),
        Ok(()) = tokio::signal::ctrl_c() => tracing::info!("told to stop by SIGINT"),
        () = end_of_stdin(), if with_stdin => tracing::info!("told to stop by the end of standard input"),
    }
}

/// Reads on a thread of its own: a blocked read must not keep the runtime from ending.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        // An input that cannot be read has ended as well.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let _ = end.await;
}

/// Reloads on each SIGHUP, for ever.
pub(super) async fn reload_on_hang_up(engine: Arc<Engine>, file: PathBuf, running: Config) {
    let mut signals = match signal(SignalKind::hangup()) {
        Ok(signals) => signals,
        Err(error) => return tracing::error!(%error, "cannot listen to SIGHUP; reload with POST /-/reload"),
    };
    while signals.recv().await.is_some() {
        super::reload(&engine, &file, &running).await;
    }
}
