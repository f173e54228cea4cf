//! What the system tells a running host: SIGTERM and SIGINT stop it, SIGHUP reloads it.

use std::path::PathBuf;
use std::sync::Arc;

use ballast_engine::Engine;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;

/// Ready when the host is told to stop.
pub(super) async fn stop() {
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
    }
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
